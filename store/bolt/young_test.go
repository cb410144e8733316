package bolt_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"nudge/store"
	"nudge/store/bolt"
)

// TestYoungBuckets: a file that lacks such a bucket is read as it is, and gets the bucket with its first record.
func TestYoungBuckets(t *testing.T) {
	for _, b := range store.Buckets {
		if b.Young() {
			t.Run(b.String(), func(t *testing.T) { withoutBucket(t, b) })
		}
	}
}

// changedFile returns the folder of a new file that was changed behind the store's back.
func changedFile(t *testing.T, change func(*bbolt.Tx) error) (dir string) {
	t.Helper()
	dir = t.TempDir()
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
	if err := errors.Join(db.Update(change), db.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func withoutBucket(t *testing.T, b store.Bucket) {
	dir := changedFile(t, func(tx *bbolt.Tx) error {
		if tx.Bucket([]byte(b.String())) != nil {
			t.Errorf("a new file has the bucket %s, so every commit writes its name", b)
		}
		return nil
	})
	read := func(kv *bolt.KV) (n int) {
		count := func(_, _ []byte) bool { n++; return true }
		if err := kv.View(func(r store.Reader) error {
			if r.Get(b, []byte("k")) != nil {
				t.Error("it has a key")
			}
			r.Ascend(b, nil, count)
			r.Descend(b, nil, count)
			return nil
		}); err != nil {
			t.Error(err)
		}
		return n
	}
	old, err := openExisting(dir)
	if err != nil {
		t.Fatal(err)
	}
	if parts, err := old.Parts(); read(old) != 0 || err != nil || len(parts) != len(store.Buckets) {
		t.Errorf("the file without the bucket: %v, %v", parts, err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer kv.Close()
	if err := kv.Update(func(w store.Writer) error { return w.Delete(b, []byte("other")) }); err != nil || read(kv) != 0 {
		t.Errorf("a record that is not there was deleted: %v", err)
	}
	put(t, kv, b)
	if n := read(kv); n != 2 {
		t.Errorf("after a write: %d visits, want 2", n)
	}
}

// TestUnknownBucket: a bucket whose name is damaged is not taken for one that is not there yet.
func TestUnknownBucket(t *testing.T) {
	dir := changedFile(t, func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("audiu"))
		return err
	})
	for name, open := range map[string]func(string) (*bolt.KV, error){"to read": openExisting, "to write": bolt.Open} {
		if _, err := open(dir); !errors.Is(err, bolt.ErrDamaged) || !strings.Contains(err.Error(), `"audiu"`) {
			t.Errorf("opened %s: %v", name, err)
		}
	}
}

func put(t *testing.T, kv *bolt.KV, b store.Bucket) {
	t.Helper()
	if err := kv.Update(func(w store.Writer) error { return w.Put(b, []byte("other"), []byte("v")) }); err != nil {
		t.Fatal(err)
	}
}
