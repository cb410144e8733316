package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"nudge/engine"
	"nudge/store"
	"nudge/store/backup"
	"nudge/store/memory"
)

// stream is what a follower gets. It ends following with the first instant up to which everything is there.
type stream struct {
	bytes.Buffer
	end func()
}

func (s *stream) Write(p []byte) (int, error) {
	if p[0] == 'l' {
		defer s.end()
	}
	return s.Buffer.Write(p)
}

// allRecords are those of all partitions.
func allRecords(kvs []store.KV) map[string]string {
	all := map[string]string{}
	for n, kv := range kvs {
		_ = kv.View(func(r store.Reader) error {
			for _, b := range store.Buckets {
				r.Ascend(b, nil, func(key, value []byte) bool {
					all[fmt.Sprint(n, b, " ", string(key))] = string(value)
					return true
				})
			}
			return nil
		})
	}
	return all
}

// TestFollow: a backup that goes on is, wherever it is cut off, the store as it was after one of its commits, and a file
// that a commit needs is there.
func TestFollow(t *testing.T) {
	kept := []store.KV{new(memory.KV), new(memory.KV)}
	if err := store.CreateDivided(kept, engine.Installation{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	tap := backup.NewTap(kept)
	kvs := tap.KVs()
	dice := rand.New(rand.NewPCG(3, 9))
	states := []map[string]string{allRecords(kvs)}
	work := func(n int) {
		for range n {
			if err := kvs[dice.IntN(len(kvs))].Update(func(w store.Writer) (err error) {
				for range 1 + dice.IntN(8) {
					b, key := store.Buckets[1+dice.IntN(len(store.Buckets)-1)], fmt.Append(nil, dice.IntN(2), "-", dice.IntN(300))
					if dice.IntN(3) == 0 {
						err = errors.Join(err, w.Delete(b, key))
					} else {
						err = errors.Join(err, w.Put(b, key, make([]byte, dice.IntN(30))))
					}
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			states = append(states, allRecords(kvs))
		}
	}
	work(3) // nobody follows
	states = states[len(states)-1:]
	f, begin, err := tap.Follow(t.TempDir(), never)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := &stream{end: cancel}
	out.Buffer.Write(written(t, kvs, nil))
	begin()
	base := out.Len()
	work(200)
	files := func() ([]backup.File, error) {
		return []backup.File{{Name: "late.jsonl", Text: io.NopCloser(strings.NewReader("rows"))}}, nil
	}
	until := time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)
	if err := f.Send(ctx, out, files, func() time.Time { return until }); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if tap.Followers() != 1 || f.Close() != nil || tap.Followers() != 0 {
		t.Errorf("%d follow after the end", tap.Followers())
	}
	whole := out.Bytes()
	places := []int{base, base + 3, len(whole) - 1, len(whole)}
	for range 40 {
		places = append(places, base+dice.IntN(len(whole)-base))
	}
	slices.Sort(places)
	last := 0
	for _, cut := range places {
		into := []store.KV{new(memory.KV), new(memory.KV)}
		var heard time.Time
		late := new(bytes.Buffer)
		if err := apply(t.Context(), whole[:cut], into, late, func(at time.Time) { heard = at }); err != nil {
			t.Fatalf("cut off at %d of %d: %v", cut, len(whole), err)
		}
		got := allRecords(into)
		for last < len(states) && !maps.Equal(got, states[last]) {
			last++
		}
		switch {
		case last == len(states):
			t.Fatalf("cut off at %d of %d, the store is as it never was, or not after that of a shorter stream", cut, len(whole))
		case cut == base && last != 0:
			t.Errorf("the backup alone is commit %d, want the first one", last)
		case cut == len(whole) && (!maps.Equal(got, states[len(states)-1]) || heard != until || late.String() != "rows"):
			t.Errorf("the whole stream is commit %d of %d until %s, with the file %q", last, len(states)-1, heard, late)
		}
	}
	broken := bytes.Clone(whole)
	broken[base+40] ^= 1
	if err := apply(t.Context(), broken, []store.KV{new(memory.KV), new(memory.KV)}, new(bytes.Buffer), nil); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("with a wrong byte: %v", err)
	}
}

// apply puts a backup that goes on, or went on, into stores.
func apply(ctx context.Context, from []byte, into []store.KV, file *bytes.Buffer, heard func(time.Time)) error {
	b, err := backup.Read(bytes.NewReader(from))
	if err != nil {
		return err
	}
	makeFile := func(string) (io.WriteCloser, error) { return kept{file, new(bool)}, nil }
	if _, err := b.Copy(ctx, into, makeFile, nil); err != nil {
		return err
	}
	return b.Changes(ctx, into, makeFile, heard)
}

// visible calls seen when a transaction is kept, before its Update returns.
type visible struct {
	store.KV
	seen func()
}

func (k visible) Update(f func(store.Writer) error) error {
	err := k.KV.Update(f)
	if err == nil {
		k.seen()
	}
	return err
}

// TestFollowKeepsCausesFirst: what another partition writes because of what it sees comes later in the stream than that.
func TestFollowKeepsCausesFirst(t *testing.T) {
	var kvs []store.KV
	put := func(part int) error {
		return kvs[part].Update(func(w store.Writer) error { return w.Put(store.Profiles, []byte("key"), []byte{byte(part)}) })
	}
	tap := backup.NewTap([]store.KV{visible{new(memory.KV), func() {
		if err := put(1); err != nil {
			t.Error(err)
		}
	}}, new(memory.KV)})
	kvs = tap.KVs()
	f, begin, err := tap.Follow(t.TempDir(), never)
	if err != nil {
		t.Fatal(err)
	}
	begin()
	if err := put(0); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := &stream{end: cancel}
	if err := f.Send(ctx, out, func() ([]backup.File, error) { return nil, nil }, time.Now); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if part := out.Bytes()[5]; part != 0 { // behind the kind of the block and its length
		t.Errorf("partition %d comes first", part)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestFollowOutlivesRefusals: a transaction that its caller has taken back changes nothing, and nobody begins anew because of it.
func TestFollowOutlivesRefusals(t *testing.T) {
	tap := backup.NewTap([]store.KV{new(memory.KV)})
	f, begin, err := tap.Follow(t.TempDir(), never)
	if err != nil {
		t.Fatal(err)
	}
	begin()
	refused := errors.New("refused")
	if err := tap.KVs()[0].Update(func(store.Writer) error { return refused }); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := f.Send(ctx, &stream{end: cancel}, func() ([]backup.File, error) { return nil, nil }, time.Now); !errors.Is(err, context.Canceled) {
		t.Errorf("following ended: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func never() bool { return false }

// TestFollowGivesWay: what waits for a slow follower does not fill the disk of the server.
func TestFollowGivesWay(t *testing.T) {
	full := false
	tap := backup.NewTap([]store.KV{new(memory.KV)})
	f, begin, err := tap.Follow(t.TempDir(), func() bool { return full })
	if err != nil {
		t.Fatal(err)
	}
	begin()
	for range 3 {
		if err := tap.KVs()[0].Update(func(w store.Writer) error { return w.Put(store.Profiles, []byte("key"), make([]byte, 600<<10)) }); err != nil {
			t.Fatal(err)
		}
		full = true
	}
	none := func() ([]backup.File, error) { return nil, nil }
	if err := f.Send(t.Context(), io.Discard, none, time.Now); !errors.Is(err, backup.ErrBehind) {
		t.Errorf("following ended with %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
