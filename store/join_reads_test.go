package store_test

import (
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

// readKV counts how often its records are read.
type readKV struct {
	memory.KV
	reads int
}

func (k *readKV) View(f func(store.Reader) error) error {
	return k.KV.View(func(r store.Reader) error { return f(&readCounter{r, k}) })
}

type readCounter struct {
	store.Reader
	kv *readKV
}

func (r *readCounter) Get(b store.Bucket, key []byte) []byte {
	r.kv.reads++
	return r.Reader.Get(b, key)
}

func (r *readCounter) Ascend(b store.Bucket, from []byte, visit func(key, value []byte) bool) {
	r.kv.reads++
	r.Reader.Ascend(b, from, visit)
}

func (r *readCounter) Descend(b store.Bucket, before []byte, visit func(key, value []byte) bool) {
	r.kv.reads++
	r.Reader.Descend(b, before, visit)
}

// TestOnePartIsRead holds that a question about one person or one run reads no other part than theirs, but for one look whether more
// follows there.
func TestOnePartIsRead(t *testing.T) {
	const n = 16
	var kvs []store.KV
	var counted []*readKV
	for range n {
		kv := new(readKV)
		kvs, counted = append(kvs, kv), append(counted, kv)
	}
	if err := store.CreateDivided(kvs, engine.Installation{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	var parts []*store.Store
	for _, kv := range kvs {
		s, err := store.Open(kv)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, s)
	}
	s, home := store.Join(parts), engine.PartitionOf("ann", n)
	run := countedRun(noon, 1)
	run.ID[9] = byte(home)
	state, err := parts[home].State()
	if err != nil {
		t.Fatal(err)
	}
	state.Seq, state.Stamp = 1, noon
	if err := parts[home].Commit(&engine.Batch{State: state, Changes: []engine.Change{{After: run}}, People: []*engine.Person{{ID: "ann", Attributes: []byte(`{"plan":"pro"}`)}},
		Journal: []engine.Journaled{{Seq: 1, Stamp: noon, Input: &engine.Input{Payload: &engine.Event{Type: "told", Profile: "ann"}}}},
		History: []*engine.HistoryEntry{{Profile: "ann", Seq: 1, At: noon, Ignored: "no flow knows it"}}}); err != nil {
		t.Fatal(err)
	}
	for what, ask := range map[string]func() (found bool, err error){
		"person":  func() (bool, error) { p, err := s.Person("ann"); return p != nil, err },
		"run":     func() (bool, error) { r, err := s.Run(run.ID); return r != nil, err },
		"retry":   func() (bool, error) { in, _, err := s.Retry(run.ID, ""); return in != nil && in.AsOf == 1, err },
		"history": func() (bool, error) { h, err := s.History("ann", nil, 10); return len(h.Items) == 2, err },
		"list": func() (bool, error) {
			p, err := s.List(store.Query{RunFilter: store.RunFilter{Profile: "ann", Status: "live"}})
			return len(p.Runs) == 1, err
		},
	} {
		for _, kv := range counted {
			kv.reads = 0
		}
		found, err := ask()
		if err != nil || !found {
			t.Errorf("%s: it is not found, %v", what, err)
		}
		for part, kv := range counted {
			if part != home && kv.reads > 1 || part == home && kv.reads == 0 {
				t.Errorf("%s: part %d is read %d times, theirs is %d", what, part, kv.reads, home)
			}
		}
	}
}
