package engine_test

import (
	"testing"

	"golang.org/x/tools/txtar"

	"nudge/engine"
	"nudge/lang/trace"
)

func traced(span string) trace.Context {
	return trace.Context{Parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-" + span + "-01", State: "a=1"}
}

// TestTrace shows that a run keeps the trace of what started it, with its posts and fetches and
// with the runs that it starts in turn, also after a wait in a queue; that what wakes it changes
// nothing; and that a replay has the same.
func TestTrace(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- templates/hello.yaml --
body: Hello
-- flows/first.yaml --
flow: first
trigger: { event: begun }
entry: { if_running: queue }
steps:
  - fetch: { url: "https://x.example/" }
  - wait: [ { event: woken }, { after: 1d } ]
  - emit: { event: passed }
  - start: { flow: called }
-- flows/emitted.yaml --
flow: emitted
trigger: { event: passed }
steps: [ { send: hello } ]
-- flows/called.yaml --
flow: called
steps: [ { wait: 1d } ]
`)))
	event := func(kind string, c trace.Context) *engine.Input {
		return &engine.Input{ID: kind + c.Parent, Payload: &engine.Event{Type: kind, Profile: "ann", Trace: c}}
	}
	one, two, other := traced("00f067aa0ba902b7"), traced("00f067aa0ba902b8"), traced("00f067aa0ba902b9")
	w.apply(event("begun", one))
	w.apply(event("begun", two)) // is queued
	w.answerFetch("1 200 {}")
	w.apply(event("woken", other)) // the second one begins when the first has ended
	w.answerFetch("2 200 {}")
	w.apply(&engine.Input{Payload: &engine.Call{Flow: "called", Profile: "bob", By: "call", Trace: other}})

	want := []struct {
		flow  string
		trace trace.Context
	}{{"first", one}, {"emitted", one}, {"called", one}, {"first", two}, {"called", other}}
	if len(w.runs) != len(want) {
		t.Fatalf("%d runs started, want %d:\n%s", len(w.runs), len(want), w.out.String())
	}
	for _, x := range want {
		found := false
		for _, id := range w.runs {
			r, err := w.store.Run(id)
			if err != nil || r == nil {
				t.Fatalf("run %s: %v", id, err)
			}
			found = found || r.Flow == x.flow && r.Trace == x.trace
		}
		if !found {
			t.Errorf("no run of %s has the trace %v", x.flow, x.trace)
		}
	}
	if len(w.fetches) != 2 || w.fetches[0].Trace != one || w.fetches[1].Trace != two {
		t.Errorf("the fetches are %v", w.fetches)
	}
	if len(w.posts) != 1 || w.posts[0].Trace != one {
		t.Errorf("the posts are %v", w.posts)
	}
	w.check()
	compare(t, "replayed", dump(t, replay(t, w.store, func() int { return 1 })), dump(t, w.kv))
}

// TestTraceIsNoPartOfAnID shows that an event that is sent again is the same one, although the
// request that brings it is part of another trace.
func TestTraceIsNoPartOfAnID(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- flows/first.yaml --
flow: first
trigger: { event: begun }
steps: [ { wait: 1d } ]
`)))
	for _, c := range []trace.Context{traced("00f067aa0ba902b7"), traced("00f067aa0ba902b8"), {}} {
		w.apply(&engine.Input{ID: "e1", Payload: &engine.Event{Type: "begun", Profile: "ann", Trace: c}})
	}
	if r, err := w.store.Run(w.runs[0]); len(w.runs) != 1 || err != nil || r.Trace != traced("00f067aa0ba902b7") {
		t.Errorf("there are %d runs, %v:\n%s", len(w.runs), err, w.out.String())
	}
}
