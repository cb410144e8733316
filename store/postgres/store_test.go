//go:build unix

package postgres_test

import (
	"log/slog"
	"testing"

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

func TestContract(t *testing.T) {
	s := pgtest.Start(t)
	storetest.Run(t, func(t *testing.T) func() store.KV {
		url := s.Database(t)
		d := open(t, url)
		if err := d.Make(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		epoch := uint64(0)
		return func() store.KV {
			s.Exec(t, url, "UPDATE nudge.partitions SET owner = 'n', epoch = epoch + 1")
			epoch++
			return d.Owned(0, "n", epoch)
		}
	})
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
				if err := d.Make(t.Context(), nodestest.Partitions); err != nil {
					t.Fatal(err)
				}
				return d.Registry()
			})
		})
	}
}
