package runner

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/engine"
)

// registerGauges registers the metrics that are read when somebody asks for them, so that they also
// show a loop that stands still.
func (r *Runner) registerGauges(reg prometheus.Registerer) error {
	gauge := func(name, help string, labels prometheus.Labels, read func() float64) error {
		return reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read))
	}
	errs := []error{
		gauge("nudge_step_standing_seconds", "How long the step of the loop under way has taken by now; 0 between steps.", nil,
			func() float64 { return r.Standing().Seconds() }),
		gauge("nudge_timers_late_seconds", "How long ago the first timer was due that is not taken yet, by the engine's clock; 0 while none is due.", nil,
			func() float64 { return r.late().Seconds() }),
	}
	for n, name := range classNames {
		c := class(n)
		errs = append(errs, gauge("nudge_queue_length", "Groups of inputs that wait to be applied, by class.", prometheus.Labels{"class": name},
			func() float64 { return float64(r.queue.length(c)) }))
	}
	return errors.Join(errs...)
}

// late returns how long ago the first timer was due that the loop has not taken yet.
func (r *Runner) late() time.Duration {
	due := engine.Instant(r.due.Load())
	if due <= 1 { // there is none, or the loop has still to look
		return 0
	}
	return max(r.config.Clock.Now().Sub(due.Time()), 0)
}

// show notes how the loop stands after a step.
func (r *Runner) show() {
	r.due.Store(int64(r.loop.next))
	for _, d := range r.dispatchers {
		r.metrics.health[d.account.Name].note(r.loop.heldBack(d.account.Name))
	}
	r.metrics.holding.Set(flag(r.loop.core.State.Holding()))
}

// countOutbox counts the planned messages in the store: at the start, and after damaged runs were set
// apart. Otherwise the changes of runs keep the numbers up to date.
func (r *Runner) countOutbox() error {
	planned := map[string]int{}
	for after := (engine.OutboxRef{}); ; {
		found, err := r.loop.store.Outbox(after, maxBacklog)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			break
		}
		for _, e := range found {
			if !e.Claimed {
				planned[e.Account]++
			}
		}
		after = found[len(found)-1].OutboxRef
	}
	r.metrics.outbox.Reset()
	r.metrics.waiting.reset()
	for _, d := range r.dispatchers {
		r.metrics.outbox.WithLabelValues(d.account.Name)
	}
	for account, n := range planned {
		r.metrics.planned(account, n)
	}
	return nil
}

// timedStore measures how long commits take.
type timedStore struct {
	Store
	took prometheus.Observer
}

// Commit makes a batch durable.
func (s timedStore) Commit(b *engine.Batch) error {
	began := time.Now()
	err := s.Store.Commit(b)
	s.took.Observe(time.Since(began).Seconds())
	return err
}
