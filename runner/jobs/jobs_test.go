package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"nudge/engine"
	"nudge/runner/jobs"
	"nudge/store"
	"nudge/store/memory"
)

// open returns a store over a KV, and a manager of its jobs.
func open(t *testing.T, kv store.KV, define func(*jobs.Manager)) (*jobs.Manager, *store.Store) {
	t.Helper()
	s, err := store.Open(kv)
	must(t, err)
	m := jobs.New(jobs.Config{Store: s, Fail: func(err error) { t.Error(err) }})
	if define != nil {
		define(m)
	}
	must(t, m.Open())
	t.Cleanup(m.Close)
	return m, s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var ops = engine.Actor{Name: "ops"}

// ended waits until a job works no more, and returns it.
func ended(t *testing.T, m *jobs.Manager, id string) *store.Job {
	t.Helper()
	<-m.Ended(id)
	j, err := m.Job(id)
	must(t, err)
	return j
}

// TestChanged holds that those who follow jobs hear of each change.
func TestChanged(t *testing.T) {
	s, err := store.Open(new(memory.KV))
	must(t, err)
	var mu sync.Mutex
	heard := map[string]int{}
	m := jobs.New(jobs.Config{Store: s, Fail: func(err error) { t.Error(err) }, Changed: func(what string) {
		mu.Lock()
		defer mu.Unlock()
		heard[what]++
	}})
	must(t, m.Open())
	j, err := m.Start(ops, "plan", nil, func(_ context.Context, p *jobs.Task) (any, error) {
		p.Expect(2)
		p.Done(1)
		p.Failed(1)
		return nil, nil
	})
	must(t, err)
	ended(t, m, j.ID)
	m.Close()
	if want := map[string]int{"asked": 1, "changed": 3, "ended": 1}; !maps.Equal(heard, want) {
		t.Errorf("they heard %v, want %v", heard, want)
	}
}

// TestComputation follows a job from its beginning to its result.
func TestComputation(t *testing.T) {
	m, _ := open(t, new(memory.KV), nil)
	half, goOn := make(chan struct{}), make(chan struct{})
	j, err := m.Start(ops, "plan", map[string]string{"flow": "sale"}, func(_ context.Context, p *jobs.Task) (any, error) {
		p.Expect(4)
		p.Done(2)
		p.Skipped("ended meanwhile", 1)
		close(half)
		<-goOn
		p.Failed(1)
		return map[string]int{"runs": 2}, nil
	})
	must(t, err)
	<-half
	shown, err := m.Job(j.ID)
	must(t, err)
	if p := shown.Progress; shown.State != store.JobRunning || p.Done != 2 || p.Total != 4 || p.Skipped["ended meanwhile"] != 1 {
		t.Errorf("half way it is %s with %+v", shown.State, p)
	}
	close(goOn)
	end := ended(t, m, j.ID)
	if end.State != store.JobDone || string(end.Result) != `{"runs":2}` || string(end.Params) != `{"flow":"sale"}` || end.Progress.Failed != 1 || end.Ended == 0 || end.By != ops {
		t.Errorf("it ended as %+v", end)
	}
}

// TestHowJobsEnd has a case for each way in which a job does not come to its end.
func TestHowJobsEnd(t *testing.T) {
	m, _ := open(t, new(memory.KV), nil)
	for name, c := range map[string]struct {
		body          jobs.Body
		problem, hint string
	}{
		"an error": {func(context.Context, *jobs.Task) (any, error) { return nil, errors.New("no disk") }, "no disk", ""},
		"a problem": {func(context.Context, *jobs.Task) (any, error) {
			return nil, &jobs.Problem{Detail: "no audience", Hint: "add one"}
		}, "no audience", "add one"},
		"a panic":        {func(context.Context, *jobs.Task) (any, error) { panic("oops") }, "a fault of ours: oops", "the log of the server"},
		"a large result": {func(context.Context, *jobs.Task) (any, error) { return strings.Repeat("x", 5<<20), nil }, "and at most 4194304 are kept", "ask for less"},
		"no JSON":        {func(context.Context, *jobs.Task) (any, error) { return func() {}, nil }, "the result does not encode", ""},
	} {
		t.Run(name, func(t *testing.T) {
			j, err := m.Start(ops, "plan", nil, c.body)
			must(t, err)
			end := ended(t, m, j.ID)
			if end.State != store.JobFailed || !strings.Contains(end.Problem, c.problem) || !strings.Contains(end.Hint, c.hint) {
				t.Errorf("it is %s: %q, %q", end.State, end.Problem, end.Hint)
			}
		})
	}
}

// untilStopped is a body that works until it is stopped.
func untilStopped(ctx context.Context, p *jobs.Task) (any, error) {
	p.Done(1)
	<-ctx.Done()
	return map[string]string{"so": "far"}, ctx.Err()
}

// TestStop stops a job that works, one that waits and one that is over, and fills the queue.
func TestStop(t *testing.T) {
	m, _ := open(t, new(memory.KV), nil)
	var all []*store.Job
	for {
		j, err := m.Start(ops, "plan", nil, untilStopped)
		if errors.Is(err, jobs.ErrBusy) {
			break
		}
		must(t, err)
		all = append(all, j)
	}
	if len(all) != 2+32 {
		t.Errorf("%d jobs were taken", len(all))
	}
	last := all[len(all)-1]
	j, err := m.Stop(last.ID)
	must(t, err)
	if j.State != store.JobStopped || j.Started != 0 {
		t.Errorf("one that waited is %s, begun %s", j.State, j.Started)
	}
	_, err = m.Stop(all[0].ID)
	must(t, err)
	if end := ended(t, m, all[0].ID); end.State != store.JobStopped || string(end.Result) != `{"so":"far"}` || end.Progress.Done != 1 {
		t.Errorf("one that worked is %+v", end)
	}
	if _, err := m.Stop(all[0].ID); !errors.Is(err, jobs.ErrOver) {
		t.Errorf("one that is over: %v", err)
	}
	if _, err := m.Stop("nobody"); !errors.Is(err, store.ErrNoJob) {
		t.Errorf("one that is not there: %v", err)
	}
	if _, err := m.Start(ops, "plan", strings.Repeat("x", 65<<10), untilStopped); !errors.Is(err, jobs.ErrTooLarge) {
		t.Errorf("large parameters: %v", err)
	}
}

// counting is a body that counts to ten, says so at each number, and saves where it is.
func counting(at chan<- int, goOn <-chan struct{}) jobs.Body {
	return func(ctx context.Context, p *jobs.Task) (any, error) {
		n := 0
		if _, err := p.Cursor(&n); err != nil {
			return nil, err
		}
		for p.Expect(10); n < 10; n++ {
			at <- n
			select {
			case <-goOn:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			p.Done(1)
			if err := p.Save(n + 1); err != nil {
				return nil, err
			}
		}
		return map[string]int{"counted": n}, nil
	}
}

// TestRestart stops the process during a job that goes on and during a computation.
func TestRestart(t *testing.T) {
	kv := new(memory.KV)
	at, goOn := make(chan int, 100), make(chan struct{}, 100)
	define := func(m *jobs.Manager) { m.Define("count", counting(at, goOn)) }
	m, _ := open(t, kv, define)
	count, err := m.Start(ops, "count", nil, nil)
	must(t, err)
	plan, err := m.Start(ops, "plan", nil, untilStopped)
	must(t, err)
	waits, err := m.Start(ops, "count", nil, nil)
	must(t, err)
	goOn <- struct{}{}
	goOn <- struct{}{}
	for n := -1; n < 2; n = <-at {
	}
	m.Close()
	if _, err := m.Start(ops, "plan", nil, untilStopped); !errors.Is(err, jobs.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}

	for range 98 {
		goOn <- struct{}{}
	}
	m, _ = open(t, kv, define)
	if end := ended(t, m, plan.ID); end.State != store.JobInterrupted || end.Hint == "" {
		t.Errorf("the computation is %s", end.State)
	}
	for _, id := range []string{count.ID, waits.ID} {
		if end := ended(t, m, id); end.State != store.JobDone || end.Progress.Done != 10 || end.Progress.Total != 10 || string(end.Result) != `{"counted":10}` {
			t.Errorf("the count is %s with %+v and %s", end.State, end.Progress, end.Result)
		}
	}
}

// TestKill opens a store again whose process had no time to end its jobs.
func TestKill(t *testing.T) {
	kv := new(memory.KV)
	s, err := store.Open(kv)
	must(t, err)
	for i, stop := range []bool{false, true} {
		must(t, s.AddJob(&store.Job{ID: fmt.Sprint("0", i), Kind: "count", State: store.JobRunning, Stop: stop, Cursor: json.RawMessage("7"), Progress: store.JobProgress{Done: 7}}, 10))
	}
	must(t, s.AddJob(&store.Job{ID: "02", Kind: "plan", State: store.JobRunning}, 10))
	at, goOn := make(chan int, 10), make(chan struct{}, 10)
	for range 3 {
		goOn <- struct{}{}
	}
	m, _ := open(t, kv, func(m *jobs.Manager) { m.Define("count", counting(at, goOn)) })
	for id, want := range map[string]store.JobState{"00": store.JobDone, "01": store.JobStopped, "02": store.JobInterrupted} {
		if end := ended(t, m, id); end.State != want {
			t.Errorf("%s is %s, want %s", id, end.State, want)
		}
	}
	if n := <-at; n != 7 {
		t.Errorf("it went on at %d", n)
	}
}
