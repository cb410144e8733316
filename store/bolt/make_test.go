package bolt

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"nudge/store"
)

// TestMakeAfterKill: who was killed while the files of a new store got their names begins again, and a store that is whole, or whose
// first file is gone, is never touched.
func TestMakeAfterKill(t *testing.T) {
	dir := t.TempDir()
	fill := func(kvs []store.KV) error {
		for _, kv := range kvs {
			if err := kv.Update(func(w store.Writer) error { return w.Put(store.Meta, []byte("k"), []byte("v")) }); err != nil {
				return err
			}
		}
		return nil
	}
	if err := Make(dir, 4, fill); err != nil {
		t.Fatal(err)
	}
	if err := Make(dir, 4, fill); !errors.Is(err, ErrStoreExists) {
		t.Fatalf("where there is a store: %v", err)
	}
	first := filepath.Join(dir, FileName)
	if err := os.Rename(first, tempName(dir, 0)); err != nil { // as it is just before the last name
		t.Fatal(err)
	}
	if err := Make(dir, 2, fill); err != nil {
		t.Fatalf("after a kill: %v", err)
	}
	if all := Paths(dir); len(all) != 2 {
		t.Errorf("the files are %q, want two", all)
	}
	if err := os.Remove(first); err != nil {
		t.Fatal(err)
	}
	if err := Make(dir, 2, fill); !errors.Is(err, ErrStoreExists) {
		t.Errorf("where only the first file is gone: %v", err)
	}
}
