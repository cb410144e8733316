//go:build unix

package postgres_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"nudge/store"
	"nudge/store/memory"
	"nudge/store/postgres"
	"nudge/store/postgres/pgtest"
)

// TestModel does the same to a partition and to a store in memory, by chance, and compares everything that is read. Caches are small and
// large, and some readers are not the owner.
func TestModel(t *testing.T) {
	s := pgtest.Start(t)
	for name, cache := range map[string]int{"no cache": 0, "a small cache": 4000, "a large cache": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			d, _ := made(t, s, 1)
			kv := take(t, d, 0)
			postgres.SmallCache(kv, cache)
			m := &model{T: t, dice: rand.New(rand.NewPCG(3, uint64(cache))), want: new(memory.KV), got: kv, others: []store.KV{d.Reader(0), d.Pages(0)}}
			for i := range 300 {
				m.round = i
				m.step()
			}
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type model struct {
	*testing.T
	dice   *rand.Rand
	want   store.KV
	got    store.KV
	others []store.KV
	round  int
}

// Buckets of every table, and a versioned one.
var buckets = []store.Bucket{store.Timers, store.Runs, store.Journal, store.Counts}

// key is one of few keys, some with zeros and with 0xff, and some the beginning of others.
func (m *model) key() []byte {
	key := []byte{"abc"[m.dice.IntN(3)]}
	for m.dice.IntN(3) > 0 && len(key) < 5 {
		key = append(key, []byte{0, 1, 'k', 0xff}[m.dice.IntN(4)])
	}
	return key
}

var errUndo = errors.New("undo")

func (m *model) step() {
	if m.dice.IntN(3) > 0 {
		m.view()
		return
	}
	seed, undo := m.dice.Uint64(), m.dice.IntN(5) == 0
	do := func(kv store.KV) (read []string) {
		dice := rand.New(rand.NewPCG(seed, 1))
		err := kv.Update(func(w store.Writer) error {
			n := &model{dice: dice}
			for range dice.IntN(12) {
				b, key := buckets[dice.IntN(len(buckets))], n.key()
				switch dice.IntN(5) {
				case 0, 1:
					must(m, w.Put(b, key, []byte(fmt.Sprint(dice.IntN(3)))))
				case 2:
					must(m, w.Delete(b, key))
				default:
					read = append(read, n.read(w)...)
				}
			}
			if undo {
				return errUndo
			}
			return nil
		})
		if undo != errors.Is(err, errUndo) || !undo && err != nil {
			m.Fatalf("round %d: update: %v", m.round, err)
		}
		return read
	}
	m.compare("update", do(m.got), do(m.want))
}

func (m *model) view() {
	seed := m.dice.Uint64()
	got := m.got
	if m.dice.IntN(3) == 0 {
		got = m.others[m.dice.IntN(len(m.others))]
	}
	do := func(kv store.KV) (read []string) {
		n := &model{dice: rand.New(rand.NewPCG(seed, 1))}
		must(m, kv.View(func(r store.Reader) error {
			for range 1 + n.dice.IntN(8) {
				read = append(read, n.read(r)...)
			}
			return nil
		}))
		return read
	}
	m.compare(fmt.Sprintf("view of %T", got), do(got), do(m.want))
}

func (m *model) compare(what string, got, want []string) {
	m.Helper()
	if !slices.Equal(got, want) {
		m.Fatalf("round %d: %s: got\n%q\nwant\n%q", m.round, what, got, want)
	}
}

// read reads something and returns what it found.
func (m *model) read(r store.Reader) (found []string) {
	b, key, to, most := buckets[m.dice.IntN(len(buckets))], m.key(), m.key(), m.dice.IntN(30)
	if m.dice.IntN(4) == 0 {
		key = nil
	}
	visit := func(k, v []byte) bool {
		found = append(found, fmt.Sprintf("%s %q=%q", b, k, v))
		return len(found) <= most
	}
	far, isFar := r.(store.Far)
	switch m.dice.IntN(5) {
	case 0:
		r.Ascend(b, key, visit)
	case 1:
		r.Descend(b, key, visit)
	case 2:
		if bytes.Compare(key, to) > 0 {
			key, to = to, key
		}
		if isFar {
			far.Within(b, key, to, visit)
			return found
		}
		r.Ascend(b, key, func(k, v []byte) bool { return bytes.Compare(k, to) < 0 && visit(k, v) })
	case 3:
		if limit := m.dice.IntN(3); isFar {
			far.Ahead([]store.Want{{Bucket: b, From: to}, {Bucket: b, From: m.key(), To: []byte("d"), Limit: limit}, {Bucket: store.Counts, From: []byte("b"), To: []byte("c")}})
		} else {
			m.key()
		}
		return nil
	default:
		if v := r.Get(b, to); v != nil {
			found = append(found, fmt.Sprintf("%q is %q", to, v))
		}
	}
	return found
}
