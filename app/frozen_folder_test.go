//go:build linux || darwin

package app

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFrozenFolder holds that a start removes the audiences that a killed process left, and no others.
func TestFrozenFolder(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	left, other, linked := filepath.Join(temp, frozenPrefix+"1"), filepath.Join(temp, "other"), filepath.Join(temp, frozenPrefix+"2")
	for _, dir := range []string{left, other} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "people"), []byte("ann"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(other, linked); err != nil {
		t.Fatal(err)
	}
	first, remove, err := newFrozenFolder()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed process left is there")
	}
	if _, err := os.Stat(filepath.Join(other, "people")); err != nil {
		t.Errorf("a folder of somebody else: %v", err)
	}
	second, removeSecond, err := newFrozenFolder()
	if err != nil || second == first {
		t.Fatalf("a second node gets %s, the first has %s: %v", second, first, err)
	}
	if _, err := os.Stat(first); err != nil {
		t.Errorf("the folder of a node that runs is gone: %v", err)
	}
	for _, remove := range []func() error{remove, removeSecond} {
		if err := remove(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(first); err == nil {
		t.Error("the folder stays after a stop")
	}
}
