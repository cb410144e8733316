package runner_test

import (
	"testing"
	"testing/fstest"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
)

// A timer that is due within the millisecond is waited for. Asking for the next step at
// once would keep a processor busy until then.
func TestAlmostDue(t *testing.T) {
	s, core := newStore(t)
	loop := runner.NewLoop(s, core, 1)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	project, list := flows.Load(fstest.MapFS{
		"flows/later.yaml": {Data: []byte("flow: later\ntrigger: { event: later }\nsteps: [ { wait: 1h } ]\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	step := func(inputs ...*engine.Input) *runner.Step {
		t.Helper()
		done, err := loop.Step(now, []*runner.Group{{Inputs: inputs}}[:len(inputs)])
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	step(&engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
	step(&engine.Input{Payload: &engine.Event{Type: "later", Profile: "ann"}})
	due := now.Add(time.Hour)
	now = due.Add(-time.Microsecond)
	if done := step(); done.Again || done.Next != engine.InstantOf(due) {
		t.Errorf("a microsecond before the timer: again %t, next %v; want it to sleep until %v", done.Again, done.Next.Time(), due)
	}
	now = due
	if done := step(); len(done.Changes) != 1 || done.Changes[0].After.Live() {
		t.Errorf("when the timer is due its run must end: %+v", done.Changes)
	}
}
