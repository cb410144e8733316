//go:build unix

package postgres_test

import (
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/store/postgres/pgtest"
)

// BenchmarkRuns lets runs of the reference workload live: 64 events in a step, then the results of their posts, then the receipts that
// end them. Each partition has a loop. It says what a run costs, of this process, of the server, and of its log.
func BenchmarkRuns(b *testing.B) {
	for _, x := range []setting{{1, 0, false}, {4, 0, false}, {1, 0, true}, {4, 200 * time.Microsecond, false}, {4, time.Millisecond, false}, {4, 3 * time.Millisecond, false}} {
		b.Run(fmt.Sprintf("partitions=%d,trip=%v,old=%v", x.partitions, x.trip, x.old), x.runs)
	}
}

// setting is how a benchmark runs.
type setting struct {
	partitions int
	trip       time.Duration // what the network adds to each trip
	old        bool          // a transaction stays open, so no dead row can be cleaned
}

func (x setting) runs(b *testing.B) {
	const batch = 64
	partitions := x.partitions
	s := pgtest.Start(b)
	d, url := made(b, s, partitions)
	if x.old {
		_, err := connect(b, url).Exec(b.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM nudge.store")
		must(b, err)
	}
	if x.trip > 0 {
		p, slow := s.Proxy(b, url)
		d = open(b, slow)
		p.RoundTrip(x.trip)
	}
	all := make([]*reference, partitions)
	for n := range all {
		all[n] = &reference{TB: b, d: d, of: engine.Partition{Number: n, Of: partitions}, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	}
	openAll(b, d, all)
	live := func(r *reference) {
		runs := r.starts(r.strangers(batch)...)
		var results, receipts []*engine.Input
		for _, run := range runs {
			results, receipts = append(results, result(run)), append(receipts, r.receipt(run, channels.Read))
		}
		r.step(len(runs), results...)
		r.step(0, receipts...)
	}
	for _, r := range all {
		live(r)
	}
	trips, log, server, own := d.Trips(), s.LogBytes(b, url), s.CPU(b), ownCPU()
	b.ResetTimer()
	steps := (b.N + batch*partitions - 1) / (batch * partitions)
	var wait sync.WaitGroup
	for _, r := range all {
		wait.Go(func() {
			for range steps {
				live(r)
			}
		})
	}
	wait.Wait()
	runs := float64(steps * batch * partitions)
	b.ReportMetric(runs/b.Elapsed().Seconds(), "runs/s")
	b.ReportMetric(float64(d.Trips()-trips)/float64(3*steps*partitions), "trips/step")
	b.ReportMetric(float64(s.LogBytes(b, url)-log)/runs, "wal-B/run")
	b.ReportMetric(float64((s.CPU(b)-server).Microseconds())/runs, "server-µs/run")
	b.ReportMetric(float64((ownCPU()-own).Microseconds())/runs, "own-µs/run")
}

// ownCPU is the time that this process has computed.
func ownCPU() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
