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
	for _, partitions := range []int{1, 4} {
		b.Run(fmt.Sprint("partitions=", partitions), func(b *testing.B) { benchmarkRuns(b, partitions, false) })
	}
	b.Run("beside an old transaction", func(b *testing.B) { benchmarkRuns(b, 1, true) })
}

func benchmarkRuns(b *testing.B, partitions int, old bool) {
	const batch = 64
	s := pgtest.Start(b)
	d, url := made(b, s, partitions)
	if old { // no dead row can be cleaned before it ends
		_, err := connect(b, url).Exec(b.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM nudge.store")
		must(b, err)
	}
	all := make([]*reference, partitions)
	for n := range all {
		all[n] = &reference{TB: b, d: d, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	}
	openAll(b, d, all)
	live := func(r *reference, first int) {
		var people []int
		for i := range batch {
			people = append(people, first+i)
		}
		runs := r.starts(people...)
		var results, receipts []*engine.Input
		for _, run := range runs {
			results, receipts = append(results, result(run)), append(receipts, r.receipt(run, channels.Read))
		}
		r.step(len(runs), results...)
		r.step(0, receipts...)
	}
	for _, r := range all {
		live(r, 0)
	}
	trips, log, server, own := d.Trips(), s.LogBytes(b, url), s.CPU(b), ownCPU()
	b.ResetTimer()
	steps := (b.N + batch*partitions - 1) / (batch * partitions)
	var wait sync.WaitGroup
	for _, r := range all {
		wait.Go(func() {
			for i := range steps {
				live(r, (i+1)*batch)
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
