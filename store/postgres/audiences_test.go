//go:build unix

package postgres_test

import (
	"bytes"
	"testing"

	"nudge/store/postgres/pgtest"
)

// TestShelf: a chunk is found by each of its bytes, stays as it was put first, and goes an hour later when nobody needs it.
func TestShelf(t *testing.T) {
	s := pgtest.Start(t)
	url := s.Database(t)
	d := open(t, url)
	if err := d.Make(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	shelf := d.Shelf()
	for at, lines := range map[int64]string{0: "ann\nbob\n", 8: "cid\n"} {
		for range 2 {
			if err := shelf.Put(t.Context(), "1-a.0", at, []byte(lines)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for at, want := range map[int64]string{0: "ann\nbob\n", 7: "ann\nbob\n", 8: "cid\n", 100: "cid\n"} {
		if got, _, err := shelf.Chunk("1-a.0", at); err != nil || string(got) != want {
			t.Errorf("byte %d is in %q, %v; want %q", at, got, err, want)
		}
	}
	if got, _, err := shelf.Chunk("1-b.0", 0); err != nil || got != nil {
		t.Errorf("an audience that there is not: %q, %v", got, err)
	}
	there := func() bool {
		got, _, err := shelf.Chunk("1-a.0", 0)
		return err == nil && len(got) > 0
	}
	drop := func(prefix string, names ...string) {
		t.Helper()
		if err := shelf.DropBut(prefix, names); err != nil {
			t.Fatal(err)
		}
	}
	if drop("1-"); !there() {
		t.Error("an audience of now is dropped")
	}
	s.Exec(t, url, "UPDATE nudge.audiences SET made = now() - interval '2 hours'")
	drop("1-", "1-b", "1-a")
	if drop("11-"); !there() {
		t.Error("an audience that is needed, or of another partition, is dropped")
	}
	if drop("1-", "1-b"); there() {
		t.Error("an audience that nobody needs is kept")
	}
}

// TestSeed: all nodes have the same seed, whose parts tell nothing of each other.
func TestSeed(t *testing.T) {
	s := pgtest.Start(t)
	url := s.Database(t)
	one, other := open(t, url), open(t, url)
	if err := one.Make(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	a, err := one.Seed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := other.Seed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a.Secret() != b.Secret() || len(a.Secret()) < 32 || a.Installation() != b.Installation() || !bytes.Equal(a.AuditKey(), b.AuditKey()) {
		t.Errorf("seeds of one store: %v and %v", a, b)
	}
}
