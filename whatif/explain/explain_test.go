package explain_test

import (
	"context"
	"errors"
	"testing"

	"nudge/engine"
	"nudge/whatif/explain"
)

// journal is inputs, of which the first ones may be gone.
type journal []*engine.Journaled

func (j journal) State() (engine.State, error) { return engine.State{}, nil }

func (j journal) Entries(from uint64, visit func(*engine.Journaled) bool) error {
	for _, e := range j {
		if e.Seq >= from && !visit(e) {
			return nil
		}
	}
	return nil
}

// TestCutJournal holds that what cannot be told exactly is not told at all.
func TestCutJournal(t *testing.T) {
	event := &engine.Input{Payload: &engine.Event{Type: "told", Profile: "ann"}}
	whole := journal{{Seq: 1, Stamp: 1000, Input: event}, {Seq: 2, Stamp: 2000, Input: event}}
	q := explain.Question{Profile: "ann", Flow: "tell"}
	if _, err := explain.Ask(context.Background(), whole, q, func() {}); err != nil {
		t.Errorf("a whole journal: %v", err)
	}
	if _, err := explain.Ask(context.Background(), whole[1:], q, func() {}); !errors.Is(err, explain.ErrCut) {
		t.Errorf("a journal without its beginning: %v", err)
	}
	gone := &engine.Input{Payload: &engine.Cancel{Run: engine.RunID{1}}}
	if _, err := explain.Ask(context.Background(), journal{{Seq: 1, Stamp: 1000, Input: gone}}, q, func() {}); err == nil {
		t.Error("an input that is refused this time was taken")
	}
}
