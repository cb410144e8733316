package bolt_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nudge/store"
	"nudge/store/bolt"
)

// The lock holds for the folder, whatever becomes of the file.
func TestLockOutlivesTheFile(t *testing.T) {
	dir := t.TempDir()
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer kv.Close()
	if err := os.Remove(filepath.Join(dir, bolt.FileName)); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Open(dir); !errors.Is(err, bolt.ErrLocked) {
		t.Errorf("opening a folder whose file was removed: got %v, want ErrLocked", err)
	}
}

// Nothing is written to a file that is no longer at its path.
func TestReplacedFileTakesNothing(t *testing.T) {
	for name, replace := range map[string]func(file string) error{
		"removed":  os.Remove,
		"moved":    func(file string) error { return os.Rename(file, file+".old") },
		"replaced": func(file string) error { return errors.Join(os.Remove(file), os.WriteFile(file, nil, 0o600)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				kv, err := bolt.Open(dir)
				if err != nil {
					t.Fatal(err)
				}
				put := func() error {
					return kv.Update(func(w store.Writer) error { return w.Put(store.Meta, []byte("k"), []byte("v")) })
				}
				if err := errors.Join(put(), kv.Present(), replace(filepath.Join(dir, bolt.FileName))); err != nil {
					t.Fatal(err)
				}
				if err := kv.Present(); !errors.Is(err, bolt.ErrReplaced) {
					t.Errorf("Present: %v, want ErrReplaced", err)
				}
				time.Sleep(2 * time.Second) // idle, before a commit
				if err := put(); !errors.Is(err, bolt.ErrReplaced) {
					t.Errorf("a commit: %v, want ErrReplaced", err)
				}
				kv.Close()
			})
		})
	}
}

// A link that leads nowhere is not taken for a new store.
func TestDanglingLink(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), filepath.Join(dir, bolt.FileName)); err != nil {
		t.Fatal(err)
	}
	_, err := bolt.Open(dir)
	if err == nil || !strings.Contains(err.Error(), "leads to no file") {
		t.Errorf("got %v, want an error that says where the link leads", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "elsewhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a store was made at the end of the link: %v", err)
	}
}
