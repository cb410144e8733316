package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"nudge/store"
	"nudge/store/bolt"
)

// grown makes a store's file of two buckets and drops most of the records again.
func grown(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []store.Bucket{store.Ended, store.Journal} {
		for from := 0; from < 30_000; from += 10_000 {
			if err := kv.Update(func(w store.Writer) error {
				for i := range 10_000 {
					if err := w.Put(b, fmt.Appendf(nil, "%08d", from+i), bytes.Repeat([]byte("x"), 400)); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := kv.Update(func(w store.Writer) error {
		for i := range 25_000 {
			if err := w.Delete(store.Ended, fmt.Appendf(nil, "%08d", i)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if kv.Free() < 8<<20 {
		t.Fatalf("%d bytes of the file are free, want some 10 MB", kv.Free())
	}
	if err := kv.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sums returns the number of records of each bucket of a store's file, and their bytes.
func sums(t *testing.T, dir string) map[store.Bucket][2]int {
	t.Helper()
	kv, err := openExisting(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer kv.Close()
	all := map[store.Bucket][2]int{}
	if err := kv.View(func(r store.Reader) error {
		for _, b := range store.Buckets {
			r.Ascend(b, nil, func(k, v []byte) bool {
				all[b] = [2]int{all[b][0] + 1, all[b][1] + len(k) + len(v)}
				return true
			})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCompact(t *testing.T) {
	dir := grown(t)
	path := filepath.Join(dir, bolt.FileName)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	// Half a copy, as a crash leaves it.
	if err := os.WriteFile(path+".compact", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	want, shown := sums(t, dir), int64(0)
	c, err := bolt.Compact(t.Context(), dir, func(done, whole int64) {
		if done < shown || done > whole {
			t.Errorf("%d of %d are copied after %d", done, whole, shown)
		}
		shown = done
	})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != c.After || c.After > c.Before*2/3 || shown == 0 {
		t.Errorf("the file has %d bytes, %v; Compact says %+v and showed %d", info.Size(), err, c, shown)
	}
	if info.Mode() != 0o640 {
		t.Errorf("the file has mode %o, want that of the old one, 640", info.Mode())
	}
	if got := sums(t, dir); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("after a compaction the records are %v, want %v", got, want)
	}
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer kv.Close()
	if kv.Free() > c.After/10 {
		t.Errorf("%d bytes of %d are free in the new file", kv.Free(), c.After)
	}
}

// TestCompactionCutShort verifies that the store is whole at every moment of a compaction,
// and unchanged if the compaction ends early.
func TestCompactionCutShort(t *testing.T) {
	dir := grown(t)
	want := sums(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	moments := 0
	_, err := bolt.Compact(ctx, dir, func(_, _ int64) {
		if moments++; moments == 2 {
			cancel()
		}
		crashed := t.TempDir()
		if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(crashed, bolt.FileName+".compact")); err != nil {
			t.Errorf("the copy is not beside the file: %v", err)
		}
		if got := sums(t, crashed); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("after a crash the records are %v, want %v", got, want)
		}
	})
	if !errors.Is(err, context.Canceled) || moments != 2 {
		t.Fatalf("cancelled at the second of %d moments: %v", moments, err)
	}
	if got := sums(t, dir); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the records are %v, want %v", got, want)
	}
	if _, err := os.Stat(filepath.Join(dir, bolt.FileName+".compact")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy is still there: %v", err)
	}
}

// TestOpenDuringCompaction verifies that a process gets the new file if it waited for the
// lock of a store during a compaction. Its writes to the old file would be lost.
func TestOpenDuringCompaction(t *testing.T) {
	dir := grown(t)
	opened := make(chan error, 1)
	started := false
	if _, err := bolt.Compact(t.Context(), dir, func(_, _ int64) {
		if started {
			return
		}
		started = true
		go func() { // ends when the compaction does
			kv, err := bolt.Open(dir)
			for errors.Is(err, bolt.ErrLocked) { // the compaction took longer than Open waits
				kv, err = bolt.Open(dir)
			}
			if err == nil {
				err = kv.Update(func(w store.Writer) error { return w.Put(store.Meta, []byte("late"), []byte("x")) })
				err = errors.Join(err, kv.Close())
			}
			opened <- err
		}()
	}); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	if got := sums(t, dir)[store.Meta]; got[0] != 1 {
		t.Errorf("what was written while the store was compacted is lost")
	}
}
