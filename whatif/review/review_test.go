package review

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
	"nudge/whatif/backtest"
	"nudge/whatif/plan"
	"nudge/whatif/virtual"
)

// project loads a project of flows.
func project(t *testing.T, texts ...string) *flows.Project {
	t.Helper()
	files := fstest.MapFS{"nudge.yaml": {Data: []byte("project: shop\ncategories: { news: { at_most: 2 per 1d } }\n")}}
	for _, text := range texts {
		name, _, _ := strings.Cut(strings.TrimPrefix(text, "flow: "), "\n")
		files["flows/"+name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	p, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	return p
}

func bundles(p *flows.Project) (all []flows.Bundle) {
	for _, f := range p.Flows {
		all = append(all, f.Bundle)
	}
	return all
}

func TestProve(t *testing.T) {
	const parent = "flow: parent\ntrigger: { event: begun }\nsteps: [ { start: { flow: child, wait: true } } ]\n"
	was := project(t, parent, "flow: child\ntrigger: { event: born }\npromises: { messages: 1 }\nsteps: [ { send: { body: a } }, { send: { body: b } }, { wait: 1d } ]\n",
		"flow: old\ntrigger: { event: begun }\nsteps: [ { wait: 1d } ]\n")
	is := project(t, parent, "flow: child\ntrigger: { event: born }\npromises: { messages: 1, ends: 1d }\nsteps: [ { send: { body: a, category: news } }, { wait: 3d } ]\n")
	p, err := Prove(t.Context(), bundles(was), is)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Broken) != 1 || p.Broken[0].What != "ends: 1d" || !p.Broken[0].New || !strings.Contains(p.Broken[0].Test, "tests:") {
		t.Errorf("broken are %+v", p.Broken)
	}
	if fmt.Sprint(p.Kept) != "[{child messages: 1}]" {
		t.Errorf("kept are %v", p.Kept)
	}
	want := "[{child messages 2 1} {child fewest messages 2 1} {child life 1d 3d} {child messages of news  1} {parent life 1d 3d} {old endings completed }]"
	if got := fmt.Sprint(p.Bounds); got != want {
		t.Errorf("the bounds are\n%s, want\n%s", got, want)
	}
	if p.Verdict() != "1 promise can be broken, 1 of them new, 6 bounds changed" {
		t.Errorf("the verdict is %q", p.Verdict())
	}
	same, err := Prove(t.Context(), bundles(is), is)
	if err != nil || len(same.Bounds) > 0 || same.Broken[0].New {
		t.Errorf("with itself: %+v, %v", same, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Prove(ctx, nil, is); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// shop is a store with a journal: people have begun, on the hour.
func shop(t *testing.T, kv store.KV, people int) *store.Store {
	t.Helper()
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	loop := runner.NewLoop(s, core, 8)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	step := func(in *engine.Input) {
		if _, err := loop.Step(now, []*runner.Group{virtual.One(in)}); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
	step(&engine.Input{Payload: &engine.Deploy{Flows: bundles(project(t, began))}})
	for n := range people {
		step(&engine.Input{Payload: &engine.Event{Type: "begun", Profile: fmt.Sprint("p", n)}})
	}
	return s
}

const began = "flow: began\ntrigger: { event: begun }\nsteps: [ { wait: 30d }, { send: { body: late } } ]\n"

// edited writes at once, and lets nobody go on.
const edited = "flow: began\ntrigger: { event: begun }\nmigrate: [ { from: wait_1, exit: over } ]\nsteps: [ { send: { body: now } } ]\n"

// watched is a KV that knows how many records one transaction has read.
type watched struct {
	*memory.KV
	most int
}

func (w *watched) View(f func(store.Reader) error) error {
	read := 0
	err := w.KV.View(func(r store.Reader) error { return f(watchedReader{r, &read}) })
	w.most = max(w.most, read)
	return err
}

type watchedReader struct {
	store.Reader
	read *int
}

func (r watchedReader) Ascend(b store.Bucket, from []byte, visit func(key, value []byte) bool) {
	r.Reader.Ascend(b, from, func(key, value []byte) bool {
		*r.read++
		return visit(key, value)
	})
}

// TestBacktest reads a journal by pages, and names few of the people.
func TestBacktest(t *testing.T) {
	kv := &watched{KV: new(memory.KV)}
	s := shop(t, kv, 3*journalPage)
	kv.most = 0
	b, err := RunBacktest(t.Context(), s, bundles(project(t, edited)), backtest.Options{Assume: backtest.Unread}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if b.Changes.Added != 3*journalPage || b.Differ != 3*journalPage || len(b.People) != maxPeople {
		t.Errorf("%+v for %d people, of whom %d are named", b.Changes, b.Differ, len(b.People))
	}
	if b.Verdict() != "0 messages would have been 768: 768 new" {
		t.Errorf("the verdict is %q", b.Verdict())
	}
	if kv.most > journalPage {
		t.Errorf("a transaction read %d records", kv.most)
	}
}

// TestBacktestOfForgotten holds that a review goes on without people who were forgotten, and that its verdict says so.
func TestBacktestOfForgotten(t *testing.T) {
	s := shop(t, new(memory.KV), 3)
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	loop, now := runner.NewLoop(s, core, 8), time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC)
	if _, err := loop.Step(now, []*runner.Group{virtual.One(&engine.Input{Payload: &engine.ProfileChange{Profile: "p1", Forget: true}})}); err != nil {
		t.Fatal(err)
	}
	for more := true; more && err == nil; {
		more, err = s.Erase()
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := RunBacktest(t.Context(), s, bundles(project(t, edited)), backtest.Options{Assume: backtest.Unread}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if want := "0 messages would have been 2: 2 new, without people who were forgotten"; b.Verdict() != want || b.Skipped != 1 {
		t.Errorf("the verdict is %q, want %q; %d inputs are skipped", b.Verdict(), want, b.Skipped)
	}
}

// What comes during a backtest does not concern it.
func TestJournalEnds(t *testing.T) {
	s := shop(t, new(memory.KV), 2)
	j, err := openJournal(s)
	if err != nil {
		t.Fatal(err)
	}
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	state.Seq++
	late := engine.Journaled{Seq: state.Seq, Stamp: state.Stamp, Input: &engine.Input{Payload: &engine.Event{Type: "begun"}}}
	if err := s.Commit(&engine.Batch{State: state, Journal: []engine.Journaled{late}}); err != nil {
		t.Fatal(err)
	}
	read := 0
	if err := j.Entries(1, func(*engine.Journaled) bool { read++; return true }); err != nil || read != 3 {
		t.Errorf("%d inputs, %v", read, err)
	}
}

func TestBacktestRefused(t *testing.T) {
	s := shop(t, new(memory.KV), 1)
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	state.Seq = maxInputs + 1
	if err := s.Commit(&engine.Batch{State: state}); err != nil {
		t.Fatal(err)
	}
	var unable *Unable
	if _, err := RunBacktest(t.Context(), s, nil, backtest.Options{}, 7); !errors.As(err, &unable) || !strings.Contains(unable.Hint, "nudge backtest") {
		t.Errorf("a long journal: %v", err)
	}
}

func TestPlan(t *testing.T) {
	s := shop(t, new(memory.KV), 3)
	p, err := MakePlan(t.Context(), s, project(t, edited).Flows, time.Time{})
	if err != nil || p.Ends != 3 || p.Moves != 0 || len(p.Flows) != 1 || p.Verdict() != "0 runs moved, 3 ended" {
		t.Errorf("%+v, %v", p, err)
	}
	if moved, ended, err := plan.Count(s, project(t, edited).Flows); moved != p.Moves || ended != p.Ends || err != nil {
		t.Errorf("counted are %d and %d, %v", moved, ended, err)
	}
	p, err = MakePlan(t.Context(), s, project(t, began).Flows, time.Time{})
	if err != nil || len(p.Flows) != 0 || p.Verdict() != "nobody is moved or ended" {
		t.Errorf("of the same flows: %+v, %v", p, err)
	}
}
