package app

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// newCheck is the check of a new store, and how often it has given memory back.
func newCheck(t *testing.T, registry *prometheus.Registry) (c *storeCheck, released *atomic.Int64) {
	t.Helper()
	s, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	released = new(atomic.Int64)
	c, err = newStoreCheck(s, func() error { released.Add(1); return nil }, registry, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return c, released
}

// metric returns the value of a metric, of the series with a label if there is one.
func metric(t *testing.T, registry *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == name && (label == "" || m.Label[0].GetValue() == label) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("there is no %s %s", name, label)
	return 0
}

// TestScheduledChecks holds when a store is checked, and what the metrics say after it.
func TestScheduledChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		c, released := newCheck(t, registry)
		go c.schedule(24*time.Hour, nil)
		done := func() float64 {
			synctest.Wait()
			return metric(t, registry, "nudge_store_checks_total", "well")
		}
		if time.Sleep(59 * time.Minute); done() != 0 || metric(t, registry, "nudge_store_check_end_seconds", "") != 0 {
			t.Error("the store is checked at once")
		}
		if time.Sleep(2 * time.Minute); done() != 1 || released.Load() < 10 {
			t.Errorf("%v checks in the first hour, in %d slices", done(), released.Load())
		}
		end := metric(t, registry, "nudge_store_check_end_seconds", "")
		if ago := float64(time.Now().UnixMilli())/1000 - end; ago < 0 || ago > 61 {
			t.Errorf("the check ended %v s ago", ago)
		}
		if time.Sleep(23 * time.Hour); done() != 1 {
			t.Error("the second check comes too soon")
		}
		if time.Sleep(time.Hour); done() != 2 {
			t.Error("the second check does not come")
		}
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestOneCheckAtATime holds that a second check is refused, and that the instance and the caller
// can end the first.
func TestOneCheckAtATime(t *testing.T) {
	ends := map[string]func(*storeCheck, context.CancelFunc){
		"the instance stops": func(c *storeCheck, _ context.CancelFunc) { c.cancel() },
		"the caller leaves":  func(_ *storeCheck, leave context.CancelFunc) { leave() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			c, _ := newCheck(t, registry)
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			_, err := c.run(ctx, func(store.CheckProgress) {
				if _, err := c.run(t.Context(), nil); !errors.Is(err, server.ErrChecking) {
					t.Errorf("a second check: %v", err)
				}
				end(c, leave)
			})
			if !errors.Is(err, context.Canceled) || metric(t, registry, "nudge_store_checks_total", "cut") != 1 {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestDamageIsShown holds that a problem counts.
func TestDamageIsShown(t *testing.T) {
	registry := prometheus.NewRegistry()
	kv := new(memory.KV)
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	if err := kv.Update(func(w store.Writer) error { return w.Put(store.Ended, []byte("short"), []byte("x")) }); err != nil {
		t.Fatal(err)
	}
	c, err := newStoreCheck(s, nil, registry, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	report, err := c.run(t.Context(), func(store.CheckProgress) {})
	if err != nil || len(report.Problems) != 1 || metric(t, registry, "nudge_store_check_problems", "") != 1 ||
		metric(t, registry, "nudge_store_check_records", "") != 1 || metric(t, registry, "nudge_store_checks_total", "damaged") != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestRestAfter(t *testing.T) {
	for slice, want := range map[time.Duration]time.Duration{
		0: time.Millisecond, time.Millisecond: 9 * time.Millisecond, 100 * time.Millisecond: 900 * time.Millisecond, time.Minute: 10 * time.Second,
	} {
		if got := restAfter(slice); got != want {
			t.Errorf("after %v it rests %v, want %v", slice, got, want)
		}
	}
}
