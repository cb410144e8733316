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

var (
	r1Key   = flag.String("r1-key", "", "more of the trigger of BenchmarkR1Postgres, such as `, key: event.order`")
	r1Trip  = flag.Duration("r1-trip", 0, "how much longer each trip of BenchmarkR1Postgres to the server of the tests takes")
	r1Waits = flag.Int("r1-waiting", 0, "runs that wait before BenchmarkR1Postgres begins")
)

// BenchmarkR1Postgres is R1 with all partitions in PostgreSQL, which shares the machine: single requests and arrays of a hundred, over
// 4 and 16 partitions.
//
//	go test ./server -run '^$' -bench R1Postgres -benchtime 20000x -postgres postgres://…
//	go test ./server -run '^$' -bench R1Postgres -benchtime 20000x -r1-trip 200us
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
				r.first = r.wait(*r1Waits)
				if r.database == nil {
					r.run(b, callers, size)
					return
				}
				cpu, log := r.database.CPU(b), r.database.LogBytes(b, r.url)
				r.run(b, callers, size)
				b.ReportMetric(float64((r.database.CPU(b)-cpu).Microseconds())/float64(b.N), "server-µs/run")
				b.ReportMetric(float64(r.database.LogBytes(b, r.url)-log)/float64(b.N), "WAL-B/run")
			})
		}
	}
}

// alone is a node that has all partitions.
type alone struct{ runner.Elsewhere }

func (alone) Has(int) bool          { return true }
func (alone) Ordered()              {}
func (alone) Lost(_ int, err error) { panic(err) }

// r1Postgres is R1 over a database.
type r1Postgres struct {
	*r1
	database *pgtest.Server // of the tests; nil: another one
	url      string
}

// wait starts runs that wait, and returns how many.
func (r *r1Postgres) wait(n int) int {
	r.fan(8, n, 100, r.start)
	if n > 0 {
		r.until(func(c *store.VersionCounts) bool { return c.Parked[1] == uint64(n) })
	}
	return n
}

func newR1Postgres(tb testing.TB, partitions int) *r1Postgres {
	r := &r1Postgres{r1: &r1{tb: tb, done: make(chan error, 1), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512, MaxConnsPerHost: 512}}}}
	url := *postgresURL
	if url == "" {
		r.database = pgtest.Start(tb)
		r.url = r.database.Database(tb)
		var proxy *pgtest.Proxy
		if url = r.url; *r1Trip > 0 {
			proxy, url = r.database.Proxy(tb, r.url)
			proxy.RoundTrip(*r1Trip)
		}
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
