package store_test

import (
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

// TestPeopleEntries verifies that the entry from a person to a run stays when the run
// ends, that readers ignore it then, and that the start of the person's next run moves it to their
// history.
func TestPeopleEntries(t *testing.T) {
	kv := new(memory.KV)
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	run := func(n byte, status engine.RunStatus) *engine.Run {
		r := &engine.Run{ID: engine.RunID{5: n}, Flow: "f", Version: "1", Profile: "ann", Status: status, Deadline: 9}
		if status == engine.Ended {
			r.Outcome = "completed"
		}
		return r
	}
	commit := func(changes ...engine.Change) {
		t.Helper()
		if err := s.Commit(&engine.Batch{Changes: changes}); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(when string, entries, loaded int) {
		t.Helper()
		if got := len(kv.Dump(store.People)); got != entries {
			t.Errorf("%s: %d entries, want %d", when, got, entries)
		}
		found, err := s.Load(&engine.Needs{People: []string{"ann"}})
		if err != nil || len(found.Runs) != loaded {
			t.Errorf("%s: loaded %d runs, want %d: %v", when, len(found.Runs), loaded, err)
		}
	}
	commit(engine.Change{After: run(1, engine.Waiting)}, engine.Change{After: run(2, engine.Waiting)})
	expect("two runs wait", 2, 2)
	commit(engine.Change{Before: run(1, engine.Waiting), After: run(1, engine.Ended)})
	expect("one has ended", 2, 1)
	commit(engine.Change{After: run(3, engine.Waiting)})
	expect("another has started", 3, 2)
	commit(engine.Change{Before: run(2, engine.Waiting), After: run(2, engine.Ended)}, engine.Change{Before: run(3, engine.Waiting), After: run(3, engine.Ended)}, engine.Change{After: run(4, engine.Ended)})
	expect("one has come and gone", 4, 0)
}
