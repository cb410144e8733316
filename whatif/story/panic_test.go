package story

import (
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/whatif/virtual"
)

// TestEnginePanics holds that a story fails when the engine panics, although the loop itself
// goes on.
func TestEnginePanics(t *testing.T) {
	p, list := flows.Load(fstest.MapFS{
		"flows/hello.yaml": {Data: []byte("flow: hello\ntrigger: { event: hi, if: profile.id == \"ann\" }\nsteps: [ { send: { body: Hi } } ]\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	w, err := NewWorld(p.Flows, nil, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.core.Observe(engine.Observer{Condition: func(engine.Condition) { panic("a fault of ours") }})
	var broken *virtual.PanicError
	if err := w.Event("hi", "ann", nil); !errors.As(err, &broken) {
		t.Errorf("got %v", err)
	}
}
