package bolt_test

import (
	"errors"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"nudge/store"
	"nudge/store/bolt"
)

// A file from before there was a quarantine is read as it is, and gets one when it is opened
// for writing.
func TestFileWithoutQuarantine(t *testing.T) {
	dir := t.TempDir()
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := kv.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(filepath.Join(dir, bolt.FileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	drop := func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte(store.Quarantine.String())) }
	if err := errors.Join(db.Update(drop), db.Close()); err != nil {
		t.Fatal(err)
	}
	read := func(kv *bolt.KV) (n int) {
		count := func(_, _ []byte) bool { n++; return true }
		if err := kv.View(func(r store.Reader) error {
			if r.Get(store.Quarantine, []byte("k")) != nil {
				t.Error("it has a key")
			}
			r.Ascend(store.Quarantine, nil, count)
			r.Descend(store.Quarantine, nil, count)
			return nil
		}); err != nil {
			t.Error(err)
		}
		return n
	}
	old, err := bolt.OpenExisting(dir)
	if err != nil {
		t.Fatal(err)
	}
	if parts, err := old.Parts(); read(old) != 0 || err != nil || len(parts) != len(store.Buckets) {
		t.Errorf("the older file: %v, %v", parts, err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if kv, err = bolt.Open(dir); err != nil {
		t.Fatal(err)
	}
	defer kv.Close()
	put(t, kv, store.Quarantine)
	if n := read(kv); n != 2 {
		t.Errorf("after a write: %d visits, want 2", n)
	}
}

func put(t *testing.T, kv *bolt.KV, b store.Bucket) {
	t.Helper()
	if err := kv.Update(func(w store.Writer) error { return w.Put(b, []byte("other"), []byte("v")) }); err != nil {
		t.Fatal(err)
	}
}
