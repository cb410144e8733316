//go:build unix

package postgres_test

import (
	"log/slog"
	"testing"
	"time"

	"nudge/store"
	"nudge/store/nodes"
	"nudge/store/nodes/nodestest"
	"nudge/store/postgres"
	"nudge/store/postgres/pgtest"
	"nudge/store/storetest"
)

func open(t testing.TB, url string) *postgres.Database {
	t.Helper()
	d, err := postgres.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// made returns an empty store with some partitions, and its URL.
func made(t testing.TB, s *pgtest.Server, partitions int) (*postgres.Database, string) {
	t.Helper()
	url := s.Database(t)
	d := open(t, url)
	must(t, d.Make(t.Context(), partitions))
	join(t, d)
	return d, url
}

// join lets the node "n" join.
func join(t testing.TB, d *postgres.Database) {
	t.Helper()
	must(t, d.Registry().Join(t.Context(), nodes.Node{ID: "n"}, time.Hour))
}

// take makes the node "n" the owner of a partition, in a new epoch.
func take(t testing.TB, d *postgres.Database, partition int) store.KV {
	t.Helper()
	taken, err := d.Registry().Take(t.Context(), "n", []int{partition})
	must(t, err)
	if len(taken) != 1 {
		t.Fatalf("taken: %+v", taken)
	}
	return d.Owned(partition, "n", taken[0].Epoch)
}

func TestContract(t *testing.T) {
	s := pgtest.Start(t)
	for name, pooled := range map[string]bool{"alone": false, "behind PgBouncer": true} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) func() store.KV {
				d, url := made(t, s, 1)
				if pooled {
					d = open(t, s.PgBouncer(t, url))
				}
				return func() store.KV { return take(t, d, 0) }
			})
		})
	}
}

// TestPartitions runs the suite on one of four partitions, while the others have something under the same keys.
func TestPartitions(t *testing.T) {
	s := pgtest.Start(t)
	storetest.Run(t, func(t *testing.T) func() store.KV {
		d, _ := made(t, s, 4)
		for _, n := range []int{0, 1, 3} {
			must(t, take(t, d, n).Update(func(w store.Writer) error {
				for _, b := range store.Buckets {
					for _, key := range []string{"a", "b", "k", "1", "only 1"} {
						must(t, w.Put(b, []byte(key), []byte("of another partition")))
					}
				}
				return nil
			}))
		}
		return func() store.KV { return take(t, d, 2) }
	})
}

// TestTogether opens a divided store, and reads it as one: by its owner, and by somebody else.
func TestTogether(t *testing.T) {
	d, _ := made(t, pgtest.Start(t), 4)
	var own, others []store.KV
	for n := range 4 {
		own, others = append(own, take(t, d, n)), append(others, d.Reader(n))
	}
	all, err := store.OpenAll(own)
	must(t, err)
	for n := range all {
		must(t, own[n].Update(func(w store.Writer) error { return w.Put(store.Settled, []byte{0, 0, 0, 0, 0, 0, 0, byte(n)}, nil) }))
	}
	readers, err := store.OpenAll(others)
	must(t, err)
	for who, parts := range map[string][]*store.Store{"the owner": all, "a reader": readers} {
		before := d.Trips()
		found := 0
		must(t, store.Join(parts).Snapshot(func() {}, func(r []store.Reader) error {
			for _, r := range r {
				r.Ascend(store.Settled, nil, func(_, _ []byte) bool {
					found++
					return true
				})
			}
			return nil
		}))
		if trips := d.Trips() - before; found != 4 || trips != 4 {
			t.Errorf("%s: found %d entries in %d trips, want 4 in 4", who, found, trips)
		}
		if _, err := store.Join(parts).Counts(); err != nil {
			t.Errorf("%s: %v", who, err)
		}
	}
	if err := d.Reader(0).Update(func(store.Writer) error { return nil }); err == nil {
		t.Error("a reader changed a partition")
	}
}

func TestRegistry(t *testing.T) {
	s := pgtest.Start(t)
	for name, pooled := range map[string]bool{"alone": false, "behind PgBouncer": true} {
		t.Run(name, func(t *testing.T) {
			nodestest.Run(t, func(t *testing.T) nodes.Registry {
				url := s.Database(t)
				if pooled {
					url = s.PgBouncer(t, url)
				}
				d := open(t, url)
				must(t, d.Make(t.Context(), nodestest.Partitions))
				return d.Registry()
			})
		})
	}
}
