package store_test

import (
	"strings"
	"testing"

	"nudge/engine"
	"nudge/store"
)

// TestCheckFinds breaks a store in every way that Check and CheckInUse look for and compares the
// problems. An intact store has no problems.
func TestCheckFinds(t *testing.T) {
	first := func(b store.Bucket) func(store.Writer) error {
		return func(w store.Writer) error {
			var key []byte
			w.Ascend(b, nil, func(k, _ []byte) bool {
				key = append(key, k...)
				return false
			})
			return w.Delete(b, key)
		}
	}
	put := func(b store.Bucket, key, value string) func(store.Writer) error {
		return func(w store.Writer) error { return w.Put(b, []byte(key), []byte(value)) }
	}
	run := strings.Repeat("r", 16)
	checks := map[string]func(*store.Store) (*store.Report, error){"stopped": (*store.Store).Check, "in use": func(s *store.Store) (*store.Report, error) {
		return s.CheckInUse(func(store.CheckProgress) error { return nil })
	}}
	for name, c := range map[string]struct {
		breaks func(store.Writer) error
		want   string
	}{
		"nothing":                     {func(store.Writer) error { return nil }, ""},
		"a person's entry is missing": {first(store.People), "in people is missing"},
		"a key's entry is missing":    {first(store.Keys), "in keys is missing"},
		"a timer is missing":          {first(store.Timers), "in timers is missing"},
		"an outbox entry is missing":  {first(store.Outbox), "in outbox is missing"},
		"a run is missing":            {first(store.Runs), "no run"},
		"a journal record is missing": {func(w store.Writer) error { return w.Delete(store.Journal, []byte{0, 0, 0, 0, 0, 0, 0, 2}) }, "comes after 1"},
		"a version is missing":        {first(store.Versions), "is in use but not there"},
		"the numbers are missing":     {first(store.Counts), "has runs but no counts"},
		"an id's time is missing":     {first(store.IDTimes), "would never be forgotten"},
		"an id is missing":            {first(store.IDs), "has no id"},
		"a run record is damaged":     {put(store.Runs, run, "nonsense"), "damaged"},
		"an entry without a run":      {put(store.People, "\x03bob"+run, ""), "no run"},
		"a key that is too short":     {put(store.Outbox, "short", "x"), "has 5 bytes"},
		"a stale timer is no problem": {put(store.Timers, "12345678"+run, ""), ""},
		"an answer record is damaged": {put(store.IDs, "event:x", "nonsense"), "damaged"},
		"a counts record is damaged":  {put(store.Counts, "\x01a\x01b", "nonsense"), "damaged"},
		"a journal record is damaged": {put(store.Journal, "12345678", "nonsense"), "damaged"},
		"an ended run is missing":     {first(store.Ended), "its record is not there"},
		"an ended run too many":       {put(store.Ended, "12345678"+run, "x"), "nothing leads to run"},
		"the key of no ended run":     {put(store.Ended, "short", "x"), "has 5 bytes"},
	} {
		for way, check := range checks {
			t.Run(name+", "+way, func(t *testing.T) {
				kv := inUse(t)
				if err := kv.Update(c.breaks); err != nil {
					t.Fatal(err)
				}
				s, err := store.Open(kv)
				if err != nil {
					t.Fatal(err)
				}
				report, err := check(s)
				if err != nil {
					t.Fatal(err)
				}
				want := c.want
				if way == "in use" && want == "has runs but no counts" {
					want = "" // a sum
				}
				if found := strings.Join(report.Problems, "\n"); want == "" && found != "" || !strings.Contains(found, want) {
					t.Errorf("got %q, want %q", found, want)
				}
			})
		}
	}
}

// TestListPages verifies that pages follow each other without a gap or a repetition,
// across live and ended runs.
func TestListPages(t *testing.T) {
	s, err := store.Open(inUse(t))
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.List(store.Query{Limit: 10})
	if err != nil || len(all.Runs) != 3 || all.Next != (engine.RunID{}) {
		t.Fatalf("all: %d runs, next %s, %v", len(all.Runs), all.Next, err)
	}
	q := store.Query{Limit: 1}
	for i := range all.Runs {
		page, err := s.List(q)
		if err != nil || len(page.Runs) != 1 || page.Runs[0].ID != all.Runs[i].ID {
			t.Fatalf("page %d: %v %v", i+1, page.Runs, err)
		}
		q.Before = page.Next
	}
	if q.Before != (engine.RunID{}) {
		t.Errorf("the last page has a next: %s", q.Before)
	}
	for want, q := range map[int]store.RunFilter{
		2: {Status: "live"}, 1: {Status: "ended"}, 3: {Profile: "ann", Flow: "tell"}, 0: {Profile: "bob"},
	} {
		if page, err := s.List(store.Query{RunFilter: q, Limit: 10}); err != nil || len(page.Runs) != want {
			t.Errorf("%+v: got %d runs, %v; want %d", q, len(page.Runs), err, want)
		}
	}
}
