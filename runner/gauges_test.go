package runner_test

import (
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
)

// shown returns the value of the first series of a metric, or the number of observations of a histogram.
// With labels it is that of the series that has them.
func shown(t *testing.T, registry *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	found, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			has := map[string]bool{}
			for _, l := range m.GetLabel() {
				has[l.GetValue()] = true
			}
			if len(labels) == 0 || has[labels[0]] {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	t.Fatalf("there is no series %s %v", name, labels)
	return 0
}

// TestLateTimers: a timer that is due while a slow disk holds up the loop is late until it is taken.
func TestLateTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, core := newStore(t)
		slow := &slowStore{s, make(chan struct{}), make(chan error)}
		registry := prometheus.NewRegistry()
		r, stop := run(t, slow, core, runner.Config{Channel: channel(accepts), Registry: registry})
		project, list := flows.Load(fstest.MapFS{
			"flows/later.yaml": {Data: []byte("flow: later\ntrigger: { event: later }\nsteps: [ { wait: 1h } ]\n")},
		})
		if list.HasErrors() {
			t.Fatal(list)
		}
		for _, in := range []*engine.Input{
			{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}},
			{Payload: &engine.Event{Type: "later", Profile: "ann"}},
		} {
			go r.Submit(t.Context(), in)
			<-slow.entered
			slow.release <- nil
			synctest.Wait()
		}
		if late := shown(t, registry, "nudge_timers_late_seconds"); late != 0 {
			t.Errorf("an hour before the timer is due it is %v s late", late)
		}
		<-slow.entered // it is due
		time.Sleep(90 * time.Second)
		if late, standing := shown(t, registry, "nudge_timers_late_seconds"), shown(t, registry, "nudge_step_standing_seconds"); late != 90 || standing != 90 {
			t.Errorf("the timer is %v s late and the step has taken %v s, want 90", late, standing)
		}
		slow.release <- nil
		synctest.Wait()
		if late := shown(t, registry, "nudge_timers_late_seconds"); late != 0 {
			t.Errorf("after it was taken it is %v s late", late)
		}
		for name, want := range map[string]float64{"nudge_commit_duration_seconds": 3, "nudge_step_duration_seconds": 3, "nudge_batch_inputs": 3} {
			if n := shown(t, registry, name); n != want {
				t.Errorf("%s has %v observations, want %v", name, n, want)
			}
		}
		if n := shown(t, registry, "nudge_inputs_total", "timer"); n != 1 {
			t.Errorf("%v timers are counted, want 1", n)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestOutboxCount: planned messages count until they are handed over, also after another start.
func TestOutboxCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, core := newStore(t)
		start := func(core *engine.Engine) (*runner.Runner, func() error, func(held, planned float64)) {
			registry := prometheus.NewRegistry()
			r, stop := run(t, s, core, runner.Config{Channel: channel(accepts), Registry: registry})
			return r, stop, func(held, planned float64) {
				t.Helper()
				synctest.Wait()
				if h, p := shown(t, registry, "nudge_outbound_held"), shown(t, registry, "nudge_outbox_messages"); h != held || p != planned {
					t.Errorf("held is %v and %v messages are planned, want %v and %v", h, p, held, planned)
				}
			}
		}
		submit := func(r *runner.Runner, inputs ...*engine.Input) {
			t.Helper()
			for _, in := range inputs {
				if _, err := r.Submit(t.Context(), in); err != nil {
					t.Fatal(err)
				}
			}
		}
		r, stop, want := start(core)
		want(0, 0)
		submit(r, &engine.Input{Payload: &engine.Control{Outbound: engine.OutboundHold}}, deploy(t), told("ann"), told("bob"))
		want(1, 2)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		again, err := s.Engine()
		if err != nil {
			t.Fatal(err)
		}
		r, stop, want = start(again)
		want(1, 2)
		submit(r, &engine.Input{Payload: &engine.Control{Outbound: engine.OutboundLive}})
		want(0, 0)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestExpiredReceipts: a receipt for a message that no run has sent is counted when it is dropped.
func TestExpiredReceipts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, core := newStore(t)
		registry := prometheus.NewRegistry()
		r, stop := run(t, s, core, runner.Config{Accounts: []runner.Account{{Channel: channel(accepts), ByID: true}}, Registry: registry})
		submit(t, r, deploy(t))
		if _, err := r.Submit(t.Context(), &engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{ProviderID: "nobody's", Status: channels.Read}}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if n := shown(t, registry, "nudge_receipts_expired_total"); n != 0 {
			t.Errorf("after a minute %v receipts are dropped", n)
		}
		time.Sleep(time.Hour)
		if n := shown(t, registry, "nudge_receipts_expired_total"); n != 1 {
			t.Errorf("after an hour %v receipts are dropped", n)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
