package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/runner/jobs"
	"nudge/store"
	"nudge/store/memory"
)

// numbers are the metrics of a manager that are not 0, by their labels.
func numbers(t *testing.T, m *jobs.Manager) map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	must(t, m.Register(registry))
	families, err := registry.Gather()
	must(t, err)
	all := map[string]float64{}
	for _, f := range families {
		for _, series := range f.Metric {
			name := map[string]string{"nudge_jobs_running": "running", "nudge_jobs_ended_total": "ended"}[f.GetName()]
			for _, l := range series.Label {
				name += " " + l.GetValue()
			}
			if n := series.GetGauge().GetValue() + series.GetCounter().GetValue(); n != 0 {
				all[name] = n
			}
		}
	}
	return all
}

// TestMetrics counts each job once, however it ends, also where it ends without having begun.
func TestMetrics(t *testing.T) {
	kv := new(memory.KV)
	s, err := store.Open(kv)
	must(t, err)
	must(t, s.AddJob(&store.Job{ID: "00", Kind: "plan", State: store.JobRunning}, 10))
	m, _ := open(t, kv, nil)
	var long []*store.Job
	for range 5 { // more than work at once
		j, err := m.Start(ops, "long", nil, untilStopped)
		must(t, err)
		long = append(long, j)
	}
	at := numbers(t, m)["running long"]
	if at == 0 || at == 5 {
		t.Fatalf("%v jobs are at work", at)
	}
	if got, want := numbers(t, m), (map[string]float64{"running long": at, "ended plan interrupted": 1}); !maps.Equal(got, want) {
		t.Errorf("at work: %v, want %v", got, want)
	}
	for i := range long {
		j := long[len(long)-1-i] // those that wait first
		_, err := m.Stop(j.ID)
		must(t, err)
		ended(t, m, j.ID)
		if _, err := m.Stop(j.ID); !errors.Is(err, jobs.ErrOver) {
			t.Errorf("stopped twice: %v", err)
		}
	}
	for _, fails := range []error{nil, errors.New("no"), nil} {
		j, err := m.Start(ops, "short", nil, func(context.Context, *jobs.Task) (any, error) { return nil, fails })
		must(t, err)
		ended(t, m, j.ID)
	}
	want := map[string]float64{"ended plan interrupted": 1, "ended long stopped": 5, "ended short done": 2, "ended short failed": 1}
	if got := numbers(t, m); !maps.Equal(got, want) {
		t.Errorf("at the end: %s, want %s", fmt.Sprint(got), fmt.Sprint(want))
	}
}
