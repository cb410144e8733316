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

// TestFreePages shows that a file says which of its pages are free, so that opening it
// need not look for them: after a kill too, unless there are very many, and then after a
// clean stop.
func TestFreePages(t *testing.T) {
	dir := t.TempDir()
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	const records = 12_000 // each on a page of its own
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

// saysFree reads from the newer of a file's two meta pages whether there is a list of
// free pages. In both, behind a page header of 16 bytes: magic, version, page size and
// flags of 4 bytes each, the root bucket's page and sequence, the list's page, the
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
