package bolt_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"nudge/store"
	"nudge/store/bolt"
)

// TestFreePages verifies that a file lists its free pages, so that opening need not search
// for them. The list is there after a kill too, unless there are very many free pages;
// then it is there after a clean stop.
func TestFreePages(t *testing.T) {
	dir := t.TempDir()
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	const records = 12_000 // each on its own page
	value := make([]byte, 3000)
	update := func(f func(w store.Writer, key []byte) error) {
		t.Helper()
		if err := kv.Update(func(w store.Writer) error {
			for i := range records {
				if err := f(w, fmt.Appendf(nil, "%08d", i)); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(when string, want bool) {
		t.Helper()
		if got := saysFree(t, filepath.Join(dir, bolt.FileName)); got != want {
			t.Errorf("%s: the file says which pages are free: %v, want %v", when, got, want)
		}
	}
	update(func(w store.Writer, key []byte) error { return w.Put(store.Runs, key, value) })
	expect("after a commit", true)
	update(func(w store.Writer, key []byte) error { return w.Delete(store.Runs, key) })
	if err := kv.Update(func(w store.Writer) error { return w.Put(store.Runs, []byte("x"), nil) }); err != nil {
		t.Fatal(err)
	}
	expect("with very many free pages", false)
	if err := kv.Close(); err != nil {
		t.Fatal(err)
	}
	expect("after a clean stop", true)
	if kv, err = bolt.Open(dir); err != nil {
		t.Fatal(err)
	}
	defer kv.Close()
	if err := kv.View(func(r store.Reader) error {
		if r.Get(store.Runs, []byte("x")) == nil {
			t.Error("a record is gone")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// saysFree reads from the newer of a file's two meta pages whether there is a list of free
// pages. Both have this layout after a page header of 16 bytes: magic, version, page size
// and flags of 4 bytes each; the root bucket's page and sequence, the list's page, the
// highest page and the transaction of 8 bytes each (bbolt, internal/common/meta.go).
func saysFree(t *testing.T, path string) bool {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const list, transaction = 16 + 32, 16 + 48
	var newest, free uint64
	for page := range 2 {
		meta := make([]byte, 128)
		if _, err := file.ReadAt(meta, int64(page*os.Getpagesize())); err != nil {
			t.Fatal(err)
		}
		if tx := binary.LittleEndian.Uint64(meta[transaction:]); tx >= newest {
			newest, free = tx, binary.LittleEndian.Uint64(meta[list:])
		}
	}
	return free != ^uint64(0)
}
