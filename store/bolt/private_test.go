package bolt_test

import (
	"io/fs"
	"path/filepath"
	"testing"

	"nudge/store/bolt"
)

// TestFilesArePrivate shows that other users of the machine can read nothing of a store.
func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer kv.Close()
	seen := 0
	if err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		seen++
		return err
	}); err != nil || seen < 3 {
		t.Fatalf("%d files and folders: %v", seen, err)
	}
}
