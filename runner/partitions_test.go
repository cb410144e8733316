package runner_test

import (
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
)

// pair is two partitions in memory. Ann and cid are of the first one, bob is of the second.
type pair struct {
	t      *testing.T
	kv     [2]*memory.KV
	stores [2]*store.Store
	loops  [2]*runner.Loop
	now    time.Time
}

// other is the other partition, as one of a pair sees it.
type other struct {
	of   *pair
	self int
}

func (o other) there() *store.Store { return o.of.stores[1-o.self] }

func (o other) WithKeys(keys []engine.FlowKey) (all [][]int, err error) {
	return each(keys, func(k engine.FlowKey) ([]int, error) { return o.found(o.there().HasKey(k)) })
}

func (o other) WithMessages(ids []string) (all [][]int, err error) {
	return each(ids, func(id string) ([]int, error) { return o.found(o.there().HasMessage(id)) })
}

// each looks for one after the other.
func each[K any](all []K, where func(K) ([]int, error)) (found [][]int, err error) {
	for _, k := range all {
		one, failed := where(k)
		found, err = append(found, one), errors.Join(err, failed)
	}
	return found, err
}

func (o other) HasFiring(_ int, k engine.FlowKey) (bool, error) { return o.there().HasFiring(k) }
func (o other) VersionsInUse() ([]engine.FlowVersion, error)    { return o.there().VersionsInUse() }
func (o other) VersionsNeeded(since engine.Instant) ([]engine.FlowVersion, error) {
	return o.there().VersionsNeeded(since)
}

func (o other) Taken(int) (uint64, error) {
	state, err := o.there().State()
	return state.SeenOf(o.self), err
}

func (o other) Commands() (uint64, error) {
	state, err := o.there().State()
	return state.SeenOf(2), err
}

func (o other) found(yes bool, err error) ([]int, error) {
	if !yes {
		return nil, err
	}
	return []int{1 - o.self}, err
}

// toldOthers starts a run for somebody, wherever they belong.
const toldOthers = "flow: told\ntrigger: { event: told, key: event.id, to: event.to }\nexit: [ { event: gone, key: event.id, as: gone } ]\nsteps: [ { wait: 1d } ]\n"

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	for i := range p.kv {
		p.kv[i] = new(memory.KV)
		if err := store.CreatePartition(p.kv[i], engine.Installation{1, 2, 3, 0, 5}, engine.Partition{Number: i, Of: 2}); err != nil {
			t.Fatal(err)
		}
		var err error
		if p.stores[i], err = store.Open(p.kv[i]); err != nil {
			t.Fatal(err)
		}
	}
	project, list := flows.Load(fstest.MapFS{"flows/told.yaml": {Data: []byte(toldOthers)}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	for i := range p.loops {
		p.open(i)
		p.step(i, &engine.Input{Origin: &engine.Origin{From: 2, Number: 1}, Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
	}
	return p
}

// open starts a new process on one of the partitions.
func (p *pair) open(i int) {
	p.t.Helper()
	core, err := p.stores[i].Engine()
	if err != nil {
		p.t.Fatal(err)
	}
	p.loops[i] = runner.NewLoop(p.stores[i], core, 8)
	if err := p.loops[i].UsePeers(other{p, i}); err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.loops[i].Recover(p.now); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) step(i int, in ...*engine.Input) {
	p.t.Helper()
	var groups []*runner.Group
	for _, one := range in {
		groups = append(groups, &runner.Group{Inputs: []*engine.Input{one}})
	}
	if _, err := p.loops[i].Step(p.now, groups); err != nil {
		p.t.Fatal(err)
	}
}

// tell gives the first partition an event of ann that starts a run for somebody else.
func (p *pair) tell(id, to string) {
	p.t.Helper()
	p.step(0, &engine.Input{Payload: &engine.Event{Type: "told", Profile: "ann", Data: []byte(fmt.Sprintf(`{"id":%q,"to":%q}`, id, to))}})
}

func (p *pair) handover(limit int) *runner.Handover {
	p.t.Helper()
	h, err := p.loops[0].Handover(1, limit)
	if err != nil || h == nil {
		p.t.Fatal(h, err)
	}
	return h
}

// take lets the second partition take a handover, and returns how many inputs it had not taken before.
func (p *pair) take(h *runner.Handover) int {
	p.t.Helper()
	groups, err := p.loops[1].Take(h)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.loops[1].Step(p.now, groups); err != nil {
		p.t.Fatal(err)
	}
	return len(groups)
}

func (p *pair) live(i int) int {
	p.t.Helper()
	ids, err := p.stores[i].Live(engine.RunID{}, 100)
	if err != nil {
		p.t.Fatal(err)
	}
	return len(ids)
}

func TestHandover(t *testing.T) {
	p := newPair(t)
	for i := range 3 {
		p.tell(fmt.Sprint("O", i), "bob")
	}
	first := p.handover(2)
	if n := p.take(first); n != 2 || p.live(1) != 2 {
		t.Errorf("%d inputs were taken, and %d runs are live", n, p.live(1))
	}
	if n := p.take(p.handover(2)); n != 0 { // the sender does not know yet
		t.Errorf("%d inputs were taken twice", n)
	}
	p.open(0) // its process dies before it hears of it
	if n := p.take(p.handover(10)); n != 1 || p.live(1) != 3 || p.live(0) != 0 {
		t.Errorf("%d inputs were taken, and %d and %d runs are live", n, p.live(0), p.live(1))
	}
	if err := p.loops[0].Delivered(1, 3); err != nil {
		t.Fatal(err)
	}
	if n := p.loops[0].Core().Backlog(1); n != 0 {
		t.Errorf("%d inputs are owed", n)
	}
	p.tell("O9", "cid") // the next commit deletes what was taken
	if n := len(p.kv[0].Dump(store.Owed)); n != 0 {
		t.Errorf("%d records are left of what was taken", n)
	}
	if n := p.take(first); n != 0 || p.live(1) != 3 {
		t.Errorf("%d inputs of a late handover were taken, and %d runs are live", n, p.live(1))
	}
}

// TestHandoverGap holds that nothing is taken from a partition that is not of the same moment.
func TestHandoverGap(t *testing.T) {
	p := newPair(t)
	p.tell("O1", "bob")
	p.tell("O2", "bob")
	whole := p.handover(10)
	gap := *whole
	gap.Inputs = whole.Inputs[1:]
	foreign := *whole
	foreign.Store = engine.Installation{9, 9, 9}
	behind := *whole
	behind.Commands = 2
	for _, c := range []struct {
		what string
		h    *runner.Handover
		want error
	}{{"an input is missing", &gap, runner.ErrGap}, {"it is of another installation", &foreign, runner.ErrGap}, {"a deploy is still to come", &behind, runner.ErrBehind}} {
		if groups, err := p.loops[1].Take(c.h); !errors.Is(err, c.want) || len(groups) > 0 {
			t.Errorf("%s: %d groups and %v, want %v", c.what, len(groups), err, c.want)
		}
	}
	if err := p.loops[0].Delivered(1, 3); !errors.Is(err, runner.ErrGap) {
		t.Errorf("the other partition has taken more than there was: %v", err)
	}
}

// TestKeyElsewhere holds that an event reaches the runs of a key in another partition.
func TestKeyElsewhere(t *testing.T) {
	p := newPair(t)
	p.tell("O1", "bob")
	p.take(p.handover(10))
	p.step(0, &engine.Input{Payload: &engine.Event{Type: "gone", Profile: "cid", Data: []byte(`{"id":"O2"}`)}})
	if n := p.loops[0].Core().State.OwedTo(1); n != 1 {
		t.Errorf("an event of a key that no run has is owed")
	}
	p.step(0, &engine.Input{Payload: &engine.Event{Type: "gone", Profile: "cid", Data: []byte(`{"id":"O1"}`)}})
	if p.take(p.handover(10)); p.live(1) != 0 {
		t.Errorf("the run has not left by the event")
	}
}

// TestVersionsOfOthers shows that a partition keeps a version as long as another one needs it.
func TestVersionsOfOthers(t *testing.T) {
	const day = 24 * time.Hour
	p := newPair(t)
	keep := runner.Retention{Runs: 8 * day, Journal: 8 * day, Versions: 9 * day}
	p.loops[0].Keep(keep)
	p.loops[1].Keep(keep)
	p.tell("O1", "bob")
	p.take(p.handover(10))
	project, list := flows.Load(fstest.MapFS{"flows/told.yaml": {Data: []byte(strings.Replace(toldOthers, "1d", "2d", 1))}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	for i := range p.loops {
		p.step(i, &engine.Input{By: &engine.Actor{Name: "zoe"}, Origin: &engine.Origin{From: 2, Number: 2}, Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
	}
	p.now = p.now.Add(2 * day)
	p.step(1) // the run of bob ends
	stored := func(want0, want1 int) {
		t.Helper()
		for i, want := range []int{want0, want1} {
			if all, err := p.stores[i].VersionsOf("told"); err != nil || len(all) != want {
				t.Errorf("partition %d has %d versions, %v; want %d", i, len(all), err, want)
			}
		}
	}
	sweep := func(i int, person string) {
		t.Helper()
		p.now = p.now.Add(20 * day)
		p.step(i, &engine.Input{Payload: &engine.Event{Type: "nothing", Profile: person}}) // the journal keeps its last input
		for range 2 {
			for range 8 { // slices
				p.step(i)
			}
			p.now = p.now.Add(2 * day)
		}
	}
	sweep(0, "ann")
	stored(2, 2)
	sweep(1, "bob")
	stored(2, 1)
	sweep(0, "ann")
	stored(1, 1)
}

// TestOwedGoesWithoutCommit holds that what another partition has taken is deleted soon, also when nothing is committed.
func TestOwedGoesWithoutCommit(t *testing.T) {
	p := newPair(t)
	p.tell("O1", "bob")
	p.take(p.handover(10))
	if err := p.loops[0].Delivered(1, 1); err != nil {
		t.Fatal(err)
	}
	owed := func() int { return len(p.kv[0].Dump(store.Owed)) }
	p.step(0)
	if owed() != 1 {
		t.Errorf("%d records are left at once; each would cost a sync", owed())
	}
	p.now = p.now.Add(time.Second)
	p.step(0)
	if owed() != 0 {
		t.Errorf("%d records are left a second later", owed())
	}
	p.open(0)
	p.tell("O2", "bob")
	p.take(p.handover(10))
	if err := p.loops[0].Delivered(1, 2); err != nil {
		t.Fatal(err)
	}
	p.tell("O9", "cid") // a commit deletes it, too
	if owed() != 0 {
		t.Errorf("%d records are left after a commit", owed())
	}
}
