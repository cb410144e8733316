package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Workload is one kind of measurement.
type Workload struct {
	Name  string `json:"workload"`
	About string `json:"about"` // in one line
	// Runs and Callers are the defaults for 0 in Config.
	Runs    int `json:"runs"`
	Callers int `json:"callers"`

	measure func(*session) error
}

// Workloads lists all workloads, in the order for users.
var Workloads = []Workload{
	{"limits", "the machine's own: syncs, loopback requests and empty conversations, and the barest loop that does R1", 20_000, 256, (*session).onlyLimits},
	{"r1", "an event starts a run, it sends, waits for Read or an hour, and a Read webhook ends it", 20_000, 256, (*session).r1},
	{"r1-full", "r1 with sent, delivered and read webhooks", 20_000, 256, (*session).r1Full},
	{"r1-batch", "r1 with batches in, out and back", 200_000, 8, (*session).r1Batch},
	{"receipts", "a storm of receipts, in random order, over runs that wait", 100_000, 256, (*session).storm},
	{"campaign", "a message to everybody in a file", 1_000_000, 256, (*session).campaign},
	{"fair", "how long receipts take while a campaign goes on", 200_000, 256, (*session).fair},
	{"park", "what waiting runs cost: a curve over their number, restarts, and timers due together", 100_000, 256, (*session).park},
}

// Find returns the workload with this name.
func Find(name string) (Workload, bool) {
	i := slices.IndexFunc(Workloads, func(w Workload) bool { return w.Name == name })
	if i < 0 {
		return Workload{}, false
	}
	return Workloads[i], true
}

const (
	// maxRuns is the largest number of runs in a workload.
	maxRuns = 100_000_000
	// maxCallers is the largest number of callers in a workload.
	maxCallers = 4096
	// maxPartitions is into how many partitions the store of a workload is divided at most; more are refused.
	maxPartitions = 256
)

// Config is the configuration of a measurement.
type Config struct {
	// Engine is the command line of the nudge to measure, without its verb. Required.
	Engine []string
	// Dir is an empty folder for the project and its data. It stays after the measurement.
	// Its file system is the one that is measured. Required.
	Dir string
	// Runs is the number of runs; 0: the workload's default.
	Runs int
	// Callers is how many requests are sent in parallel; 0: the workload's default.
	Callers int
	// Timers is how many runs of park are due at one instant; 0: a tenth of all, at most a
	// million.
	Timers int
	// Partitions is into how many partitions the engine's store is divided; 0: it is not.
	Partitions int
	// Store is the URL of an empty PostgreSQL database that keeps the store; empty: it is files.
	Store string
	// Show receives the progress of a phase, from one goroutine at a time; nil: no
	// function.
	Show func(phase string, done, whole int)
}

// Check returns an error if the numbers of a config do not fit a workload.
func (c Config) Check(w Workload) error {
	c = c.withDefaults(w)
	if c.Runs < 1 || c.Runs > maxRuns {
		return fmt.Errorf("%d runs; there must be 1 to %d", c.Runs, maxRuns)
	}
	if c.Callers < 1 || c.Callers > maxCallers {
		return fmt.Errorf("%d callers; there must be 1 to %d", c.Callers, maxCallers)
	}
	if c.Timers < 1 || c.Timers > maxRuns {
		return fmt.Errorf("%d timers; there must be 1 to %d", c.Timers, maxRuns)
	}
	if c.Partitions < 0 || c.Partitions > maxPartitions || c.Partitions&(c.Partitions-1) != 0 {
		return fmt.Errorf("%d partitions; there must be 1, 2, 4 and so on up to %d", c.Partitions, maxPartitions)
	}
	return nil
}

func (c Config) withDefaults(w Workload) Config {
	c.Runs, c.Callers = cmp.Or(c.Runs, w.Runs), cmp.Or(c.Callers, w.Callers)
	c.Timers = cmp.Or(c.Timers, max(1, min(c.Runs/10, 1_000_000)))
	if c.Show == nil {
		c.Show = func(string, int, int) {}
	}
	return c
}

// Run measures a workload. It ends its engine before it returns, even if ctx ends.
func Run(ctx context.Context, w Workload, config Config) (*Report, error) {
	if err := config.Check(w); err != nil {
		return nil, err
	}
	s, err := newSession(ctx, w, config.withDefaults(w))
	if err != nil {
		return nil, err
	}
	err = w.measure(s)
	err = errors.Join(err, s.close())
	if ctx.Err() != nil { // every other error follows from this one
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	s.report.conclude()
	return s.report, nil
}
