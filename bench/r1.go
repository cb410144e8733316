package bench

import (
	"fmt"

	"nudge/server"
)

const (
	r1Flow = "follow_up"
	r1Wait = "wait" // the id of the wait step
	// warmRuns is how many runs go through everything before the measurement.
	warmRuns = 64
	// maxLatencies is how many receipts are timed while the engine is otherwise idle.
	maxLatencies = 500
)

// r1Project returns the reference workload as a project. Its wait lasts this long.
func r1Project(wait string) map[string]string {
	return map[string]string{
		"flows/follow_up.yaml": fmt.Sprintf(`flow: follow_up
trigger: { event: order.shipped }
data: { name: string, order: string, date: string, carrier: string, url: string }
steps:
  - send: shipped
  - id: wait
    wait: [ { read: shipped }, { after: %s } ]
`, wait),
		"templates/shipped.yaml": `body: "Hello {{ data.name }}, your order {{ data.order }} of {{ data.date }} is on its way with {{ data.carrier }}. Track it at {{ data.url }} - reply STOP to opt out."
`,
	}
}

// r1 is the reference workload. All callers together start all runs and then read all.
// Then some runs are read one by one at a steady rate. Then the same number of runs as at
// first goes through everything in a closed loop.
func (s *session) r1() error {
	slow := s.slowRuns()
	if err := s.prepareR1(s.Runs + slow + s.Runs); err != nil {
		return err
	}
	if err := s.halves(s.postEvents, s.postReads); err != nil {
		return err
	}
	n := warmRuns + s.Runs
	if err := s.quietReceipts(n, slow); err != nil {
		return err
	}
	n += slow
	mix, err := s.phase("closed loop", s.Runs, func() error { return s.mix(n, s.Runs) })
	if err != nil {
		return err
	}
	s.report.ClosedLoop = mix.PerSecond
	return s.limits(min(s.Runs, bareRuns))
}

// r1Full is R1 with every status that a provider reports for a message.
func (s *session) r1Full() error {
	slow := s.slowRuns()
	if err := s.prepareR1(s.Runs + slow); err != nil {
		return err
	}
	if err := s.halves(s.postEvents, s.postStatuses); err != nil {
		return err
	}
	if err := s.quietReceipts(warmRuns+s.Runs, slow); err != nil {
		return err
	}
	return s.limits(min(s.Runs, bareRuns))
}

// r1Batch is R1 with batches of events and batches of receipts.
func (s *session) r1Batch() error {
	if err := s.prepareR1(s.Runs); err != nil {
		return err
	}
	if err := s.halves(s.postLines, s.postReadBatches); err != nil {
		return err
	}
	s.note("events come as NDJSON of %d lines and receipts in webhooks of %d, so this is not like for like with the barest loop, nor with r1", batchEvents, batchReceipts)
	return s.limits(min(s.Runs, bareRuns))
}

func (s *session) slowRuns() int { return min(maxLatencies, max(1, s.Runs/10)) }

// prepareR1 starts the engine on R1, takes some runs through it, and prepares the sink for
// this many more.
func (s *session) prepareR1(runs int) error {
	if err := s.prepare(r1Project("1h")); err != nil {
		return err
	}
	return s.warm(runs)
}

// warm takes some runs through all of R1, and prepares the sink for this many more.
func (s *session) warm(runs int) error {
	s.sink.expect(warmRuns + runs)
	if err := s.start("warm up", 0, warmRuns, s.postEvents); err != nil {
		return err
	}
	return s.drain("warm up", 0, warmRuns, s.postReads)
}

// halves measures R1 in two phases: from the start of all runs until they wait, and from
// their receipts until they have ended.
func (s *session) halves(events, receipts posting) error {
	start, err := s.phase("start", s.Runs, func() error { return s.start("start", warmRuns, s.Runs, events) })
	if err != nil {
		return err
	}
	if err := s.remember(s.Runs); err != nil {
		return err
	}
	drain, err := s.phase("drain", s.Runs, func() error { return s.drain("drain", warmRuns, s.Runs, receipts) })
	if err != nil {
		return err
	}
	s.report.RunsPerSecond, s.report.PerRun = together(start, drain), perRun(start, drain)
	return nil
}

// posting posts requests for the runs from a number on, and returns when all are answered.
type posting func(phase string, from, runs int) error

// start starts the runs from a number on and returns when they wait. No other runs may
// wait.
func (s *session) start(phase string, from, runs int, post posting) error {
	if err := post(phase, from, runs); err != nil {
		return err
	}
	return s.untilWaiting(phase, runs)
}

// drain posts receipts for the runs from a number on and returns when they have ended. All
// runs before them must have ended.
func (s *session) drain(phase string, from, runs int, post posting) error {
	if err := post(phase, from, runs); err != nil {
		return err
	}
	return s.untilEnded(phase, from+runs)
}

// untilWaiting waits until this many runs of R1 wait.
func (s *session) untilWaiting(phase string, runs int) error {
	look := s.numbers(func(v server.Version) uint64 { return v.Parked[r1Wait] })
	return s.until(phase, runs, func() (int, error) {
		parked, err := look()
		return min(parked, int(s.sink.messages.Load())), err
	})
}

// untilEnded waits until this many runs of R1 have ended.
func (s *session) untilEnded(phase string, runs int) error {
	return s.until(phase, runs, s.numbers(func(v server.Version) uint64 { return v.Started - v.Live }))
}

// numbers returns a function that reads one of the counts of R1's flow.
func (s *session) numbers(pick func(server.Version) uint64) func() (int, error) {
	return func() (int, error) {
		v, err := s.flow(r1Flow)
		return int(pick(v)), err
	}
}

// mix takes runs through all of R1 in a closed loop: each caller starts a run, reads it
// when its message has arrived, and continues with the next.
func (s *session) mix(from, runs int) error {
	arrived := make([]chan struct{}, runs)
	for i := range arrived {
		arrived[i] = make(chan struct{}, 1)
	}
	tell := func(n int) { arrived[n-from] <- struct{}{} }
	s.sink.arrived.Store(&tell)
	defer s.sink.arrived.Store(nil)
	err := s.fan("closed loop", runs, s.Callers, func(i int) error {
		if err := s.event(from + i); err != nil {
			return err
		}
		select {
		case <-arrived[i]:
		case <-s.engine.ended:
			return s.engine.failure()
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
		return s.webhook(s.sink.receipt(nil, from+i, "read"))
	})
	if err != nil {
		return err
	}
	return s.untilEnded("closed loop", from+runs)
}
