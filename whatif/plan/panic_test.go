package plan

import (
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
	"nudge/whatif/virtual"
)

// TestEnginePanics holds that a plan fails when the engine panics, although the loop itself
// goes on.
func TestEnginePanics(t *testing.T) {
	p, list := flows.Load(fstest.MapFS{
		"flows/hello.yaml": {Data: []byte("flow: hello\ntrigger: { event: hi }\nsteps: [ { wait: 1h }, { if: profile.id == \"ann\", send: { body: Hi } } ]\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	s, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	step, err := runner.NewLoop(s, core, 1).Step(now, []*runner.Group{
		virtual.One(&engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{p.Flows[0].Bundle}}}),
		virtual.One(&engine.Input{Payload: &engine.Event{Type: "hi", Profile: "ann"}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	m := &maker{store: s, now: engine.InstantOf(now)}
	if err := m.read(); err != nil {
		t.Fatal(err)
	}
	l, err := m.lifetime(step.Changes[0].After, nil, p.Flows[0], nil, false)
	if err != nil {
		t.Fatal(err)
	}
	l.core.Observe(engine.Observer{Condition: func(engine.Condition) { panic("a fault of ours") }})
	var broken *virtual.PanicError
	if story, err := l.rest(); !errors.As(err, &broken) {
		t.Errorf("got %v, and the story %q", err, story)
	}
}
