package simtest

import (
	"errors"
	"hash"
	"hash/fnv"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/simtest/model"
	"nudge/store"
	"nudge/store/memory"
)

// machine is the system under test with its judges: a disk, at times a process on it,
// and what is known of what both have done.
type machine struct {
	part     engine.Partition // of several machines; else zero
	others   *others          // nil: there is one machine
	disk     *faultyDisk
	epoch    int    // of the newest process: the disk takes nothing from one before
	owned    *owned // as the node of the newest process has the partition; nil: the disk is a file
	store    *store.Store
	identity engine.Installation
	renewed  byte            // times that a store was restored as another installation
	loop     *runner.Loop    // nil: no process
	model    *model.World    // nil where nobody judges by the language
	batches  []*engine.Batch // committed, in order
	versions map[engine.FlowVersion]*flows.Flow
	moves    []move // all that was done, for the story
	backups  []*backup
	broken   map[engine.RunID]broke // records that were damaged

	seq       uint64               // of the last input that was committed
	told      uint64               // clients were told of inputs up to this one
	posts     []engine.Post        // in order
	asks      []engine.StatusQuery // what the provider was asked, in order
	posted    map[channels.Ref]int // what the provider saw, in this life of the store
	ledger    ledger
	shelf     *audiences
	campaigns map[string]uint64 // by their names
	names     map[engine.RunID]runName
	counts    map[runName]int
	ids       map[runName]engine.RunID
	fresh     map[*engine.Input]bool // committed by the move in hand
	trace     hash.Hash64
	inputs    int // applied
	reached   map[string]int
}

// installation is that of a store that was not restored.
var installation = engine.Installation{1, 2, 3, 4}

func newMachine() *machine { return newMachineOf(engine.Partition{}) }

func newMachineOf(part engine.Partition) *machine {
	m := &machine{part: part, disk: &faultyDisk{KV: new(memory.KV)}, reached: map[string]int{}, trace: fnv.New64a(),
		versions: map[engine.FlowVersion]*flows.Flow{}, shelf: newAudiences()}
	m.newLife()
	if err := store.CreatePartition(m.disk.KV, installation, part); err != nil {
		panic(err)
	}
	// The key of the hashes of forgotten people would be random otherwise.
	if err := m.disk.KV.Update(func(w store.Writer) error { return w.Put(store.Meta, []byte("audit"), make([]byte, 32)) }); err != nil {
		panic(err)
	}
	return m
}

// newLife forgets what the judges knew: the store is new, or has been put back.
func (m *machine) newLife() {
	m.identity = installation.In(m.part)
	m.model = model.New(m.identity)
	m.posted, m.posts, m.ledger = map[channels.Ref]int{}, nil, ledger{}
	m.asks = nil
	m.names, m.counts, m.ids = map[engine.RunID]runName{}, map[runName]int{}, map[runName]engine.RunID{}
	m.batches, m.told, m.seq, m.campaigns = nil, 0, 0, map[string]uint64{}
	m.broken = map[engine.RunID]broke{}
}

// start begins a process on what the disk holds.
func (m *machine) start(now time.Time, lanes []runner.AccountSettings, f fault) (*runner.Step, error) {
	m.moves = append(m.moves, move{kind: moveStart, at: now, lanes: lanes, fault: f})
	m.disk.strike(f, false)
	m.fresh = nil // nobody waits for an answer
	m.model.Begin(engine.InstantOf(now), policies(lanes))
	var step *runner.Step
	err := m.guard(func() error {
		m.epoch++
		if m.owned != nil {
			m.owned.number = m.disk.commits
		}
		opened, err := store.Open(fencedDisk{m.disk, m, m.epoch, m.owned})
		if err != nil {
			return err
		}
		m.store = opened
		if m.shelf.sources.People = opened; m.others != nil {
			m.shelf.sources.People = everybodyIn{m.others}
		}
		if m.model.Amid() && !m.blind() {
			m.reached["crash within a fan-out"]++
		}
		core, err := opened.Engine()
		if err != nil {
			return err
		}
		if m.blind() {
			m.seq, m.told = core.State.Seq, 0
		}
		if core.State.Seq != m.seq {
			return broken("I8", "the store is of input %d, committed were %d", core.State.Seq, m.seq)
		}
		if core.State.Seq < m.told {
			return broken("I1", "the store is of input %d, clients were told of %d", core.State.Seq, m.told)
		}
		m.loop = runner.NewLoopOf(watched{m.store, m}, core, lanes)
		m.loop.UseAudiences(m.shelf)
		m.loop.NoteArrivals()
		if m.others != nil {
			if err := m.join(); err != nil {
				return err
			}
		}
		step, err = m.loop.Recover(now)
		return err
	})
	if step, err = m.settle(step, err); err != nil || step == nil || m.blind() {
		return step, err
	}
	if v := m.model.Begun(); v != nil {
		return nil, broken("I13", "%v%s", v, m.lifeOf(v.Run))
	}
	return step, nil
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
	if err != nil || step == nil || m.blind() {
		return step, err
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
	case err != nil && m.blind() && m.stopsFor(err):
		m.loop, m.store = nil, nil
		return nil, nil
	case err != nil:
		return nil, broken("I13", "the process stopped without a fault: %v", err)
	case m.blind():
		return step, nil
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
	if v := m.checkAsks(step.Asks); v != nil {
		return nil, v
	}
	return step, nil
}

// policies are how the accounts of a process behave.
func policies(lanes []runner.AccountSettings) (list []engine.AccountPolicy) {
	for _, x := range lanes {
		list = append(list, engine.AccountPolicy{Account: x.Account, ByID: x.ByID, Verify: x.Verify, Asks: x.Asks})
	}
	return list
}
