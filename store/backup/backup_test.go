package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"nudge/engine"
	"nudge/store"
	"nudge/store/backup"
	"nudge/store/memory"
)

// installation makes stores with records that only a backup looks at: some empty, some longer than a block.
func installation(t *testing.T, partitions int) (kvs []store.KV) {
	t.Helper()
	for range partitions {
		kvs = append(kvs, new(memory.KV))
	}
	if err := store.CreateDivided(kvs, engine.Installation{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(7, 7))
	for n, kv := range kvs {
		if err := kv.Update(func(w store.Writer) (err error) {
			for i := range 3000 {
				value := make([]byte, dice.IntN(40))
				if i%997 == 0 {
					value = make([]byte, 700<<10)
				}
				for j := range value {
					value[j] = byte(dice.IntN(256))
				}
				err = errors.Join(err, w.Put(store.Buckets[1+dice.IntN(len(store.Buckets)-1)], fmt.Append(nil, n, "-", i), value))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	return kvs
}

// written is a backup of stores.
func written(t *testing.T, kvs []store.KV, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	all, err := store.OpenAll(kvs)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Join(all).Snapshot(func() {}, func(parts []store.Reader) error {
		var list []backup.File
		for name, text := range files {
			list = append(list, backup.File{Name: name, Text: io.NopCloser(strings.NewReader(text))})
		}
		return backup.Write(t.Context(), &out, parts, list, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), "v1.2.3")
	}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// kept is a file that is kept in memory.
type kept struct {
	*bytes.Buffer
	closed *bool
}

func (k kept) Close() error { *k.closed = true; return nil }

// restored reads a backup into new stores.
func restored(ctx context.Context, from []byte) (kvs []store.KV, files map[string]string, err error) {
	b, err := backup.Read(bytes.NewReader(from))
	if err != nil {
		return nil, nil, err
	}
	for range b.Header.Partitions {
		kvs = append(kvs, new(memory.KV))
	}
	open := map[string]kept{}
	_, err = b.Copy(ctx, kvs, func(name string) (io.WriteCloser, error) {
		open[name] = kept{new(bytes.Buffer), new(bool)}
		return open[name], nil
	}, nil)
	files = map[string]string{}
	for name, f := range open {
		if files[name] = f.String(); !*f.closed {
			err = errors.Join(err, fmt.Errorf("%s was not closed", name))
		}
	}
	return kvs, files, err
}

// TestBackup: what is read of a backup is what was written, byte for byte.
func TestBackup(t *testing.T) {
	for _, partitions := range []int{1, 4} {
		kvs := installation(t, partitions)
		files := map[string]string{"a.jsonl": strings.Repeat("{}\n", 200_000), "empty.jsonl": ""}
		text := written(t, kvs, files)
		got, gotFiles, err := restored(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(gotFiles, files) {
			t.Errorf("over %d partitions: the files are not as they were", partitions)
		}
		for n := range kvs {
			for _, b := range store.Buckets {
				if want := kvs[n].(*memory.KV).Dump(b); !maps.EqualFunc(want, got[n].(*memory.KV).Dump(b), bytes.Equal) {
					t.Errorf("over %d partitions: %s of partition %d is not as it was", partitions, b, n)
				}
			}
		}
		b, err := backup.Read(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if records, err := b.Verify(t.Context()); err != nil || records < 3000*int64(partitions) {
			t.Errorf("the backup has %d records, %v", records, err)
		}
		if h := b.Header; h.Partitions != partitions || h.Store != store.Format || h.By != "v1.2.3" || h.Made.Hour() != 10 || !strings.HasPrefix(h.Installation, "010203") {
			t.Errorf("the header is %+v", h)
		}
	}
}

// TestDamagedBackup: a backup with another byte, or without its end, is never taken for whole.
func TestDamagedBackup(t *testing.T) {
	text := written(t, installation(t, 2), map[string]string{"a.jsonl": "{}\n"})
	dice := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		at := dice.IntN(len(text))
		if dice.IntN(2) == 0 {
			at = dice.IntN(2000) // the beginning, where lengths are
		}
		other := bytes.Clone(text)
		other[at] ^= 1 << dice.IntN(8)
		if _, _, err := restored(t.Context(), other); err == nil {
			t.Fatalf("a backup with another byte at %d is taken for whole", at)
		}
		_, _, err := restored(t.Context(), text[:at])
		if err == nil {
			t.Fatalf("a backup of %d bytes that ends at %d is taken for whole", len(text), at)
		}
		if at > 1000 && (!errors.Is(err, backup.ErrDamaged) || !strings.Contains(err.Error(), "not whole")) {
			t.Fatalf("a backup that ends at %d fails with: %v", at, err)
		}
	}
	if _, _, err := restored(t.Context(), append(bytes.Clone(text[:len(text)/2]), text[len(text)/2+1:]...)); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("a backup with a byte less fails with: %v", err)
	}
}

// TestOtherBackups: what cannot be read says why.
func TestOtherBackups(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "this is no backup",
		"\x28\xb5\x2f\xfd zstd, not a backup": "has to be decompressed first",
		"nudge backup\n":                      "it ends here, and is not whole",
	} {
		if _, _, err := restored(t.Context(), []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, _, err := restored(ended, written(t, installation(t, 1), nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("a copy that is ended fails with: %v", err)
	}
}

// TestReadFails: whoever cannot read learns why, and not that it is no backup.
func TestReadFails(t *testing.T) {
	broken := errors.New("no space left")
	if _, err := backup.Read(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("reading fails with %v", err)
	}
}
