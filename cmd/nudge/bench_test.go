//go:build unix

package main

import (
	"encoding/json"
	"math"
	"os/exec"
	"testing"

	"nudge/server/bench"
)

// TestBench runs every workload with a few runs, and holds what it reports to itself.
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
	if l == nil || l.Syncs <= 0 || l.Requests <= 0 || l.BareRuns <= 0 {
		t.Fatalf("limits: %+v", l)
	}
	if want := 1 / (1/l.BareStart + 1/l.BareDrain); math.Abs(want/l.BarePerSecond-1) > 0.01 {
		t.Errorf("the bare loop has %g runs a second; its halves say %g", l.BarePerSecond, want)
	}
	if q := r.Ratios; r.RunsPerSecond > 0 && math.Abs(q.Bare*l.BarePerSecond/r.RunsPerSecond-1) > 0.01 {
		t.Errorf("%g of the bare loop's %g are not %g runs a second", q.Bare, l.BarePerSecond, r.RunsPerSecond)
	}
	for _, l := range latenciesOf(r) {
		if l == nil || l.Count == 0 || l.P50 > l.P90 || l.P90 > l.P99 || l.P99 > l.Max {
			t.Errorf("latency: %+v", l)
		}
	}
	if _, err := json.Marshal(r); err != nil { // a figure that is no number
		t.Error(err)
	}
}

func latenciesOf(r *bench.Report) (all []*bench.Latency) {
	for _, t := range []*bench.ReceiptTimes{r.Receipts, r.ReceiptsMeanwhile} {
		if t != nil {
			all = append(all, t.Accepted, t.Seen, t.All)
		}
	}
	return all
}
