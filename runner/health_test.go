package runner_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
)

// flaky fails until it is well.
type flaky struct{ well atomic.Bool }

func (f *flaky) Send(_ context.Context, m channels.Message) channels.Result {
	if f.well.Load() {
		return channels.Result{Outcome: channels.Accepted, ProviderID: "m-" + m.Ref.Run}
	}
	return channels.Result{Outcome: channels.Deferred, Reason: "503 overloaded"}
}

// TestHealth: an account says since when and why it is held and what waits for it, and takes
// messages again; what it accepted is unheard of until a receipt comes.
func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, core := newStore(t)
		provider := &flaky{}
		r, stop := run(t, s, core, runner.Config{Channel: provider, Clock: runner.RealClock()})
		project, list := flows.Load(fstest.MapFS{
			"flows/tell.yaml": {Data: []byte("flow: tell\ntrigger: { event: told }\nsteps: [ { send: { body: hello } }, { wait: 30d } ]\n")},
		})
		if list.HasErrors() {
			t.Fatal(list)
		}
		submit := func(in *engine.Input) []engine.Answer {
			answers, err := r.Submit(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			return answers
		}
		submit(&engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
		began := engine.InstantOf(time.Now())
		var run string
		for _, person := range []string{"a", "b", "c", "d", "e", "f"} {
			run = submit(&engine.Input{Payload: &engine.Event{Type: "told", Profile: person}})[0].Decisions[0].Run
			synctest.Wait()
		}
		a := r.Health().Accounts[0]
		if !a.Held || a.Since != began || a.Why != "requests fail: 503 overloaded" || a.Next != began.Add(time.Second) || a.Waiting != 1 || a.Posted != 0 {
			t.Fatalf("held: %+v", a)
		}
		provider.well.Store(true)
		time.Sleep(time.Hour)
		synctest.Wait()
		if a = r.Health().Accounts[0]; a.Held || a.Since != 0 || a.Waiting != 0 || a.Posted == 0 || a.Unheard == 0 || a.Unheard > a.Posted || a.Heard != 0 {
			t.Fatalf("well: %+v", a)
		}
		ref := channels.Ref{Installation: core.State.Installation.String(), Run: run, Message: 1, Attempt: 1}
		submit(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Status: channels.Delivered, Ref: ref}}})
		if a = r.Health().Accounts[0]; a.Heard != engine.InstantOf(time.Now()) || a.Unheard != 0 {
			t.Fatalf("heard: %+v", a)
		}
		stop()
	})
}
