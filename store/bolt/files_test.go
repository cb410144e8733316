package bolt_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/bolt"
)

// openExisting opens the only file of a store for reading.
func openExisting(dir string) (*bolt.KV, error) {
	files, err := bolt.OpenExisting(dir)
	if err != nil {
		return nil, err
	}
	return files[0], nil
}

// openDivided opens the store in a folder, and returns its partitions.
func openDivided(t *testing.T, dir string, partitions int) []*store.Store {
	t.Helper()
	files, err := bolt.OpenAll(dir, partitions)
	if err != nil {
		t.Fatal(err)
	}
	all, err := store.OpenAll(files.KVs())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func closeAll(t *testing.T, all []*store.Store) {
	t.Helper()
	if err := store.Join(all).Close(); err != nil {
		t.Fatal(err)
	}
}

// TestPartitionFiles holds that a store keeps the partitions with which it was made, and that one lock is on all of its files.
func TestPartitionFiles(t *testing.T) {
	dir := t.TempDir()
	all := openDivided(t, dir, 4)
	var of []engine.Installation
	for n, s := range all {
		state, err := s.State()
		if err != nil || state.Partition != (engine.Partition{Number: n, Of: 4}) {
			t.Errorf("partition %d is %+v: %v", n, state.Partition, err)
		}
		of = append(of, state.Installation)
	}
	if !of[1].SameStore(of[2]) || of[1] == of[2] {
		t.Errorf("the partitions are of %v", of)
	}
	if _, err := bolt.OpenAll(dir, 4); !errors.Is(err, bolt.ErrLocked) {
		t.Errorf("a second process: %v", err)
	}
	closeAll(t, all)
	all = openDivided(t, dir, 1)
	if state, err := all[3].State(); err != nil || len(all) != 4 || state.Installation != of[3] {
		t.Errorf("opened again it has %d partitions, the last of %v: %v", len(all), state.Installation, err)
	}
	closeAll(t, all)
	if made, err := bolt.Compact(t.Context(), dir, nil); err != nil || made.Before < 4*made.After/8 || made.After == 0 {
		t.Errorf("compacted: %+v, %v", made, err)
	}
	closeAll(t, openDivided(t, dir, 1))
	if _, err := bolt.Open(dir); err == nil || !strings.Contains(err.Error(), "has 4 partitions") {
		t.Errorf("opened as one file: %v", err)
	}
}

// TestPartitionFilesMade holds that a process which died while it made the files of a store leaves nothing in the way, at any point.
func TestPartitionFilesMade(t *testing.T) {
	for _, left := range [][]string{{"nudge-3.db"}, {"nudge-3.db", "nudge-2.db", "nudge-1.db"}, {"nudge-3.db", "nudge-2.db", "nudge-1.db", "nudge.db"}} {
		dir := t.TempDir()
		files, err := bolt.OpenAll(dir, 4) // without any records
		if err != nil {
			t.Fatal(err)
		}
		if err := files.Close(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"nudge.db", "nudge-1.db", "nudge-2.db", "nudge-3.db"} {
			if !strings.Contains(strings.Join(left, " "), name) {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		all := openDivided(t, dir, 4)
		if len(all) != 4 {
			t.Errorf("after %v there are %d partitions", left, len(all))
		}
		closeAll(t, all)
	}
}

// TestPartitionFilesLost holds that a store is not opened with a file missing, of another store, or in another's place.
func TestPartitionFilesLost(t *testing.T) {
	for name, c := range map[string]struct {
		change func(dir string) error
		want   string
	}{
		"the first is missing": {func(dir string) error { return os.Remove(filepath.Join(dir, "nudge.db")) }, "nudge.db is missing"},
		"the last is missing":  {func(dir string) error { return os.Remove(filepath.Join(dir, "nudge-3.db")) }, "has 4 partitions, and there are the files of 3"},
		"one is missing":       {func(dir string) error { return os.Remove(filepath.Join(dir, "nudge-2.db")) }, "has 4 partitions, and there are the files of 2"},
		"two are swapped": {func(dir string) error {
			one, two := filepath.Join(dir, "nudge-1.db"), filepath.Join(dir, "nudge-2.db")
			return errors.Join(os.Rename(one, one+".x"), os.Rename(two, one), os.Rename(one+".x", two))
		}, "where partition 1 should be is partition 2"},
		"one is of another store": {func(dir string) error {
			other := filepath.Join(dir, "other")
			files, err := bolt.OpenAll(other, 4)
			if err != nil {
				return err
			}
			all, err := store.OpenAll(files.KVs())
			if err != nil {
				return err
			}
			return errors.Join(store.Join(all).Close(), os.Rename(filepath.Join(other, "nudge-2.db"), filepath.Join(dir, "nudge-2.db")))
		}, "partition 2 is of the store"},
	} {
		dir := t.TempDir()
		closeAll(t, openDivided(t, dir, 4))
		if err := c.change(dir); err != nil {
			t.Fatal(err)
		}
		files, err := bolt.OpenAll(dir, 4)
		if err == nil {
			_, err = store.OpenAll(files.KVs())
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
