package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/server"
	"nudge/store"
)

const (
	// checkRest is how many times as long as it reads a check of the store rests. So it takes a
	// tenth of a core and of the disk at most, and less when others keep either busy, because
	// reading then takes longer.
	checkRest    = 9
	shortestRest = time.Millisecond
	longestRest  = 10 * time.Second

	// firstCheck is the part of the usual time after which the first check after a start begins, so
	// that a server which is started anew each day is checked too.
	firstCheck = 24

	shownProblems = 10 // in the log
)

// restAfter returns how long a check rests after a slice that took so long.
func restAfter(slice time.Duration) time.Duration {
	return min(max(checkRest*slice, shortestRest), longestRest)
}

// storeCheck verifies the store of an instance while it works, one check at a time.
type storeCheck struct {
	store   *store.Store
	release func() error // gives memory back that reading took; may be nil
	log     *slog.Logger
	metrics checkMetrics
	found   func(problems int) // notes what a whole check found; may be nil
	one     sync.Mutex         // held by the check that runs
	ctx     context.Context    // ends all checks
	cancel  context.CancelFunc
	done    chan struct{} // closed when the schedule has ended
}

func newStoreCheck(s *store.Store, release func() error, registry *prometheus.Registry, log *slog.Logger) (*storeCheck, error) {
	c := &storeCheck{store: s, release: release, log: log, metrics: newCheckMetrics(), done: make(chan struct{})}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, c.metrics.register(registry)
}

// run checks the store until ctx or the instance ends. It fails with server.ErrChecking if
// another check runs.
func (c *storeCheck) run(ctx context.Context, progress func(store.CheckProgress)) (*store.Report, error) {
	if !c.one.TryLock() {
		return nil, server.ErrChecking
	}
	defer c.one.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	began := time.Now()
	slice, records := began, 0
	report, err := c.store.CheckInUse(func(p store.CheckProgress) error {
		took := time.Since(slice)
		records = p.Records
		progress(p)
		if c.release != nil {
			if err := c.release(); err != nil {
				return err
			}
		}
		select {
		case <-time.After(restAfter(took)):
			slice = time.Now()
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if err != nil {
		c.metrics.ended("cut", began, records, nil)
		return nil, err
	}
	c.conclude(report, began, records)
	return report, nil
}

// conclude shows the result of a whole check to those who operate the server.
func (c *storeCheck) conclude(report *store.Report, began time.Time, records int) {
	if c.found != nil {
		c.found(len(report.Problems))
	}
	if len(report.Problems) == 0 {
		c.metrics.ended("well", began, records, report)
		c.log.Info("the store is well", "records", records, "took", time.Since(began).Round(time.Millisecond))
		return
	}
	c.metrics.ended("damaged", began, records, report)
	for _, problem := range report.Problems[:min(len(report.Problems), shownProblems)] {
		c.log.Error("the store is damaged", "problem", problem)
	}
	c.log.Error("the store is damaged; put back a copy, or stop the server and run nudge store check", "problems", len(report.Problems))
}

// schedule checks the store again and again: first after a part of the given time, then that
// long after the end of each check. 0 is never. Each time it is asked whether it is this process's turn; nil: always.
func (c *storeCheck) schedule(every time.Duration, mine func() bool) {
	defer close(c.done)
	if every == 0 {
		return
	}
	for wait := every / firstCheck; ; wait = every {
		select {
		case <-time.After(wait):
		case <-c.ctx.Done():
			return
		}
		if mine != nil && !mine() {
			continue
		}
		_, err := c.run(c.ctx, func(store.CheckProgress) {})
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, server.ErrChecking) {
			c.log.Error("the store could not be checked", "error", err)
		}
	}
}

// stop ends every check.
func (c *storeCheck) stop() error {
	c.cancel()
	<-c.done
	return nil
}

// checkMetrics show what the last check found.
type checkMetrics struct {
	checks                              *prometheus.CounterVec
	end, duration, records, problemsNow prometheus.Gauge
}

func newCheckMetrics() checkMetrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := checkMetrics{
		checks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nudge_store_checks_total", Help: "Checks of the store in use, by their result: well, damaged, or cut where one did not come to its end.",
		}, []string{"result"}),
		end:         gauge("nudge_store_check_end_seconds", "When the last check of the store came to its end, in seconds since 1970; 0 before the first."),
		duration:    gauge("nudge_store_check_duration_seconds", "How long that check took."),
		records:     gauge("nudge_store_check_records", "How many records that check verified."),
		problemsNow: gauge("nudge_store_check_problems", "How many problems that check found, 101 at most."),
	}
	for _, result := range []string{"well", "damaged", "cut"} {
		m.checks.WithLabelValues(result)
	}
	return m
}

func (m *checkMetrics) register(registry *prometheus.Registry) error {
	var errs []error
	for _, c := range []prometheus.Collector{m.checks, m.end, m.duration, m.records, m.problemsNow} {
		errs = append(errs, registry.Register(c))
	}
	return errors.Join(errs...)
}

// ended counts a check, and shows its report if it came to its end.
func (m *checkMetrics) ended(result string, began time.Time, records int, report *store.Report) {
	m.checks.WithLabelValues(result).Inc()
	if report == nil {
		return
	}
	now := time.Now()
	m.end.Set(float64(now.UnixMilli()) / 1000)
	m.duration.Set(now.Sub(began).Seconds())
	m.records.Set(float64(records))
	m.problemsNow.Set(float64(len(report.Problems)))
}
