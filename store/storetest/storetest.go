// Package storetest is the test suite that every backend of the store passes.
package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"nudge/store"
)

// Run tests a backend. The first call of open returns an empty backend. A later call
// returns one with the data that was durable when the backend before it was closed.
func Run(t *testing.T, open func(t *testing.T) func() store.KV) {
	for name, test := range map[string]func(*testing.T, func() store.KV){
		"keys come in byte order":             order,
		"an empty value is not an absent one": emptyValue,
		"a failed update leaves nothing":      rollback,
		"buckets are apart":                   apart,
		"what was committed survives closing": survives,
		"an update sees its own writes":       ownWrites,
		"descending starts before the key":    descend,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func put(t *testing.T, kv store.KV, b store.Bucket, keys ...string) {
	t.Helper()
	if err := kv.Update(func(w store.Writer) error {
		var errs []error
		for _, k := range keys {
			errs = append(errs, w.Put(b, []byte(k), []byte("value of "+k)))
		}
		return errors.Join(errs...)
	}); err != nil {
		t.Fatal(err)
	}
}

// keys reads the keys of a bucket from the given one on.
func keys(t *testing.T, kv store.KV, b store.Bucket, from string) (found []string) {
	t.Helper()
	if err := kv.View(func(r store.Reader) error {
		r.Ascend(b, []byte(from), func(k, v []byte) bool {
			if string(v) != "value of "+string(k) {
				t.Errorf("value of %q: got %q", k, v)
			}
			found = append(found, string(k))
			return true
		})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func expect(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func order(t *testing.T, open func() store.KV) {
	kv := open()
	defer kv.Close()
	put(t, kv, store.Runs, "b", "a\xff", "a", "c", "a\x00")
	expect(t, "all", keys(t, kv, store.Runs, ""), []string{"a", "a\x00", "a\xff", "b", "c"})
	expect(t, "from b", keys(t, kv, store.Runs, "b"), []string{"b", "c"})
	expect(t, "from between", keys(t, kv, store.Runs, "a\x01"), []string{"a\xff", "b", "c"})
	if err := kv.Update(func(w store.Writer) error {
		return errors.Join(w.Delete(store.Runs, []byte("b")), w.Delete(store.Runs, []byte("never there")))
	}); err != nil {
		t.Fatal(err)
	}
	expect(t, "after a delete", keys(t, kv, store.Runs, "a\xff"), []string{"a\xff", "c"})
}

func emptyValue(t *testing.T, open func() store.KV) {
	kv := open()
	defer kv.Close()
	if err := kv.Update(func(w store.Writer) error { return w.Put(store.Timers, []byte("k"), nil) }); err != nil {
		t.Fatal(err)
	}
	kv.View(func(r store.Reader) error {
		if r.Get(store.Timers, []byte("k")) == nil {
			t.Error("a key with an empty value: got nil")
		}
		if v := r.Get(store.Timers, []byte("other")); v != nil {
			t.Errorf("an absent key: got %q, want nil", v)
		}
		return nil
	})
}

func rollback(t *testing.T, open func() store.KV) {
	kv := open()
	defer kv.Close()
	put(t, kv, store.Runs, "a", "b")
	broken := errors.New("broken")
	if err := kv.Update(func(w store.Writer) error {
		w.Put(store.Runs, []byte("a"), []byte("changed"))
		w.Put(store.Runs, []byte("c"), []byte("new"))
		w.Delete(store.Runs, []byte("b"))
		return broken
	}); !errors.Is(err, broken) {
		t.Fatalf("got %v, want the error of the update", err)
	}
	expect(t, "after", keys(t, kv, store.Runs, ""), []string{"a", "b"})
}

func apart(t *testing.T, open func() store.KV) {
	kv := open()
	defer kv.Close()
	for i, b := range store.Buckets {
		put(t, kv, b, fmt.Sprint("only ", i))
	}
	for i, b := range store.Buckets {
		expect(t, b.String(), keys(t, kv, b, ""), []string{fmt.Sprint("only ", i)})
	}
}

func survives(t *testing.T, open func() store.KV) {
	kv := open()
	put(t, kv, store.Journal, "1", "2")
	if err := kv.Close(); err != nil {
		t.Fatal(err)
	}
	kv = open()
	defer kv.Close()
	expect(t, "after opening again", keys(t, kv, store.Journal, ""), []string{"1", "2"})
}

func ownWrites(t *testing.T, open func() store.KV) {
	kv := open()
	defer kv.Close()
	if err := kv.Update(func(w store.Writer) error {
		w.Put(store.Counts, []byte("k"), []byte("v"))
		if got := w.Get(store.Counts, []byte("k")); string(got) != "v" {
			t.Errorf("within the update: got %q, want %q", got, "v")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func descend(t *testing.T, open func() store.KV) {
	kv := open()
	defer kv.Close()
	put(t, kv, store.Ended, "a", "b", "c")
	down := func(before []byte) (found []string) {
		kv.View(func(r store.Reader) error {
			r.Descend(store.Ended, before, func(k, _ []byte) bool {
				found = append(found, string(k))
				return string(k) != "b" || before == nil
			})
			return nil
		})
		return found
	}
	expect(t, "from the end", down(nil), []string{"c", "b", "a"})
	expect(t, "before c, until b", down([]byte("c")), []string{"b"})
	expect(t, "before a key that is not there", down([]byte("bb")), []string{"b"})
	expect(t, "before all", down([]byte("0")), nil)
	expect(t, "before what follows all", down([]byte("z")), []string{"c", "b"})
}
