package bulk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/runner/bulk"
	"nudge/runner/jobs"
	"nudge/store"
	"nudge/store/memory"
)

// mortal is a KV whose process is killed after some commits: from then on nothing reaches it.
type mortal struct {
	store.KV
	left atomic.Int64 // commits until then; at 0 it is dead
	dead chan struct{}
}

var errKilled = errors.New("the process was killed")

func (m *mortal) Update(f func(store.Writer) error) error {
	n := m.left.Add(-1)
	if n == 0 {
		close(m.dead)
	}
	if n <= 0 {
		return errKilled
	}
	return m.KV.Update(f)
}

func (m *mortal) Close() error { return nil }

// process is a store, a runner and a manager of jobs.
type process struct {
	t      *testing.T
	kv     *mortal
	store  *store.Store
	runner *runner.Runner
	jobs   *jobs.Manager
	bulk   *bulk.Bulk
	stop   func()
}

// provider refuses what goes to people whose number is wrong.
type provider struct{}

func (provider) Send(_ context.Context, m channels.Message) channels.Result {
	return channels.Result{Outcome: channels.Accepted, ProviderID: m.Ref.Run}
}

const forever = 1 << 40

func begin(t *testing.T, under *memory.KV, commits int64) *process {
	t.Helper()
	p := &process{t: t, kv: &mortal{KV: under, dead: make(chan struct{})}}
	p.kv.left.Store(commits)
	var err error
	p.store, err = store.Open(p.kv)
	must(t, err)
	core, err := p.store.Engine()
	must(t, err)
	p.runner, err = runner.New(p.store, core, runner.Config{Accounts: []runner.Account{{Channel: provider{}, Senders: 4}}})
	must(t, err)
	running, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.runner.Run(running) }()
	p.jobs = jobs.New(jobs.Config{Store: p.store})
	p.bulk = bulk.New(p.store, p.runner, p.jobs)
	must(t, p.jobs.Open())
	stopped := false
	p.stop = func() {
		if !stopped {
			stopped = true
			p.jobs.Close()
			cancel()
			<-ended
		}
	}
	t.Cleanup(p.stop)
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *process) submit(inputs ...*engine.Input) {
	p.t.Helper()
	tickets := []*runner.Ticket{}
	for _, in := range inputs {
		ticket, err := p.runner.Begin(in)
		must(p.t, err)
		tickets = append(tickets, ticket)
	}
	for _, ticket := range tickets {
		_, err := ticket.Wait(context.Background())
		must(p.t, err)
	}
}

func (p *process) deploy(flow string) {
	p.t.Helper()
	project, list := flows.Load(fstest.MapFS{"flows/tell.yaml": {Data: []byte(flow)}})
	must(p.t, list.Err())
	p.submit(&engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
}

const (
	broken = "flow: tell\ntrigger: { event: told, key: event.id }\ndata: { id: string, n: number }\nentry: { if_running: skip }\nsteps:\n" +
		"  - { id: share, set: { part: = 10 % int(data.n) } }\n  - wait: 1h\n"
	fixed = "flow: tell\ntrigger: { event: told, key: event.id }\ndata: { id: string, n: number }\nentry: { if_running: skip }\nsteps:\n" +
		"  - { id: share, set: { part: \"= data.n == 0 ? 0 : 10 % int(data.n)\" } }\n  - wait: 1h\n"
)

// fail starts runs that fail at once.
func (p *process) fail(runs int) {
	p.t.Helper()
	for from := 0; from < runs; from += 1000 {
		var all []*engine.Input
		for i := from; i < min(from+1000, runs); i++ {
			all = append(all, &engine.Input{Payload: &engine.Event{Type: "told", Profile: fmt.Sprint("p", i), Data: fmt.Appendf(nil, `{"id":"O%d","n":0}`, i)}})
		}
		p.submit(all...)
	}
}

// start begins a job for what a filter selects, as the server does.
func (p *process) start(kind string, f store.RunFilter) (*store.Job, *bulk.Count) {
	p.t.Helper()
	count, err := p.bulk.Count(p.t.Context(), kind, f)
	must(p.t, err)
	j, err := p.jobs.Start(engine.Actor{Name: "ops"}, kind, bulk.Params{Filter: f, Reason: "as asked", Runs: count.Runs, At: count.At}, nil)
	must(p.t, err)
	return j, count
}

// end returns a job once it is over, and what it came to.
func (p *process) end(id string) (*store.Job, bulk.Result) {
	p.t.Helper()
	<-p.jobs.Ended(id)
	j, err := p.jobs.Job(id)
	must(p.t, err)
	var r bulk.Result
	if len(j.Result) > 0 {
		must(p.t, json.Unmarshal(j.Result, &r))
	}
	return j, r
}

// each visits every run.
func (p *process) each(visit func(*engine.Run)) {
	p.t.Helper()
	for q := (store.Query{Limit: store.MaxPage}); ; {
		page, err := p.store.List(q)
		must(p.t, err)
		for _, r := range page.Runs {
			visit(r)
		}
		if q.Before = page.Next; page.Next == (engine.RunID{}) {
			return
		}
	}
}

func times(r *engine.Run, kind engine.Kind) (n int) {
	for _, e := range r.Timeline {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// TestRetryKilled retries 10,000 failed runs, is killed in the middle several times, and retries each of them once. What the
// count said and what happened add up.
func TestRetryKilled(t *testing.T) {
	const runs = 10_000
	kv := new(memory.KV)
	p := begin(t, kv, forever)
	p.deploy(broken)
	p.fail(runs)
	p.deploy(fixed)
	j, count := p.start(bulk.Retry, store.RunFilter{Flow: "tell", Outcome: engine.OutcomeFailed})
	if count.Runs != runs || len(count.Examples) != 5 || count.At == 0 {
		t.Fatalf("the count says %d runs, with %d examples, at %s", count.Runs, len(count.Examples), count.At)
	}
	p.stop()
	kills := 0
	for commits := int64(7); ; commits += 5 {
		p = begin(t, kv, commits)
		select {
		case <-p.kv.dead:
			kills++
			p.stop()
			continue
		case <-p.jobs.Ended(j.ID):
		}
		break
	}
	p.stop()
	p = begin(t, kv, forever)
	end, result := p.end(j.ID)
	sum := result.Done
	for _, n := range result.Skipped {
		sum += n
	}
	if end.State != store.JobDone || kills < 3 || result.Counted != runs || sum != runs || result.Done != runs || end.Progress.Done != runs || end.Progress.Total != runs {
		t.Errorf("after %d kills it is %s with %+v and %+v", kills, end.State, end.Progress, result)
	}
	seen := 0
	p.each(func(r *engine.Run) {
		if seen++; !r.Live() || times(r, engine.KindRetried) != 1 {
			t.Fatalf("run %s is %s, and was tried again %d times", r.ID, r.Status, times(r, engine.KindRetried))
		}
	})
	if seen != runs {
		t.Errorf("%d runs are there", seen)
	}
	report, err := p.store.Check()
	must(t, err)
	for _, problem := range report.Problems {
		t.Error(problem)
	}
}

// TestDifferenceIsSaid has runs among the counted ones that cannot be retried by then, and one that fails again.
func TestDifferenceIsSaid(t *testing.T) {
	p := begin(t, new(memory.KV), forever)
	p.deploy(broken)
	p.fail(20)
	p.deploy(fixed)
	f := store.RunFilter{Flow: "tell"}
	count, err := p.bulk.Count(t.Context(), bulk.Retry, f)
	must(t, err)
	var again []*engine.Input
	for i := range 3 { // they come again, and live
		again = append(again, &engine.Input{Payload: &engine.Event{Type: "told", Profile: fmt.Sprint("p", i), Data: fmt.Appendf(nil, `{"id":"O%d","n":1}`, i)}})
	}
	p.submit(again...)
	p.submit(&engine.Input{Payload: &engine.ProfileChange{Profile: "p9", Forget: true}})
	j, err := p.jobs.Start(engine.Actor{Name: "ops"}, bulk.Retry, bulk.Params{Filter: f, Runs: count.Runs, At: count.At}, nil)
	must(t, err)
	end, result := p.end(j.ID)
	skipped := 0
	for _, n := range result.Skipped {
		skipped += n
	}
	if end.State != store.JobDone || result.Counted != 20 || result.Done != 16 || skipped != 4 || result.Skipped[engine.NoRetryRuns] != 3 {
		t.Errorf("it is %s with %+v", end.State, result)
	}
	if j, _ = p.start(bulk.Retry, f); j != nil {
		if _, result = p.end(j.ID); result.Done != 0 {
			t.Errorf("a second job retried %d runs", result.Done)
		}
	}
}

// TestStillBroken retries runs that fail again at once, each of them once.
func TestStillBroken(t *testing.T) {
	p := begin(t, new(memory.KV), forever)
	p.deploy(broken)
	p.fail(600)
	j, count := p.start(bulk.Retry, store.RunFilter{Outcome: engine.OutcomeFailed})
	if _, result := p.end(j.ID); result.Done != 600 || count.Runs != 600 {
		t.Errorf("of %d it retried %+v", count.Runs, result)
	}
	p.each(func(r *engine.Run) {
		if n := times(r, engine.KindRetried); n != 1 || r.Outcome != engine.OutcomeFailed {
			t.Fatalf("run %s was tried again %d times", r.ID, n)
		}
	})
}

// TestCancelMany cancels the live runs of a filter, and no others.
func TestCancelMany(t *testing.T) {
	p := begin(t, new(memory.KV), forever)
	p.deploy(fixed)
	p.fail(700)
	j, count := p.start(bulk.Cancel, store.RunFilter{Step: "wait_1"})
	p.submit(&engine.Input{Payload: &engine.Event{Type: "told", Profile: "late", Data: []byte(`{"id":"late","n":1}`)}})
	end, result := p.end(j.ID)
	if count.Runs != 700 || end.State != store.JobDone || result.Done != 700 {
		t.Errorf("of %d it is %s with %+v", count.Runs, end.State, result)
	}
	p.each(func(r *engine.Run) {
		if want := r.Profile == "late"; r.Live() != want {
			t.Fatalf("run %s of %s is %s", r.ID, r.Profile, r.Status)
		}
	})
}

// TestStopMany stops a job, whose progress then says what it has done.
func TestStopMany(t *testing.T) {
	p := begin(t, new(memory.KV), forever)
	p.deploy(fixed)
	p.fail(3000)
	j, _ := p.start(bulk.Cancel, store.RunFilter{Flow: "tell"})
	_, err := p.jobs.Stop(j.ID)
	must(t, err)
	end, result := p.end(j.ID)
	cancelled := 0
	p.each(func(r *engine.Run) {
		if !r.Live() {
			cancelled++
		}
	})
	if end.State != store.JobStopped || end.Progress.Done != cancelled || len(end.Result) > 0 && result.Done != cancelled {
		t.Errorf("it is %s with %+v, and %d runs are cancelled", end.State, end.Progress, cancelled)
	}
}

// TestOvertaken has a job that comes to runs which another job has retried meanwhile: what it counted still adds up.
func TestOvertaken(t *testing.T) {
	p := begin(t, new(memory.KV), forever)
	p.deploy(broken)
	p.fail(300)
	p.submit(&engine.Input{Payload: &engine.ProfileChange{Profile: "p9", Forget: true}})
	more := true
	for more {
		var err error
		more, err = p.store.Erase()
		must(t, err)
	}
	p.deploy(fixed)
	f := store.RunFilter{Flow: "tell", Outcome: engine.OutcomeFailed}
	count, err := p.bulk.Count(t.Context(), bulk.Retry, f)
	must(t, err)
	params := bulk.Params{Filter: f, Runs: count.Runs, Skipped: count.Skipped, At: count.At}
	for i, want := range []bulk.Result{
		{Counted: 300, Done: 299, Skipped: map[string]int{engine.NoRetryForgotten: 1}},
		{Counted: 300, Done: 0, Skipped: map[string]int{engine.NoRetryForgotten: 1, bulk.NotSelected: 299}},
	} {
		j, err := p.jobs.Start(engine.Actor{Name: "ops"}, bulk.Retry, params, nil)
		must(t, err)
		if end, result := p.end(j.ID); end.State != store.JobDone || !reflect.DeepEqual(result, want) {
			t.Errorf("job %d is %s with %+v, want %+v", i+1, end.State, result, want)
		}
	}
}
