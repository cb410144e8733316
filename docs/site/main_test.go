package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestWrite writes the site into a new folder, and into no folder that has files.
func TestWrite(t *testing.T) {
	out := filepath.Join(t.TempDir(), "site")
	if err := write("../..", out); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(out, "index.html")); err != nil {
		t.Error(err)
	}
	if err := write("../..", out); err == nil {
		t.Error("a second site was written over the first one")
	}
}
