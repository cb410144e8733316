//go:build unix

package postgres_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/postgres"
	"nudge/store/postgres/pgtest"
)

// reference is a partition with the flow of the reference workload.
type reference struct {
	testing.TB
	d    *postgres.Database
	loop *runner.Loop
	now  time.Time
	of   engine.Partition
	next int // the next stranger
}

// strangers returns people of the partition who had no event yet.
func (r *reference) strangers(n int) (people []int) {
	for ; len(people) < n; r.next++ {
		if engine.PartitionOf(name(r.next), r.of.Of) == r.of.Number {
			people = append(people, r.next)
		}
	}
	return people
}

func name(person int) string { return fmt.Sprint("person-", person) }

func newReference(t testing.TB, s *pgtest.Server) *reference {
	d, _ := made(t, s, 1)
	r := &reference{TB: t, d: d, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	r.reopen()
	return r
}

// reopen takes the partition again.
func (r *reference) reopen() {
	r.loop = loopOn(r, take(r, r.d, 0))
}

// places is how many messages may be on their way.
const places = 1000

func loopOn(t testing.TB, kv store.KV) *runner.Loop {
	st, err := store.Open(kv)
	must(t, err)
	core, err := st.Engine()
	must(t, err)
	return runner.NewLoop(st, core, places)
}

// deploy deploys the flow.
func (r *reference) deploy() {
	project, list := flows.Load(fstest.MapFS{
		"flows/tell.yaml":      {Data: []byte("flow: tell\ntrigger: { event: told }\nsteps: [ { send: hello }, { wait: [ { read: hello }, { after: 1h } ] } ]\n")},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
	})
	if list.HasErrors() {
		r.Fatal(list)
	}
	r.step(0, &engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
}

// step applies inputs in one step.
func (r *reference) step(frees int, inputs ...*engine.Input) *runner.Step {
	r.Helper()
	r.now = r.now.Add(time.Millisecond)
	groups := make([]*runner.Group, len(inputs))
	for i, in := range inputs {
		groups[i] = &runner.Group{Inputs: []*engine.Input{in}, Frees: frees}
	}
	done, err := r.loop.Step(r.now, groups)
	must(r, err)
	return done
}

var events atomic.Int64

func event(person int) *engine.Input {
	return &engine.Input{ID: fmt.Sprint("e", events.Add(1)), Payload: &engine.Event{Type: "told", Profile: name(person)}}
}

func (r *reference) receipt(run engine.RunID, status channels.Status) *engine.Input {
	return &engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Status: status,
		Ref: channels.Ref{Installation: r.loop.Core().State.Installation.String(), Run: run.String(), Message: 1, Attempt: 1}}}}
}

func result(run engine.RunID) *engine.Input {
	return &engine.Input{Payload: &engine.SendResult{Run: run, Message: 1, Attempt: 1, Result: channels.Result{Outcome: channels.Accepted, ProviderID: "m" + run.String()}}}
}

// starts lets people begin, and returns their runs.
func (r *reference) starts(people ...int) (runs []engine.RunID) {
	var inputs []*engine.Input
	for _, p := range people {
		inputs = append(inputs, event(p))
	}
	for _, post := range r.step(0, inputs...).Posts {
		runs = append(runs, post.Run)
	}
	if len(runs) != len(people) {
		r.Fatalf("%d people, and %d runs that post", len(people), len(runs))
	}
	return runs
}

// TestTrips counts trips to the database: that of a commit, and those of the reads before it.
func TestTrips(t *testing.T) {
	r := newReference(t, pgtest.Start(t))
	r.deploy()
	count := func(what string, want int, do func()) {
		t.Helper()
		before := r.d.Trips()
		do()
		if n := r.d.Trips() - before; n != want {
			t.Errorf("%s: %d trips, want %d", what, n, want)
		}
	}
	each := func(runs []engine.RunID, input func(engine.RunID) *engine.Input) (inputs []*engine.Input) {
		for _, run := range runs {
			inputs = append(inputs, input(run))
		}
		return inputs
	}
	r.starts(1, 2, 3) // the first ones fill the cache with what all need
	var runs []engine.RunID
	count("events: what is not known of their people, and the commit", 2, func() { runs = r.starts(4, 5, 6) })
	count("results: the commit", 1, func() { r.step(len(runs), each(runs, result)...) })
	count("receipts that change nothing", 1, func() {
		r.step(0, each(runs, func(id engine.RunID) *engine.Input { return r.receipt(id, channels.Delivered) })...)
	})
	count("receipts that end the runs", 1, func() {
		r.step(0, each(runs, func(id engine.RunID) *engine.Input { return r.receipt(id, channels.Read) })...)
	})
	count("events of people who had a run", 2, func() { r.starts(4, 5, 6) })

	old, more := r.starts(7, 8, 9), r.starts(10, 11, 12)
	r.reopen()
	r.step(0, each(old, func(id engine.RunID) *engine.Input { return r.receipt(id, channels.Delivered) })...)
	count("receipts of runs that are not in the cache: they, their people, and the commit", 3, func() {
		r.step(0, each(more, func(id engine.RunID) *engine.Input { return r.receipt(id, channels.Read) })...)
	})
	count("receipts that say nothing new", 0, func() {
		r.step(0, each(more, func(id engine.RunID) *engine.Input { return r.receipt(id, channels.Read) })...)
	})
}

// TestListTrips counts the trips of those who read pages of runs, of which each has ended: an entry leads to a sign, and that to the record.
func TestListTrips(t *testing.T) {
	r := newReference(t, pgtest.Start(t))
	r.deploy()
	var people []int
	for i := range 60 {
		people = append(people, i)
	}
	var receipts []*engine.Input
	for _, run := range r.starts(people...) {
		receipts = append(receipts, r.receipt(run, channels.Read))
	}
	r.step(len(people), receipts...)
	s := store.View(r.d.Reader(0))
	for name, c := range map[string]struct {
		most int
		read func() int
	}{
		"runs": {6, func() int {
			page, err := s.List(store.Query{Limit: 50})
			must(t, err)
			return len(page.Runs)
		}},
		"runs of a status": {8, func() int {
			page, err := s.List(store.Query{Limit: 50, RunFilter: store.RunFilter{Status: "ended"}})
			must(t, err)
			return len(page.Runs)
		}},
	} {
		before := r.d.Trips()
		n := c.read()
		if trips := r.d.Trips() - before; n != 50 || trips > c.most {
			t.Errorf("%s: %d runs in %d trips, want 50 in at most %d", name, n, trips, c.most)
		}
	}
}

// openAll opens all partitions of a store, each with a loop and the flow.
func openAll(t testing.TB, d *postgres.Database, all []*reference) {
	var kvs []store.KV
	for n := range all {
		kvs = append(kvs, take(t, d, n))
	}
	stores, err := store.OpenAll(kvs)
	must(t, err)
	for n, st := range stores {
		core, err := st.Engine()
		must(t, err)
		all[n].loop = runner.NewLoop(st, core, places)
		all[n].deploy()
	}
}

// TestReturnedToHead holds that what is written before the head of a queue is read, also when nothing else of the queue is known: a message
// that goes back has its place before those that came after it.
func TestReturnedToHead(t *testing.T) {
	d, _ := made(t, pgtest.Start(t), 1)
	kv := take(t, d, 0)
	postgres.SmallCache(kv, 0)
	put := func(key string) {
		must(t, kv.Update(func(w store.Writer) error { return w.Put(store.Outbox, []byte(key), []byte("m")) }))
	}
	head := func() (first string) {
		must(t, kv.View(func(r store.Reader) error {
			r.Ascend(store.Outbox, nil, func(key, _ []byte) bool {
				first = string(key)
				return false
			})
			return nil
		}))
		return first
	}
	put("b")
	put("c")
	if got := head(); got != "b" {
		t.Fatalf("the head is %q, want b", got)
	}
	must(t, kv.Update(func(w store.Writer) error { return w.Delete(store.Outbox, []byte("b")) }))
	if got := head(); got != "c" {
		t.Fatalf("without b the head is %q, want c", got)
	}
	put("b")
	if got := head(); got != "b" {
		t.Errorf("once b is back the head is %q, want b", got)
	}
}
