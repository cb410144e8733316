package bolt

import (
	"bytes"
	"encoding/binary"
	"testing"

	"nudge/store"
)

// TestMappedPagesAreGivenBack verifies that the pages read from the file leave the
// process's memory on request, and come back when they are read.
func TestMappedPagesAreGivenBack(t *testing.T) {
	k, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	key := func(i int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(i)) }
	const records, size = 512, 64 << 10 // 32 MiB
	if err := k.Update(func(w store.Writer) error {
		for i := range records {
			if err := w.Put(store.Journal, key(i), bytes.Repeat([]byte{byte(i)}, size)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	readAll := func() {
		t.Helper()
		if err := k.View(func(r store.Reader) error {
			for i := range records {
				if value := r.Get(store.Journal, key(i)); len(value) != size || bytes.Count(value, []byte{byte(i)}) != size {
					t.Fatalf("record %d is another", i)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for who, giveBack := range map[string]func() error{
		"the writer": func() error { k.unmap(); return nil }, "a reader": func() error { return k.releaseAbove(0) },
	} {
		readAll()
		before := mapped()
		if err := giveBack(); err != nil {
			t.Fatal(err)
		}
		if after := mapped(); before-after < records*size/2 {
			t.Errorf("%s: %d bytes of files were in memory, and %d after they were given back", who, before, after)
		}
	}
	readAll()
}
