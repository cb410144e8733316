package store_test

import (
	"slices"
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

// TestRepairKeepsForgotten: a repair of a restored store does not lose who has to be forgotten again, and what it makes has a key of
// hashes, without which nobody could be forgotten.
func TestRepairKeepsForgotten(t *testing.T) {
	kv := inUse(t)
	if err := kv.Update(func(w store.Writer) error { return w.Put(store.Meta, []byte("audit"), make([]byte, 32)) }); err != nil {
		t.Fatal(err)
	}
	erased, err := reopened(t, kv).ErasedAs("ann")
	if err != nil {
		t.Fatal(err)
	}
	if _, n, err := store.Restore([]store.KV{kv}, store.Restoring{Forgotten: []store.Erased{erased}}); err != nil || n != 1 {
		t.Fatalf("%d people, %v; want one", n, err)
	}
	made, _ := repaired(t, &salvage{kv: kv, gone: nothing})
	if people, err := reopened(t, made).Reforget(); err != nil || !slices.Equal(people, []string{"ann"}) {
		t.Errorf("to be forgotten are %q, %v; want ann", people, err)
	}
	if held, err := reopened(t, made).Held(); err != nil || !held {
		t.Errorf("nothing is held back, %v", err)
	}

	keyless := new(memory.KV)
	if err := store.Create(keyless, engine.Installation{1}); err != nil {
		t.Fatal(err)
	}
	made, _ = repaired(t, &salvage{kv: keyless, gone: nothing})
	if e, err := reopened(t, made).ErasedAs("ann"); err != nil || len(e.Person) != 32 {
		t.Errorf("the hash is %q, %v", e.Person, err)
	}
}
