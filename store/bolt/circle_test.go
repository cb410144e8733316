package bolt_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nudge/store/bolt"
)

// The page that leads to the buckets leads to itself, as a page of an older tree can do after a
// loss of power. It is named; bbolt alone would follow it until the stack is full.
func TestCircle(t *testing.T) {
	dir := t.TempDir()
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, bolt.FileName)
	file, err := os.ReadFile(path)
	if err := errors.Join(err, kv.Close()); err != nil {
		t.Fatal(err)
	}
	page := uint64(os.Getpagesize())
	for meta := range uint64(2) { // see store/bolt/layout.go
		root := binary.NativeEndian.Uint64(file[meta*page+16+16:])
		head := file[root*page:]
		clear(head[8:32])
		binary.NativeEndian.PutUint16(head[8:], 1)       // a branch
		binary.NativeEndian.PutUint16(head[10:], 1)      // with one item
		binary.NativeEndian.PutUint32(head[16:], 16)     // whose key is behind it
		binary.NativeEndian.PutUint64(head[16+8:], root) // and which leads here
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func(string) (*bolt.KV, error){"Open": bolt.Open, "OpenExisting": openExisting} {
		if _, err := open(dir); err == nil || !strings.Contains(err.Error(), "it is used twice") {
			t.Errorf("%s: %v, want the page that is used twice", name, err)
		}
	}
}
