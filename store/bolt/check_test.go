package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"nudge/store"
)

// TestCheckInUseMeetsADamagedPage damages a page of the file of an open store. A check of the store
// in use says so, and goes on with what it can read.
func TestCheckInUseMeetsADamagedPage(t *testing.T) {
	k, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(k)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mark := func(i int) []byte { return bytes.Repeat(fmt.Appendf(nil, "%04d", i), 750) } // nearly a page
	if err := k.Update(func(w store.Writer) error {
		for i := range 60 {
			if err := w.Put(store.Journal, binary.BigEndian.AppendUint64(nil, uint64(i)), mark(i)); err != nil {
				return err
			}
		}
		return w.Put(store.Orphans, []byte("behind"), []byte("x"))
	}); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(k.Path(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	whole, err := os.ReadFile(k.Path())
	if err != nil {
		t.Fatal(err)
	}
	page := bytes.Index(whole, mark(50)) / os.Getpagesize()
	if _, err := file.WriteAt(bytes.Repeat([]byte{0xff}, 8), int64(page*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	report, err := s.CheckInUse(func(store.CheckProgress) error { return nil })
	found := fmt.Sprint(report.Problems)
	if err != nil || !strings.Contains(found, "journal after 0000000000000031: the store is damaged") || !strings.Contains(found, `orphans "behind"`) {
		t.Errorf("got %v, %v", report.Problems[max(0, len(report.Problems)-3):], err)
	}
}
