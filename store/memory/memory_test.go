package memory_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"nudge/store"
	"nudge/store/memory"
	"nudge/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) func() store.KV {
		kv := new(memory.KV)
		return func() store.KV { return kv }
	})
}

// TestKeys compares the chunked list with a plain one, over many random additions and
// removals.
func TestKeys(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	kv := new(memory.KV)
	want := map[string]bool{}
	for i := range 20000 {
		key := fmt.Sprintf("%05d", dice.IntN(3000))
		if i%4000 < 1000 {
			key = fmt.Sprintf("x%05d", i) // in rising order
		}
		must(t, kv.Update(func(w store.Writer) error {
			if want[key] || dice.IntN(5) == 0 {
				delete(want, key)
				return w.Delete(store.Runs, []byte(key))
			}
			want[key] = true
			return w.Put(store.Runs, []byte(key), nil)
		}))
		if i%500 > 0 {
			continue
		}
		sorted := slices.Sorted(maps.Keys(want))
		from, _ := slices.BinarySearch(sorted, key)
		must(t, kv.View(func(r store.Reader) error {
			check := func(what string, got, want []string) {
				if !slices.Equal(got, want) {
					t.Fatalf("after %d: %s: %d keys, not %d", i, what, len(got), len(want))
				}
			}
			backward := func(list []string) []string {
				list = slices.Clone(list)
				slices.Reverse(list)
				return list
			}
			check("ascend", keys(r.Ascend, []byte(key)), sorted[from:])
			check("ascend from the first", keys(r.Ascend, nil), sorted)
			check("descend", keys(r.Descend, []byte(key)), backward(sorted[:from]))
			check("descend from the last", keys(r.Descend, nil), backward(sorted))
			return nil
		}))
	}
}

func keys(walk func(store.Bucket, []byte, func(key, value []byte) bool), from []byte) (found []string) {
	walk(store.Runs, from, func(key, _ []byte) bool {
		found = append(found, string(key))
		return true
	})
	return found
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
