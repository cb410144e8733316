package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// maxPages is how many pages a run of the reference workload may touch in its life. Pages
// at the end of their bucket do not count, because all writes of about the same time share
// them. The two pages are the one with the person's entry, and the run's own when it ends.
const maxPages = 2

// TestPages counts these pages: among many waiting runs, an event starts a run, its
// message is accepted, and a receipt ends it, all in random order.
func TestPages(t *testing.T) {
	const waiting, counted = 6000, 1000
	dice := rand.New(rand.NewPCG(8, 8))
	kv := &counter{KV: new(memory.KV), edge: 100, touched: map[store.Bucket]int{}}
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	project, list := flows.Load(fstest.MapFS{
		"flows/tell.yaml":      {Data: []byte("flow: tell\ntrigger: { event: told }\nsteps: [ { send: hello }, { wait: [ { read: hello }, { after: 1h } ] } ]\n")},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	loop := runner.NewLoop(s, core, 8)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	step := func(in *engine.Input) *runner.Step {
		now = now.Add(time.Millisecond)
		g := &runner.Group{Inputs: []*engine.Input{in}}
		if in.Kind() == engine.InputResult {
			g.Frees = 1
		}
		done, err := loop.Step(now, []*runner.Group{g})
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	step(&engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
	people := dice.Perm(waiting + counted)
	start := func(person int) engine.RunID {
		posts := step(&engine.Input{Payload: &engine.Event{Type: "told", Profile: fmt.Sprint("person ", person)}}).Posts
		step(&engine.Input{Payload: &engine.SendResult{Run: posts[0].Run, Message: 1, Attempt: 1,
			Result: channels.Result{Outcome: channels.Accepted, ProviderID: fmt.Sprint("m", person)}}})
		return posts[0].Run
	}
	var runs []engine.RunID
	for _, person := range people[:waiting] {
		runs = append(runs, start(person))
	}
	clear(kv.touched)
	for _, person := range people[waiting:] {
		start(person)
	}
	dice.Shuffle(len(runs), func(i, j int) { runs[i], runs[j] = runs[j], runs[i] })
	for _, run := range runs[:counted] {
		step(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Status: channels.Read,
			Ref: channels.Ref{Installation: core.State.Installation.String(), Run: run.String(), Message: 1, Attempt: 1}}}})
	}
	if counts, err := s.Counts(); err != nil || counts[0].Outcomes["completed"] != counted {
		t.Fatalf("the numbers are %+v, %v; want %d runs completed", counts[0], err, counted)
	}
	sum := 0
	for _, n := range kv.touched {
		sum += n
	}
	t.Log(kv.touched)
	if sum > maxPages*counted {
		t.Errorf("a run touched %.2f pages away from the end of their bucket, more than %d: %v", float64(sum)/counted, maxPages, kv.touched)
	}
}

// counter counts written keys that are more than edge keys before the end of their bucket.
type counter struct {
	store.KV
	edge    int
	touched map[store.Bucket]int
}

func (c *counter) Update(f func(store.Writer) error) error {
	return c.KV.Update(func(w store.Writer) error { return f(&countingWriter{w, c}) })
}

type countingWriter struct {
	store.Writer
	counter *counter
}

func (w *countingWriter) Put(b store.Bucket, key, value []byte) error {
	w.count(b, key)
	return w.Writer.Put(b, key, value)
}

func (w *countingWriter) Delete(b store.Bucket, key []byte) error {
	w.count(b, key)
	return w.Writer.Delete(b, key)
}

func (w *countingWriter) count(b store.Bucket, key []byte) {
	after := 0
	w.Ascend(b, key, func(_, _ []byte) bool {
		after++
		return after <= w.counter.edge
	})
	if after > w.counter.edge {
		w.counter.touched[b]++
	}
}
