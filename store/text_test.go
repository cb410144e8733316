package store

import (
	"testing"

	"nudge/engine"
)

// TestTexts verifies that texts of every form come back unchanged, and checks their sizes.
func TestTexts(t *testing.T) {
	const uuid = "f2b0c5c0-5d0e-4a65-9d7d-0d1a6f0e8c11"
	for _, c := range []struct {
		texts []string
		bytes int // without version and checksum
	}{
		{nil, 0},
		{[]string{""}, 0},
		{[]string{"a"}, 2},
		{[]string{"order.shipped"}, 14},
		{[]string{"order.shipped", "order.shipped"}, 15},
		{[]string{"abc", "abc"}, 8}, // too short to refer to
		{[]string{uuid}, 17},
		{[]string{uuid, "x", uuid}, 20},
		{[]string{"F2B0C5C0-5d0e-4a65-9d7d-0d1a6f0e8c11"}, 38},
		{[]string{"f2b0c5c0_5d0e-4a65-9d7d-0d1a6f0e8c11"}, 38},
		{[]string{"94993ce13e06861a"}, 9},
		{[]string{"94993CE13E06861A"}, 17},
		{[]string{"94993ce13e06861"}, 16}, // an odd number of digits
		{[]string{"2026-03-02T10:00:01.000Z"}, 3},
		{[]string{"2026-03-02T10:00:01Z"}, 21},
		{[]string{"2026-03-02T11:00:01.000+01:00"}, 30},
		{[]string{"2026-99-02T10:00:01.000Z"}, 25},
		{[]string{"a\x00", ""}, 3},
	} {
		fields := func(texts []string) func(*codec) {
			return func(x *codec) {
				x.base = engine.Instant(1_772_445_600_000)
				for i := range texts {
					x.str(&texts[i])
				}
			}
		}
		record := encode(1, fields(c.texts))
		got := make([]string, len(c.texts))
		if err := decode(record, 1, fields(got)); err != nil {
			t.Errorf("%q: %v", c.texts, err)
		}
		for i, want := range c.texts {
			if got[i] != want {
				t.Errorf("%q: text %d came back as %q", c.texts, i, got[i])
			}
		}
		if n := len(record) - 1 - checksumBytes; n != c.bytes {
			t.Errorf("%q: takes %d bytes, want %d", c.texts, n, c.bytes)
		}
	}
}

// TestAnotherKey verifies that a record under another run's key is refused.
func TestAnotherKey(t *testing.T) {
	run := sample()
	record := encodeRun(run)
	run.ID[15]++
	for _, key := range [][]byte{run.ID[:], run.ID[:15], nil} {
		if _, err := decodeRun(key, record); err == nil {
			t.Errorf("the record was read under the key %x", key)
		}
	}
}
