package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/engine/runner"
	"nudge/engine/sim/model"
	"nudge/flows"
	"nudge/store"
	"nudge/store/memory"
)

// machine is the system under test with its judges: a disk, at times a process on it,
// and what is known of what both have done.
type machine struct {
	disk     *faultyDisk
	store    *store.Store
	loop     *runner.Loop    // nil: no process
	model    *model.World    // nil where nobody judges by the language
	batches  []*engine.Batch // committed, in order
	versions map[engine.FlowVersion]*flows.Flow
	moves    []move // all that was done, for the story
	backups  []*backup

	seq     uint64               // of the last input that was committed
	told    uint64               // clients were told of inputs up to this one
	posts   []engine.Post        // in order
	posted  map[channels.Ref]int // what the provider saw, in this life of the store
	ledger  ledger
	shelf   *shelf
	firings map[string]uint64 // by their names
	names   map[engine.RunID]runName
	counts  map[runName]int
	ids     map[runName]engine.RunID
	fresh   map[*engine.Input]bool // committed by the move in hand
	trace   hash.Hash64
	inputs  int // applied
	reached map[string]int
}

// violation is a rule that was broken.
type violation struct {
	rule string // I1, I2, …
	what string
}

func (v *violation) Error() string { return v.rule + ": " + v.what }

func broken(rule, format string, args ...any) *violation {
	return &violation{rule, fmt.Sprintf(format, args...)}
}

var installation = engine.Installation{1, 2, 3, 4}

func newMachine() *machine {
	m := &machine{disk: &faultyDisk{KV: new(memory.KV)}, reached: map[string]int{}, trace: fnv.New64a(),
		versions: map[engine.FlowVersion]*flows.Flow{}, shelf: newShelf()}
	m.newLife()
	if err := store.Create(m.disk.KV, installation); err != nil {
		panic(err)
	}
	return m
}

// newLife forgets what the judges knew: the store is new, or has been put back.
func (m *machine) newLife() {
	m.model = model.New(installation)
	m.posted, m.posts, m.ledger = map[channels.Ref]int{}, nil, ledger{}
	m.names, m.counts, m.ids = map[engine.RunID]runName{}, map[runName]int{}, map[runName]engine.RunID{}
	m.batches, m.told, m.seq, m.firings = nil, 0, 0, map[string]uint64{}
}

// start begins a process on what the disk holds.
func (m *machine) start(now time.Time, senders int, f fault) (*runner.Step, error) {
	m.moves = append(m.moves, move{kind: moveStart, at: now, senders: senders, fault: f})
	m.disk.strike(f, false)
	m.fresh = nil // nobody waits for an answer
	var step *runner.Step
	err := m.guard(func() error {
		opened, err := store.Open(m.disk)
		if err != nil {
			return err
		}
		m.store = opened
		m.shelf.sources.People = opened
		if m.model != nil && m.model.Amid() {
			m.reached["crash within a fan-out"]++
		}
		core, err := opened.Engine()
		if err != nil {
			return err
		}
		if core.State.Seq != m.seq {
			return broken("I8", "the store is of input %d, committed were %d", core.State.Seq, m.seq)
		}
		if core.State.Seq < m.told {
			return broken("I1", "the store is of input %d, clients were told of %d", core.State.Seq, m.told)
		}
		m.loop = runner.NewLoop(watched{m.store, m}, core, senders)
		m.loop.UseAudiences(m.shelf)
		step, err = m.loop.Recover(now)
		return err
	})
	return m.settle(step, err)
}

// step gives groups to the process.
func (m *machine) step(now time.Time, groups []*runner.Group, f fault) (*runner.Step, error) {
	return m.stepOn(now, groups, f, false)
}

// stepOn is step on a disk that, once it has failed, may go on to.
func (m *machine) stepOn(now time.Time, groups []*runner.Group, f fault, sticky bool) (*runner.Step, error) {
	m.moves = append(m.moves, m.record(now, groups, f))
	m.disk.strike(f, sticky)
	m.fresh = map[*engine.Input]bool{}
	var step *runner.Step
	err := m.guard(func() (err error) {
		step, err = m.loop.Step(now, groups)
		return err
	})
	step, err = m.settle(step, err)
	if err != nil || step == nil {
		return nil, err
	}
	if m.model == nil {
		return step, m.answered(groups)
	}
	if d := m.model.Deadline(); d != 0 && (step.Next == 0 || step.Next > d) {
		return nil, broken("I5", "the loop sleeps until %s, and a timer is due at %s; it is %s", step.Next, d, now)
	}
	return step, m.answered(groups)
}

// kill ends the process. What it had not committed is gone.
func (m *machine) kill() {
	m.moves = append(m.moves, move{kind: moveKill})
	m.loop, m.store = nil, nil
}

// guard runs a part of the process's life. A crash ends it without an error.
func (m *machine) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if _, died := p.(crash); !died {
				panic(p)
			}
			err = errDied
		}
	}()
	return f()
}

var errDied = errors.New("the process died")

// settle says what has become of the process. A fault that was planned is no violation,
// but ends it.
func (m *machine) settle(step *runner.Step, err error) (*runner.Step, error) {
	fired, kind := m.disk.fired, m.disk.plan.kind
	m.disk.plan = fault{}
	var v *violation
	switch {
	case errors.As(err, &v):
		return nil, v
	case err != nil && fired:
		m.reached[faultNames[kind]]++
		m.loop, m.store = nil, nil
		return nil, nil
	case err != nil:
		return nil, broken("I13", "the process stopped without a fault: %v", err)
	case fired:
		return nil, broken("I11", "the process went on after the disk had failed")
	}
	for _, p := range step.Panics {
		return nil, broken("panic", "%s", p)
	}
	for i := range step.Posts {
		if v := m.checkPost(&step.Posts[i]); v != nil {
			return nil, v
		}
	}
	return step, nil
}

// checkPost holds what the provider is about to see against what was committed (I3).
func (m *machine) checkPost(p *engine.Post) *violation {
	ref := p.Content.Ref
	m.posts = append(m.posts, *p)
	if m.posted[ref]++; m.posted[ref] > 1 {
		return broken("I3", "attempt %d of message %d of run %s is posted twice", p.Attempt, p.Message, p.Run)
	}
	if m.model == nil {
		return nil
	}
	body, known, claimed := m.model.Claimed(p.Run, p.Message, p.Attempt)
	flow, profile := m.model.Profile(p.Run)
	switch {
	case !claimed:
		return broken("I3", "message %d of run %s is posted as attempt %d, and was not claimed", p.Message, p.Run, p.Attempt)
	case ref.Run != p.Run.String() || ref.Message != p.Message || ref.Attempt != p.Attempt || ref.Installation != installation.String():
		return broken("I3", "the post of run %s says it is %v", p.Run, ref)
	case p.Content.To != profile:
		return broken("I2", "a message of %s's run of %s is posted to %s", profile, flow, p.Content.To)
	case known && p.Content.Body != body:
		return broken("I2", "message %d of run %s of %s says %q, want %q", p.Message, p.Run, flow, p.Content.Body, body)
	}
	if r, err := m.store.Run(p.Run); err == nil && r != nil && r.Outcome == engine.OutcomeForgotten {
		return nil // in the batch that posted it, and nobody counts what was before
	}
	return m.ledger.enter(p, m.model.Handed(p.Run, p.Message))
}

// answered holds what clients are told against what was committed (I1). Of a group of
// which one input was refused none is taken.
func (m *machine) answered(groups []*runner.Group) error {
	for _, g := range groups {
		refused := slices.ContainsFunc(g.Answers, func(a engine.Answer) bool { return a.Refused != nil })
		for i, in := range g.Inputs {
			a := &g.Answers[i]
			if a.Refused != nil {
				m.reached["refused: "+string(a.Refused.Why)]++
			}
			if a.Repeated {
				m.reached["an id seen again"]++
			}
			switch {
			case refused && m.fresh[in]:
				return broken("I1", "a %s was refused, and committed", in.Kind)
			case !refused && !a.Repeated && a.Ignored == "" && !m.fresh[in]:
				return broken("I1", "a %s was answered, and not committed", in.Kind)
			}
		}
	}
	m.told = m.seq
	return nil
}

// watched is the store that the loop sees: it lets the judges look at every batch that
// was kept, whatever the loop is told of it.
type watched struct {
	*store.Store
	m *machine
}

var _ runner.Store = watched{}

func (w watched) Commit(b *engine.Batch) (err error) {
	updates := w.m.disk.updates
	defer func() {
		died := recover()
		if w.m.disk.updates == updates { // nothing was kept
			if died != nil {
				panic(died)
			}
			return
		}
		if v := w.m.committed(b); v != nil {
			err = v
			return
		}
		if died != nil {
			panic(died)
		}
	}()
	return w.Store.Commit(b)
}

// committed takes a batch that the disk has kept.
func (m *machine) committed(b *engine.Batch) error {
	m.batches = append(m.batches, b)
	m.inputs += len(b.Journal)
	for i := range b.Journal {
		j := &b.Journal[i]
		if m.fresh != nil {
			m.fresh[j.Input] = true
		}
		m.ledger.correct(j.Input)
		fmt.Fprint(m.trace, j.Seq, j.Stamp, j.Slots, j.Input.Kind)
	}
	for _, c := range b.Changes {
		m.name(c.After)
		fmt.Fprint(m.trace, c.After.ID, c.After.Status, c.After.Deadline, len(c.After.Timeline))
	}
	for _, f := range b.Versions {
		m.versions[engine.FlowVersion{Flow: f.Name, Version: f.Version}] = f
	}
	for _, f := range b.Firings {
		m.firings[f.ID] = f.Number
	}
	m.seq = b.State.Seq
	m.look(b)
	if m.model == nil {
		return nil
	}
	if err := m.model.Take(b, func(v engine.FlowVersion) *flows.Flow { return m.versions[v] }); err != nil {
		return broken("I2", "%v%s", err, m.history(err, b))
	}
	for i := range b.Journal {
		if rows := b.Journal[i].Input.Rows; rows != nil {
			if v := m.checkRows(rows); v != nil {
				return v
			}
		}
	}
	return nil
}

// check reads all that the store holds (I5, I8).
func (m *machine) check() error {
	s, err := store.Open(m.disk.KV)
	if err != nil {
		return broken("I8", "%v", err)
	}
	report, err := s.Check()
	if err != nil {
		return broken("I8", "%v", err)
	}
	for _, p := range report.Problems {
		return broken("I8", "the store: %s", p)
	}
	if m.model != nil && report.Live != m.model.Live() {
		return broken("I8", "%d runs are live, want %d", report.Live, m.model.Live())
	}
	if report.Journal != m.seq {
		return broken("I1", "the journal has %d inputs, committed were %d", report.Journal, m.seq)
	}
	return nil
}

// history is the timeline of the run in which a batch broke a rule, and its flow.
func (m *machine) history(err error, b *engine.Batch) string {
	var v *model.Violation
	if !errors.As(err, &v) {
		return ""
	}
	last := b.Journal[len(b.Journal)-1]
	raw, _ := json.Marshal(last.Input)
	return m.lifeOf(v.Run) + fmt.Sprintf("\nthe last input: %d at %s: %s", last.Seq, last.Stamp, raw) // all of the batch is there
}

// lifeOf is a run's timeline, and its flow.
func (m *machine) lifeOf(id engine.RunID) string {
	r, err := m.store.Run(id)
	if err != nil || r == nil {
		return ""
	}
	var text strings.Builder
	f := m.versions[engine.FlowVersion{Flow: r.Flow, Version: r.Version}]
	for _, e := range r.Timeline {
		fmt.Fprintf(&text, "\n%s  %s", e.At, engine.Describe(f, r, e))
	}
	for _, file := range f.Bundle {
		fmt.Fprintf(&text, "\n-- %s --\n%s", file.Name, file.Text)
	}
	return text.String()
}
