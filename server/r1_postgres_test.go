//go:build unix

package server_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"testing"

	"github.com/jackc/pgx/v5"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	"nudge/store/nodes"
	"nudge/store/postgres"
	"nudge/store/postgres/pgtest"
)

// postgresURL is a database whose store may go.
var postgresURL = flag.String("postgres", "", "a database for BenchmarkR1Postgres, which drops the schema nudge of it; without it the server of the tests, whose disk is in memory")

// BenchmarkR1Postgres is R1 with all partitions in PostgreSQL, which shares the machine:
//
//	go test ./server -run '^$' -bench R1Postgres -benchtime 20000x -args -postgres postgres://…
func BenchmarkR1Postgres(b *testing.B) {
	for _, size := range []int{1, 100} {
		for _, partitions := range []int{4, 16} {
			b.Run(fmt.Sprintf("%d/%d", size, partitions), func(b *testing.B) {
				defer debug.SetGCPercent(debug.SetGCPercent(200))
				r := newR1Postgres(b, partitions)
				defer r.stop()
				callers := 256
				if size > 1 {
					callers = 8
				}
				r.run(b, callers, size)
			})
		}
	}
}

var r1Key = flag.String("r1-key", "", "more of the trigger of BenchmarkR1Postgres, such as `, key: event.order`")

// alone is a node that has all partitions.
type alone struct{ runner.Elsewhere }

func (alone) Has(int) bool          { return true }
func (alone) Ordered()              {}
func (alone) Lost(_ int, err error) { panic(err) }

func newR1Postgres(tb testing.TB, partitions int) *r1 {
	r := &r1{tb: tb, done: make(chan error, 1), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512, MaxConnsPerHost: 512}}}
	url := *postgresURL
	if url == "" {
		url = pgtest.Start(tb).Database(tb)
	} else { // each benchmark begins several times
		c, err := pgx.Connect(context.Background(), url)
		r.check(err)
		_, err = c.Exec(context.Background(), "DROP SCHEMA IF EXISTS nudge CASCADE")
		r.check(errors.Join(err, c.Close(context.Background())))
	}
	r.sink = httptest.NewServer(http.HandlerFunc(r.receive))
	d, err := postgres.Open(context.Background(), url, slog.New(slog.DiscardHandler))
	r.check(err)
	tb.Cleanup(d.Close)
	r.check(d.Make(context.Background(), partitions))
	registry, all := d.Registry(), make([]int, partitions)
	for p := range all {
		all[p] = p
	}
	r.check(registry.Join(context.Background(), nodes.Node{ID: "bench"}, 1<<40))
	taken, err := registry.Take(context.Background(), "bench", all)
	r.check(err)
	var views []*store.Store
	seed, err := d.Seed(context.Background())
	r.check(err)
	own := make([]*store.Store, partitions)
	for n, p := range taken {
		kv := d.Owned(n, p.Owner, p.Epoch)
		r.check(store.CreateSeeded(kv, seed.Installation(), engine.Partition{Number: n, Of: partitions}, seed.AuditKey()))
		own[n], err = store.Open(kv)
		r.check(err)
		views = append(views, store.View(d.Reader(n)))
	}
	r.store = store.Join(views)
	r.size = func() int64 { n, _ := d.Size(); return n }
	run, err := runner.NewShared(views, alone{}, runner.Config{Channel: r.channel()})
	r.check(err)
	r.opened = func(run *runner.Runner) {
		for n, s := range own {
			core, err := s.Engine()
			r.check(err)
			r.check(run.Open(context.Background(), n, runner.Part{Store: s, Core: core}))
		}
	}
	r.serve(run, *r1Key)
	return r
}
