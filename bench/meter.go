package bench

import (
	"os"
	"time"
)

// Phase is a part of a measurement.
type Phase struct {
	Name      string  `json:"name"`
	Runs      int     `json:"runs"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"runs_per_second"`
	*Costs
}

// Costs are the resources that a phase used, on systems that report them.
type Costs struct {
	EngineCPU float64 `json:"engine_cpu_seconds"`
	DriverCPU float64 `json:"driver_cpu_seconds"` // of the callers and the sink
	Written   int64   `json:"written_bytes"`      // that the engine caused to be written to storage
	Commits   int64   `json:"commits"`            // of the engine, each with one sync of its file
	Requests  int64   `json:"sink_requests"`      // that the engine made
	OtherCPUs float64 `json:"other_cpus"`         // used by everything else meanwhile
}

// reading has the values of all meters at one instant.
type reading struct {
	at             time.Time
	engine, driver usage
	busySeconds    float64 // of all CPUs
	commits        int64
	requests       int64
	ok             bool
}

func (s *session) read() (r reading, err error) {
	r.requests = s.sink.requests.Load()
	var ok bool
	if s.engine != nil {
		made, err := s.metrics("nudge_commit_duration_seconds_count")
		if err != nil {
			return r, err
		}
		r.commits = int64(made[0])
		r.engine, r.ok = usageOf(s.engine.pid())
	}
	r.driver, ok = usageOf(os.Getpid())
	r.busySeconds = busySeconds()
	r.ok = r.ok && ok
	r.at = time.Now()
	return r, nil
}

// phase measures f, which handles this many runs, and adds the phase to the report.
func (s *session) phase(name string, runs int, f func() error) (*Phase, error) {
	before, err := s.read()
	if err != nil {
		return nil, err
	}
	if err := f(); err != nil {
		return nil, err
	}
	took := time.Since(before.at)
	after, err := s.read()
	if err != nil {
		return nil, err
	}
	p := Phase{Name: name, Runs: runs, Seconds: took.Seconds(), PerSecond: float64(runs) / took.Seconds()}
	if before.ok && after.ok {
		p.Costs = &Costs{
			EngineCPU: after.engine.cpuSeconds - before.engine.cpuSeconds,
			DriverCPU: after.driver.cpuSeconds - before.driver.cpuSeconds,
			Written:   after.engine.writtenBytes - before.engine.writtenBytes,
			Commits:   after.commits - before.commits,
			Requests:  after.requests - before.requests,
		}
		p.OtherCPUs = max(0, (after.busySeconds-before.busySeconds-p.EngineCPU-p.DriverCPU)/p.Seconds)
	}
	s.report.Phases = append(s.report.Phases, p)
	return &p, nil
}
