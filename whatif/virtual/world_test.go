package virtual_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
	"nudge/whatif/virtual"
)

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// town is a world in which nobody does anything by themselves.
type town struct {
	*virtual.World
	core     *engine.Engine
	store    *store.Store
	loop     *runner.Loop
	answered []string // events, in the order in which they were applied
	respond  func(event string)
}

func newTown(t *testing.T, flow string) *town {
	t.Helper()
	p, list := flows.Load(fstest.MapFS{"flows/waits.yaml": {Data: []byte(flow)}})
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
	c := &town{core: core, store: s, loop: runner.NewLoop(s, core, 10), respond: func(string) {}}
	c.World = virtual.New(c.loop, start, c.outside)
	c.Arrive(virtual.One(&engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{p.Flows[0].Bundle}}}))
	if err := c.Settle(); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *town) outside(_ *runner.Step, groups []*runner.Group) error {
	for _, g := range groups {
		if ev, ok := g.Inputs[0].Payload.(*engine.Event); ok {
			c.answered = append(c.answered, ev.Type)
			c.respond(ev.Type)
		}
	}
	return nil
}

func event(kind string) *runner.Group {
	return virtual.One(&engine.Input{Payload: &engine.Event{Type: kind, Profile: "ann"}})
}

const waits = "flow: waits\ntrigger: { event: go }\nsteps: [ { wait: 2h }, { if: profile.id != \"\", exit: done } ]\n"

// TestOrder holds the order in which things at one instant are applied.
func TestOrder(t *testing.T) {
	for name, c := range map[string]struct {
		oneByOne bool
		want     string
	}{
		"what is planned for an instant comes in one step": {false, "a b now from-a from-b"},
		"one by one, with all that follows from each":      {true, "now a from-a b from-b"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, waits)
			w.OneByOne = c.oneByOne
			w.respond = func(kind string) {
				if kind == "a" || kind == "b" {
					w.Arrive(event("from-" + kind))
				}
			}
			at := start.Add(time.Hour)
			w.Later(at, event("a"))
			w.Later(at, event("b"))
			w.Later(at.Add(time.Hour), event("never"))
			w.JumpTo(at)
			w.Later(start, event("now")) // past
			if err := w.Settle(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Fields(c.want), w.answered); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestNext holds that the earlier of a timer and something planned comes next.
func TestNext(t *testing.T) {
	w := newTown(t, waits)
	if at, ok := w.Next(); ok {
		t.Errorf("something happens at %s in an empty world", at)
	}
	w.Arrive(event("go"))
	if err := w.Settle(); err != nil {
		t.Fatal(err)
	}
	timer := start.Add(2 * time.Hour)
	for _, c := range []struct{ planned, want time.Time }{
		{timer.Add(time.Hour), timer},
		{start.Add(time.Hour), start.Add(time.Hour)},
	} {
		w.Later(c.planned, event("planned"))
		if at, ok := w.Next(); !ok || !at.Equal(c.want) {
			t.Errorf("next is %s, want %s", at, c.want)
		}
	}
	w.JumpTo(start.Add(-time.Hour))
	if !w.Now().Equal(start) {
		t.Errorf("the clock went back to %s", w.Now())
	}
}

// TestPanic holds that a panic of the engine is an error, although the loop goes on.
func TestPanic(t *testing.T) {
	w := newTown(t, waits)
	w.Arrive(event("go"))
	if err := w.Settle(); err != nil {
		t.Fatal(err)
	}
	w.core.Observe(engine.Observer{Condition: func(engine.Condition) { panic("a fault of ours") }})
	w.JumpTo(start.Add(2 * time.Hour))
	var broken *virtual.PanicError
	if err := w.Settle(); !errors.As(err, &broken) || !strings.Contains(broken.Text, "a fault of ours") {
		t.Errorf("got %v", err)
	}
}

// TestRestless holds that a world that goes round at one instant comes to an end.
func TestRestless(t *testing.T) {
	w := newTown(t, waits)
	w.respond = func(string) { w.Arrive(event("again")) }
	w.Arrive(event("again"))
	if err := w.Settle(); !errors.Is(err, virtual.ErrRestless) {
		t.Errorf("got %v", err)
	}
}
