package backup

import (
	"bytes"
	"io"
	"testing"
)

// TestSpoolGivesBack: a spool that never becomes empty does not grow for ever, and gives what it got.
func TestSpoolGivesBack(t *testing.T) {
	s, err := newSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	const piece = 8 << 20
	add := func(n int) {
		if err := s.add(bytes.Repeat([]byte{byte(n)}, piece)); err != nil {
			t.Fatal(err)
		}
	}
	add(0)
	for n := range 3 * spoolFileBytes / piece {
		add(n + 1)
		for left := int64(piece); left > 0; {
			next, err := s.next(left)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(next)
			if err != nil || len(got) == 0 || got[0] != byte(n) || got[len(got)-1] != byte(n) {
				t.Fatalf("piece %d: got %d bytes, %v", n, len(got), err)
			}
			left -= int64(len(got))
			if err := s.take(int64(len(got))); err != nil {
				t.Fatal(err)
			}
		}
		var size int64
		for _, f := range s.files {
			size += f.end
		}
		if s.bytes != piece || size > 2*spoolFileBytes {
			t.Fatalf("%d bytes wait, in files of %d", s.bytes, size)
		}
	}
}
