//go:build unix

package postgres_test

import (
	"fmt"
	"reflect"
	"testing"

	"nudge/store"
	"nudge/store/nodes"
	"nudge/store/postgres/pgtest"
)

// TestHolding: one trip says which partitions have keys with some beginnings, also those that end in the last byte there is.
func TestHolding(t *testing.T) {
	s := pgtest.Start(t)
	url := s.Database(t)
	d := open(t, url)
	if err := d.Make(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	s.Exec(t, url, "UPDATE nudge.partitions SET owner = 'n', epoch = 1")
	var readers []store.KV
	for p := range 4 {
		readers = append(readers, d.Reader(p))
		if err := d.Owned(p, nodes.ID("n"), 1).Update(func(w store.Writer) error {
			for _, key := range []string{"all", fmt.Sprint("only ", p), "\xff\xff\xff"}[:2+p%2] {
				if err := w.Put(store.Keys, []byte(key+" more"), nil); err != nil {
					return err
				}
			}
			return w.Put(store.Sent, []byte("sent"), nil)
		}); err != nil {
			t.Fatal(err)
		}
	}
	prefixes := [][]byte{[]byte("all"), []byte("only 2"), []byte("none"), []byte("\xff\xff\xff"), []byte("sent"), []byte("only 2 more and more")}
	found, possible, err := readers[1].(store.Holder).Holding(readers, store.Keys, prefixes)
	want := [][]int{{0, 1, 2, 3}, {2}, nil, {1, 3}, nil, nil}
	if err != nil || !possible || !reflect.DeepEqual(found, want) {
		t.Errorf("%v have keys: %v %t %v; want %v", prefixes, found, possible, err, want)
	}
	if found, possible, err := readers[0].(store.Holder).Holding(readers[:2], store.Keys, [][]byte{[]byte("only 1")}); err != nil || !possible || !reflect.DeepEqual(found, [][]int{{1}}) {
		t.Errorf("of two partitions these have it: %v %t %v", found, possible, err)
	}
}
