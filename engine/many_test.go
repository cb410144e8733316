package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	again "nudge/whatif/replay"
)

// TestManyRuns shows that an event that concerns more runs than one input may touch reaches
// all of them through derived inputs, and the triggers last. A crash in the middle loses
// nobody.
func TestManyRuns(t *testing.T) {
	const people = 2500
	w := newWorld(t, txtar.Parse([]byte(`
-- flows/follow.yaml --
flow: follow
trigger: { event: begun, key: event.topic, to: event.people }
exit:
  - { event: over, key: event.topic, as: over }
steps:
  - wait: 1d
-- flows/tell.yaml --
flow: tell
trigger: { event: over }
steps:
  - wait: 1d
`)))
	for from := 0; from < people; from += 500 {
		w.apply(begun(t, from, from+500))
	}
	over := func() *engine.Input {
		return &engine.Input{Payload: &engine.Event{Type: "over", Profile: "owner", Data: []byte(`{"topic":"T"}`)}}
	}
	// A group of several is refused as a whole.
	w.out.Reset()
	w.apply(over(), over())
	if got := w.out.String(); strings.Count(got, "must be sent by itself") != 2 {
		t.Errorf("two such events in a group: got %q", got)
	}
	// The process stops after the first of the inputs.
	w.crashAfter(over())
	w.open()
	w.step(&runner.Group{Inputs: []*engine.Input{begun(t, 0, 1)}})
	counts := map[string]*store.VersionCounts{}
	all, err := w.store.Counts()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		counts[c.Flow] = c
	}
	if got := counts["follow"].Outcomes["over"]; got != people || counts["follow"].Live != 1 {
		t.Errorf("%d runs are over and %d live, want %d and the one that began after", got, counts["follow"].Live, people)
	}
	if counts["tell"].Started != 1 {
		t.Errorf("the trigger started %d runs, want 1", counts["tell"].Started)
	}
	w.check()
	compare(t, "replayed", dump(t, replay(t, w.store, func() int { return 1 })), dump(t, w.kv))
}

func begun(t *testing.T, from, to int) *engine.Input {
	t.Helper()
	list := []string{}
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprint("p", i))
	}
	raw, err := json.Marshal(map[string]any{"topic": "T", "people": list})
	if err != nil {
		t.Fatal(err)
	}
	return &engine.Input{Payload: &engine.Event{Type: "begun", Data: raw}}
}

// crashAfter applies one input like a process that stops right after its commit.
func (w *world) crashAfter(in *engine.Input) {
	w.t.Helper()
	s, core := reopen(w.t, w.kv)
	r := again.Replay{Store: s, Core: core, Keep: true}
	if _, _, err := r.Apply([]*engine.Journaled{{Seq: core.State.Seq + 1, Stamp: core.State.Stamp, Input: in}}, nil); err != nil {
		w.t.Fatal(err)
	}
	if left, err := s.Derived(); err != nil || len(left) != 1 {
		w.t.Fatalf("%d derived inputs are left, %v; want 1", len(left), err)
	}
}
