package store_test

import (
	"strings"
	"testing"

	"nudge/engine"
	"nudge/store"
)

// TestErase verifies that a forgotten person is nowhere in the store, that the counts
// stay, and that nobody else's data changes.
func TestErase(t *testing.T) {
	kv := inUse(t) // one run of ann has ended, and bob will be erased
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	erase := func() {
		for more := true; more; {
			if more, err = s.Erase(); err != nil {
				t.Fatal(err)
			}
		}
	}
	erase()
	if !mentions(kv, "ann", store.Ended, store.Journal, store.Audit) {
		t.Error("erasing bob erased ann")
	}
	if err := s.Commit(&engine.Batch{State: state, Forgotten: []string{"ann"}}); err != nil {
		t.Fatal(err)
	}
	erase()
	if mentions(kv, "ann", store.Ended, store.Journal, store.Audit, store.Erasures) {
		t.Error("ann still stands in the store")
	}
	after, err := s.Counts()
	if err != nil || after[0].Outcomes["cancelled"] != before[0].Outcomes["cancelled"] {
		t.Errorf("the numbers: got %v, %v; want %v", after[0], err, before[0])
	}
	if report, err := s.Check(); err != nil || len(report.Problems) > 0 {
		t.Errorf("the store after erasing: %v %q", err, report.Problems)
	}
}

func mentions(kv interface {
	Dump(store.Bucket) map[string][]byte
}, who string, buckets ...store.Bucket) bool {
	for _, b := range buckets {
		for key, value := range kv.Dump(b) {
			if strings.Contains(key, who) || strings.Contains(string(value), who) {
				return true
			}
		}
	}
	return false
}
