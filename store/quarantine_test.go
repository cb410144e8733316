package store_test

import (
	"bytes"
	"slices"
	"testing"

	"nudge/engine"
	"nudge/store"
)

// breakRecord flips a bit of a record.
func breakRecord(t *testing.T, kv store.KV, b store.Bucket, key []byte) {
	t.Helper()
	if err := kv.Update(func(w store.Writer) error {
		record := bytes.Clone(w.Get(b, key))
		record[len(record)/2] ^= 4
		return w.Put(b, key, record)
	}); err != nil {
		t.Fatal(err)
	}
}

// keysOf returns the keys of a bucket.
func keysOf(t *testing.T, kv store.KV, b store.Bucket) (keys [][]byte) {
	t.Helper()
	if err := kv.View(func(r store.Reader) error {
		r.Ascend(b, nil, func(key, _ []byte) bool {
			keys = append(keys, bytes.Clone(key))
			return true
		})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestQuarantine damages the record of each run of a store, live and ended, of an ended run's
// sign, and of all of them. What stays agrees, and nothing of the run leads anywhere.
func TestQuarantine(t *testing.T) {
	type place struct {
		bucket store.Bucket
		n      int
	}
	places := []place{{store.Runs, 0}, {store.Runs, 1}, {store.Runs, 2}, {store.Ended, 0}}
	for _, broken := range [][]place{places[:1], places[1:2], places[2:3], places[3:], places} {
		kv := inUse(t)
		s, err := store.Open(kv)
		if err != nil {
			t.Fatal(err)
		}
		var ids []engine.RunID
		for _, key := range keysOf(t, kv, store.Runs) {
			ids = append(ids, engine.RunID(key))
		}
		for _, p := range broken {
			breakRecord(t, kv, p.bucket, keysOf(t, kv, p.bucket)[p.n])
		}
		loaded, err := s.Load(&engine.Needs{Runs: ids})
		if err != nil || len(loaded.Damaged) == 0 || len(loaded.Damaged)+len(loaded.Runs) != len(ids) {
			t.Fatalf("%v: loaded %d runs, damaged %v: %v", broken, len(loaded.Runs), loaded.Damaged, err)
		}
		lost, err := s.Quarantine(loaded.Damaged, 7)
		if err != nil || len(lost) != len(loaded.Damaged) {
			t.Fatalf("%v: set apart %d runs, %v, want %v", broken, len(lost), err, loaded.Damaged)
		}
		report, err := s.Check()
		if err != nil || len(report.Problems) > 0 || report.Quarantined != len(lost) {
			t.Errorf("%v: the store: %+v, %v", broken, report, err)
		}
		listed, _, err := s.ListQuarantined(engine.RunID{}, 10)
		if err != nil || len(listed) != len(lost) {
			t.Errorf("%v: %d are listed, %v", broken, len(listed), err)
		}
		for _, q := range lost {
			if q.At != 7 || q.Reason == "" || len(q.Record) == 0 || !q.Ended && q.Profile != "ann" {
				t.Errorf("%v: what is kept of the run: %+v", broken, q)
			}
			if run, err := s.Run(q.Run); run != nil || err != nil {
				t.Errorf("%v: the run is still there: %v, %v", broken, run, err)
			}
		}
	}
}

// TestQuarantineAlone shows that nothing is set apart of which everything can be read.
func TestQuarantineAlone(t *testing.T) {
	kv := inUse(t)
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	ids := []engine.RunID{{1}}
	for _, key := range keysOf(t, kv, store.Runs) {
		ids = append(ids, engine.RunID(key))
	}
	before := kv.Clone()
	if lost, err := s.Quarantine(ids, 7); len(lost) > 0 || err != nil {
		t.Errorf("set apart %v, %v", lost, err)
	}
	for _, b := range store.Buckets {
		if len(before.Dump(b)) != len(kv.Dump(b)) {
			t.Errorf("%s has changed", b)
		}
	}
}

// TestForgottenInQuarantine shows that nothing of a forgotten person stays in quarantine.
func TestForgottenInQuarantine(t *testing.T) {
	kv := lostRun(t)
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(&engine.Batch{State: state, Forgotten: []string{"ann"}}); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		if more, err = s.Erase(); err != nil {
			t.Fatal(err)
		}
	}
	all, _, err := s.ListQuarantined(engine.RunID{}, 10)
	if err != nil || slices.ContainsFunc(all, func(q *store.Quarantined) bool { return q.Person != "" || q.Profile != "" || len(q.Record) > 0 }) {
		t.Errorf("what is left: %+v, %v", all, err)
	}
	if report, err := s.Check(); err != nil || len(report.Problems) > 0 {
		t.Errorf("the store: %+v, %v", report, err)
	}
}
