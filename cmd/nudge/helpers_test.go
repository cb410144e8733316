package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// patience is how long a test waits for what surely comes.
const patience = 20 * time.Second

func copyProject(t *testing.T, files fs.FS) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	return dir
}
