package bolt_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"nudge/store"
	"nudge/store/bolt"
	"nudge/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() store.KV {
		dir := t.TempDir()
		return func() store.KV {
			kv, err := bolt.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			return kv
		}
	})
}

// A second process must not open the file, and its error must say why.
func TestLocked(t *testing.T) {
	dir := t.TempDir()
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer kv.Close()
	if _, err := bolt.Open(dir); !errors.Is(err, bolt.ErrLocked) {
		t.Errorf("opening a locked store: got %v, want ErrLocked", err)
	}
}

// A crash while a new file is being made leaves a file with the temporary name. The next
// start replaces it.
func TestHalfMadeFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, bolt.FileName+".new"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	kv.Close()
	if _, err := os.Stat(filepath.Join(dir, bolt.FileName+".new")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary file is still there: %v", err)
	}
}
