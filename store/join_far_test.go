package store_test

import (
	"fmt"
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

// farKV is on another machine: it counts the trips to its records.
type farKV struct {
	memory.KV
	trips int
}

func (k *farKV) View(f func(store.Reader) error) error {
	return k.KV.View(func(r store.Reader) error { return f(&farReader{r, k, map[string]bool{}}) })
}

// farReader knows the keys, and where the ranges begin, that it has read ahead.
type farReader struct {
	store.Reader
	kv    *farKV
	known map[string]bool
}

func (r *farReader) trip(b store.Bucket, key []byte) {
	if at := fmt.Sprint(b, key); !r.known[at] {
		r.known[at] = true
		r.kv.trips++
	}
}

func (r *farReader) Ahead(wants []store.Want) {
	for _, w := range wants {
		r.known[fmt.Sprint(w.Bucket, w.From)] = true
		if !w.Runs {
			continue
		}
		r.Reader.Ascend(w.Bucket, w.From, func(key, _ []byte) bool {
			r.known[fmt.Sprint(store.Runs, key[len(key)-len(engine.RunID{}):])] = true
			return string(key) < string(w.To)
		})
	}
	r.kv.trips++
}

func (r *farReader) Get(b store.Bucket, key []byte) []byte {
	r.trip(b, key)
	return r.Reader.Get(b, key)
}

func (r *farReader) Ascend(b store.Bucket, from []byte, visit func(key, value []byte) bool) {
	r.kv.trips++ // what is behind the range is not known
	r.Reader.Ascend(b, from, visit)
}

func (r *farReader) Within(b store.Bucket, from, to []byte, visit func(key, value []byte) bool) {
	r.trip(b, from)
	r.Reader.Ascend(b, from, func(key, value []byte) bool { return string(key) < string(to) && visit(key, value) })
}

// TestJoinedLoadTakesFewTrips holds that a load of many people, as for the preview of a campaign, takes some trips for each part and
// not for each person, and finds what is there.
func TestJoinedLoadTakesFewTrips(t *testing.T) {
	const n = 4
	kvs, far := make([]store.KV, n), make([]*farKV, n)
	for i := range n {
		far[i] = new(farKV)
		kvs[i] = far[i]
	}
	if err := store.CreateDivided(kvs, engine.Installation{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	parts := make([]*store.Store, n)
	for i, kv := range kvs {
		var err error
		if parts[i], err = store.Open(kv); err != nil {
			t.Fatal(err)
		}
	}
	s, needs := store.Join(parts), &engine.Needs{}
	for i := range 100 {
		id := fmt.Sprint("person ", i)
		needs.People = append(needs.People, id)
		needs.Members = append(needs.Members, engine.MemberOf(0, id))
		part := engine.PartitionOf(id, n)
		run := countedRun(noon, uint16(i+1))
		run.ID[9], run.Profile = byte(part), id
		state, err := parts[part].State()
		if err != nil {
			t.Fatal(err)
		}
		state.Seq, state.Stamp = uint64(i+1), noon
		if err := parts[part].Commit(&engine.Batch{State: state, Changes: []engine.Change{{After: run}}, People: []*engine.Person{{ID: id, Attributes: []byte(`{}`)}}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, kv := range far {
		kv.trips = 0
	}
	loaded, err := s.Load(needs)
	if err != nil || len(loaded.Runs) != 100 || len(loaded.People) != 100 {
		t.Fatalf("%d runs and %d people are loaded, want 100 of each: %v", len(loaded.Runs), len(loaded.People), err)
	}
	for part, kv := range far {
		if kv.trips > 6 {
			t.Errorf("part %d: %d trips", part, kv.trips)
		}
	}
}
