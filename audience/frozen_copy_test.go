package audience_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nudge/audience"
)

// TestCopyFrozen: a copy of the frozen audiences has the whole ones and nothing else, also when they are removed meanwhile.
func TestCopyFrozen(t *testing.T) {
	dir := t.TempDir()
	if all, err := audience.OpenFrozen(filepath.Join(dir, "none"), nil); err != nil || len(all) > 0 {
		t.Errorf("a folder that is not there has %v, %v", all, err)
	}
	for name, text := range map[string]string{"a.jsonl": "{}\n", "b.jsonl": "[]\n", "freezing-123": "half", "notes.txt": "mine"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := audience.OpenFrozen(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, file := range all {
		if err := os.Remove(file.Name()); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		file.Close()
		got = append(got, filepath.Base(file.Name())+" "+strings.TrimSpace(string(text)))
	}
	if want := []string{"a.jsonl {}", "b.jsonl []"}; !slices.Equal(got, want) {
		t.Errorf("the copy has %q, want %q", got, want)
	}
	if _, err := audience.MakeFrozen(dir, "notes.txt"); err == nil {
		t.Error("a file that is no audience is made")
	}
	file, err := audience.MakeFrozen(dir, "c.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := file.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of an audience can be read by others: %v, %v", info.Mode(), err)
	}
	file.Close()
}
