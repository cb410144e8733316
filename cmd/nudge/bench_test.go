//go:build unix

package main

import (
	"encoding/json"
	"math"
	"os/exec"
	"testing"

	"nudge/bench"
)

// TestBench runs every workload with a few runs and checks that its report is consistent.
func TestBench(t *testing.T) {
	nudge, err := exec.LookPath("nudge") // this test's own program, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range bench.Workloads {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			r, err := bench.Run(t.Context(), w, bench.Config{Engine: []string{nudge}, Dir: t.TempDir(), Runs: 40, Callers: 4})
			if err != nil {
				t.Fatal(err)
			}
			holdReport(t, r)
		})
	}
}

func holdReport(t *testing.T, r *bench.Report) {
	t.Helper()
	for _, p := range r.Phases {
		if p.Runs == 0 || math.Abs(p.PerSecond*p.Seconds-float64(p.Runs)) > 0.01 {
			t.Errorf("%s: %d runs in %g s are not %g a second", p.Name, p.Runs, p.Seconds, p.PerSecond)
		}
	}
	l := r.Limits
	if l == nil || l.Syncs <= 0 || l.Requests <= 0 || l.BareRuns <= 0 || l.Records <= 0 || l.Floor <= 0 || l.Floor > l.Requests {
		t.Fatalf("limits: %+v", l)
	}
	if want := 1 / (1/l.BareStart + 1/l.BareDrain); math.Abs(want/l.BarePerSecond-1) > 0.01 {
		t.Errorf("the bare loop has %g runs a second; its halves say %g", l.BarePerSecond, want)
	}
	if q := r.Ratios; r.RunsPerSecond > 0 && math.Abs(q.Bare*l.BarePerSecond/r.RunsPerSecond-1) > 0.01 {
		t.Errorf("%g of the bare loop's %g are not %g runs a second", q.Bare, l.BarePerSecond, r.RunsPerSecond)
	}
	if q := r.Ratios; r.RunsPerSecond > 0 && math.Abs(q.Floor*l.Floor/r.RunsPerSecond-1) > 0.01 {
		t.Errorf("%g of the loopback's %g are not %g runs a second", q.Floor, l.Floor, r.RunsPerSecond)
	}
	holdCurve(t, r)
	for _, l := range latenciesOf(r) {
		if l == nil || l.Count == 0 || l.P50 > l.P90 || l.P90 > l.P99 || l.P99 > l.Max {
			t.Errorf("latency: %+v", l)
		}
	}
	if _, err := json.Marshal(r); err != nil { // a figure that is no number
		t.Error(err)
	}
}

// holdCurve compares the points of a curve with the sum of their parts.
func holdCurve(t *testing.T, r *bench.Report) {
	t.Helper()
	if (r.Workload == "park") != (len(r.Park) > 0) {
		t.Errorf("%s has %d points", r.Workload, len(r.Park))
	}
	for _, p := range r.Park {
		sum := int64(0)
		for bucket, bytes := range p.Buckets {
			if bucket != "ended" {
				sum += bytes
			}
		}
		if whole := (p.FileBytes + p.JournalBytes) * float64(p.Waiting); math.Abs(whole-float64(sum)) > 1 || p.FileBytes <= 0 || p.JournalBytes <= 0 {
			t.Errorf("%g bytes in use, of which %g are the journal's, times %d are not %d", p.FileBytes, p.JournalBytes, p.Waiting, sum)
		}
		if p.Start <= 0 || p.Receipt <= 0 || p.AfterStop <= 0 || p.AfterKill <= 0 {
			t.Errorf("a point misses figures: %+v", p)
		}
	}
	if d := r.Timers; d != nil && math.Abs(d.PerSecond*d.Seconds-float64(d.Runs)) > 0.01 {
		t.Errorf("timers: %+v", d)
	}
}

func latenciesOf(r *bench.Report) (all []*bench.Latency) {
	times := []*bench.ReceiptTimes{r.Receipts, r.ReceiptsMeanwhile}
	if r.Timers != nil {
		times = append(times, r.Timers.Receipts)
	}
	for _, t := range times {
		if t != nil {
			all = append(all, t.Accepted, t.Seen, t.All)
		}
	}
	return append(all, r.Limits.Sync, r.Limits.TwoSyncs)
}
