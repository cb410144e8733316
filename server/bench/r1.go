package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"nudge/server"
	"nudge/store/bolt"
)

const (
	r1Flow = "follow_up"
	r1Wait = "wait" // the id of its wait
	// latencyRate is how many receipts a second latencies are measured at.
	latencyRate = 50
	// maxLatencies is how many of them are measured in a quiet engine.
	maxLatencies = 500
)

// r1Project is the reference workload as a project.
func r1Project() map[string]string {
	return map[string]string{
		"flows/follow_up.yaml": `flow: follow_up
trigger: { event: order.shipped }
steps:
  - send: shipped
  - id: wait
    wait: [ { read: shipped }, { after: 1h } ]
`,
		"templates/shipped.yaml": `body: "Hello {{ data.name }}, your order {{ data.order }} of {{ data.date }} is on its way with {{ data.carrier }}. Track it at {{ data.url }} - reply STOP to opt out."
`,
	}
}

// orderEvent appends R1's event of the run of a number.
func orderEvent(b []byte, n int) []byte {
	return fmt.Appendf(b, `{"type":"order.shipped","profile":"%s%d","data":{"name":"Ada","order":"A-%[2]d","date":"2026-11-22","carrier":"DHL","url":"https://example.org/t/%[2]d"}}`, profilePrefix, n)
}

// r1 is the reference workload: N runs are started and N are read by as many callers as
// there are; then some are read at a steady rate, one by one; then as many as before go
// through all of it in a closed loop.
func (s *session) r1() error {
	if err := s.prepare(r1Project()); err != nil {
		return err
	}
	slow := min(maxLatencies, max(1, s.Runs/10))
	s.sink.expect(warmRuns + s.Runs + slow + s.Runs)
	if err := s.warm(); err != nil {
		return err
	}
	n := warmRuns
	start, err := s.startPhase("start", n, s.Runs)
	if err != nil {
		return err
	}
	if err := s.remember(s.Runs); err != nil {
		return err
	}
	drain, err := s.drainPhase("drain", n, s.Runs)
	if err != nil {
		return err
	}
	s.report.RunsPerSecond, s.report.PerRun = together(start, drain), perRun(start, drain)
	n += s.Runs
	if err := s.latencies(n, slow); err != nil {
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

// warmRuns go through everything before anything is measured.
const warmRuns = 64

func (s *session) warm() error {
	if err := s.start("warm up", 0, warmRuns); err != nil {
		return err
	}
	return s.drain("warm up", 0, warmRuns)
}

// startPhase measures the start of the runs from a number on, until all of them wait.
func (s *session) startPhase(name string, from, runs int) (*Phase, error) {
	return s.phase(name, runs, func() error { return s.start(name, from, runs) })
}

func (s *session) start(phase string, from, runs int) error {
	err := s.fan(phase, runs, s.Callers, func(i int) error {
		_, err := s.post("/v1/events", asJSON, orderEvent(nil, from+i))
		return err
	})
	if err != nil {
		return err
	}
	return s.untilWaiting(phase, runs)
}

// untilWaiting waits until so many runs of R1 wait.
func (s *session) untilWaiting(phase string, runs int) error {
	look := s.numbers(func(v server.Version) uint64 { return v.Parked[r1Wait] })
	return s.until(phase, runs, func() (int, error) {
		parked, err := look()
		return min(parked, int(s.sink.messages.Load())), err
	})
}

// drainPhase measures the receipts of the runs from a number on, until all have ended.
func (s *session) drainPhase(name string, from, runs int) (*Phase, error) {
	return s.phase(name, runs, func() error { return s.drain(name, from, runs) })
}

func (s *session) drain(phase string, from, runs int) error {
	err := s.fan(phase, runs, s.Callers, func(i int) error { return s.webhook(s.sink.receipt(nil, from+i, "read")) })
	if err != nil {
		return err
	}
	return s.untilEnded(phase, from+runs)
}

// untilEnded waits until so many runs of R1 have ended.
func (s *session) untilEnded(phase string, runs int) error {
	return s.until(phase, runs, s.numbers(func(v server.Version) uint64 { return v.Started - v.Live }))
}

// numbers is a look at the numbers of R1's flow.
func (s *session) numbers(pick func(server.Version) uint64) func() (int, error) {
	return func() (int, error) {
		v, err := s.flow(r1Flow)
		return int(pick(v)), err
	}
}

// latencies starts some runs and reads them at a steady rate.
func (s *session) latencies(from, runs int) error {
	if err := s.start("latency", from, runs); err != nil {
		return err
	}
	var r receiptTimes
	err := s.pace(runs, latencyRate, nil, func(i int) error { return r.read(s, from+i) })
	s.report.ReceiptTimes = r.result()
	return err
}

// receiptTimes are how long receipts take.
type receiptTimes struct{ accepted, seen, all stopwatch }

// read posts the read receipt of a run and asks for the run until it has ended.
func (r *receiptTimes) read(s *session, n int) error {
	path, began := "/v1/runs/"+s.sink.runs[n].String(), time.Now()
	if err := s.webhook(s.sink.receipt(nil, n, "read")); err != nil {
		return err
	}
	accepted := time.Now()
	for {
		answer, err := s.get(path)
		if err != nil {
			return err
		}
		var run server.Run
		if err := json.Unmarshal(answer, &run); err != nil {
			return err
		}
		if run.Status == "ended" {
			break
		}
	}
	r.accepted.add(accepted.Sub(began))
	r.seen.add(time.Since(accepted))
	r.all.add(time.Since(began))
	return nil
}

func (r *receiptTimes) result() *ReceiptTimes {
	return &ReceiptTimes{PerSecond: latencyRate, Accepted: r.accepted.latency(), Seen: r.seen.latency(), All: r.all.latency()}
}

// mix takes runs through all of R1 in a closed loop: each caller starts a run, reads it
// when its message has arrived, and goes on with the next.
func (s *session) mix(from, runs int) error {
	arrived := make([]chan struct{}, runs)
	for i := range arrived {
		arrived[i] = make(chan struct{}, 1)
	}
	tell := func(n int) { arrived[n-from] <- struct{}{} }
	s.sink.arrived.Store(&tell)
	defer s.sink.arrived.Store(nil)
	err := s.fan("closed loop", runs, s.Callers, func(i int) error {
		if _, err := s.post("/v1/events", asJSON, orderEvent(nil, from+i)); err != nil {
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

// remember notes what so many waiting runs take of memory and of the disk.
func (s *session) remember(runs int) error {
	if anonymous, resident, ok := memoryOf(s.engine.pid()); ok {
		s.report.Memory = &Memory{anonymous, resident}
	}
	info, err := os.Stat(filepath.Join(s.Dir, "data", bolt.FileName))
	if err != nil {
		return err
	}
	s.report.FileBytesPerRun = float64(info.Size()) / float64(runs)
	return nil
}
