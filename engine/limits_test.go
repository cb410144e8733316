package engine_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"golang.org/x/tools/txtar"

	"nudge/engine"
	"nudge/runner"
)

// TestManyStarts shows that an event starts no more runs than one input has IDs for, over all
// flows, and says of everybody else that they are skipped.
func TestManyStarts(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- flows/one.yaml --
flow: one
trigger: { event: incident, to: event.people }
data: { people: [string] }
steps: [ { wait: 1h } ]
-- flows/two.yaml --
flow: two
trigger: { event: incident, to: event.people }
data: { people: [string] }
steps: [ { wait: 1h } ]
`)))
	var people []string
	for i := range 600 {
		people = append(people, fmt.Sprint("p", i))
	}
	data, err := json.Marshal(map[string]any{"people": people})
	if err != nil {
		t.Fatal(err)
	}
	group := &runner.Group{Inputs: []*engine.Input{{Payload: &engine.Event{Type: "incident", Data: data}}}}
	w.step(group)
	did := map[engine.Action]int{}
	for _, d := range group.Answers[0].Decisions {
		did[d.Action]++
	}
	if started, skipped := did[engine.DidStart], did[engine.DidSkip]; started != engine.MaxStartsPerInput || started+skipped != 2*len(people) {
		t.Errorf("%d started, %d skipped of %d; want %d started and all others skipped", started, skipped, 2*len(people), engine.MaxStartsPerInput)
	}
	compare(t, "replayed", dump(t, replay(t, w.store, func() int { return 1 })), dump(t, w.kv))
	w.check()
}

// TestQueueStaysShort shows that what ended runs leave over fills a person's queue no further
// than other events do.
func TestQueueStaysShort(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- flows/digest.yaml --
flow: digest
trigger: { event: comment, key: event.doc }
data: { doc: string }
entry: { if_running: queue }
exit: [ { event: deleted, key: event.doc, as: deleted } ]
steps:
  - send: { body: "New comments" }
  - collect: { event: comment, key: event.doc, until: [ { after: 1h } ] }
`)))
	for range 3 {
		for range engine.MaxMailbox {
			w.apply(&engine.Input{Payload: &engine.Event{Type: "comment", Profile: "ann", Data: []byte(`{"doc":"D"}`)}})
		}
		w.apply(&engine.Input{Payload: &engine.Event{Type: "deleted", Data: []byte(`{"doc":"D"}`)}})
		p, err := w.store.Person("ann")
		if err != nil {
			t.Fatal(err)
		}
		if n := len(p.Queue); n > engine.MaxQueue {
			t.Fatalf("%d events wait, at most %d are allowed", n, engine.MaxQueue)
		}
	}
	compare(t, "replayed", dump(t, replay(t, w.store, func() int { return 1 })), dump(t, w.kv))
	w.check()
}
