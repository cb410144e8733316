package bench

import (
	"fmt"
	"time"
)

const (
	timersFlow = "reminder"
	// timersMargin multiplies the expected loading time, so that all timers are set before
	// they are due.
	timersMargin = 1.5
	// timersLead is added to the result.
	timersLead = time.Second
)

// timersProject returns a flow whose runs wait until an instant named by their event, and
// then end.
func timersProject() map[string]string {
	return map[string]string{"flows/reminder.yaml": `flow: reminder
trigger: { event: reminder.set }
data: { due: time }
steps:
  - wait: { at: data.due }
`}
}

// timers sets timers that are due at one instant. It times how long all their runs take to
// end, and the receipts of waiting runs meanwhile.
func (p *parking) timers() error {
	began, runs := time.Now(), p.Timers
	rate := p.loadRate()
	due := began.Add(time.Duration(timersMargin*float64(runs)/rate*float64(time.Second)) + timersLead).Truncate(time.Millisecond).UTC()
	first := p.next
	event := func(b []byte, n int) []byte {
		return fmt.Appendf(b, `{"type":"reminder.set","profile":"%s%d","data":{"due":"%s"}}`, profilePrefix, n, due.Format(time.RFC3339Nano))
	}
	_, err := p.phase("set timers", runs, func() error { return p.lines("set timers", first, runs, parkCallers, event) })
	if err != nil {
		return err
	}
	if time.Now().After(due) {
		p.note("timers were due %.1f s before the last of them was set", time.Since(due).Seconds())
	}
	if err := p.sleepUntil(due); err != nil {
		return err
	}
	return p.drainTimers(due)
}

// loadRate returns how many runs per second the last load started.
func (p *parking) loadRate() (rate float64) {
	for _, phase := range p.report.Phases {
		if phase.Name == fmt.Sprintf("load to %d", p.waiting) {
			rate = phase.PerSecond
		}
	}
	return rate
}

func (p *parking) sleepUntil(instant time.Time) error {
	select {
	case <-time.After(time.Until(instant)):
		return nil
	case <-p.engine.ended:
		return p.engine.failure()
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

// drainTimers waits until every timer has ended its run, and times receipts meanwhile.
func (p *parking) drainTimers(due time.Time) error {
	over, finished := make(chan struct{}), make(chan error, 1)
	var took time.Duration
	go func() { // ends when no run of the flow is live
		err := p.until("timers", p.Timers, func() (int, error) {
			v, err := p.flow(timersFlow)
			return int(v.Started - v.Live), err
		})
		took = time.Since(due)
		finished <- err
		close(over)
	}()
	picked := p.pick(min(fairReceipts, max(1, p.waiting/2)))
	receipts, err := p.timeReceipts(len(picked), over, func(i int) int { return picked[i] })
	if ended := <-finished; ended != nil {
		return ended
	}
	p.report.Timers = &TimersDue{Runs: p.Timers, Seconds: took.Seconds(), PerSecond: float64(p.Timers) / took.Seconds(), Receipts: receipts}
	return err
}
