package backtest

import (
	"context"
	"fmt"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
	"nudge/store/memory"
)

// Source is where a journal is read from: a store, or what a server exports.
type Source interface {
	// State is what the engine knew when reading began.
	State() (engine.State, error)
	// Entries calls visit with the journal from a number on, in order, until it returns
	// false.
	Entries(from uint64, visit func(*engine.Journaled) bool) error
}

const maxBatch = 256 // inputs applied together in a replay

// replay applies a journal to an empty store, exactly as it was applied before.
type replay struct {
	kv    *memory.KV
	store *store.Store
	core  *engine.Engine
	since engine.Instant // of the window

	batch []*engine.Journaled
}

func newReplay(installation engine.Installation, since engine.Instant) (*replay, error) {
	r := &replay{kv: new(memory.KV), since: since}
	err := store.Create(r.kv, installation)
	if err != nil {
		return nil, err
	}
	r.store, r.core, err = open(r.kv)
	return r, err
}

func open(kv store.KV) (*store.Store, *engine.Engine, error) {
	s, err := store.Open(kv)
	if err != nil {
		return nil, nil, err
	}
	core, err := s.Engine()
	return s, core, err
}

func (r *replay) flow(run *engine.Run) *flows.Flow {
	return r.core.Flow(engine.FlowVersion{Flow: run.Flow, Version: run.Version})
}

func (r *replay) step(run *engine.Run, step int) *flows.Step { return &r.flow(run).Steps[step] }

// until replays a source from a number on up to the first input from outside that is
// not before an instant, and returns the number of that one. Observe may be nil.
func (r *replay) until(ctx context.Context, src Source, from uint64, end engine.Instant, observe observer, tick func()) (uint64, error) {
	next := from
	var failed error
	err := src.Entries(from, func(j *engine.Journaled) bool {
		if failed = ctx.Err(); failed != nil {
			return false
		}
		if end != 0 && j.Stamp >= end && j.Input.Derived == 0 {
			return false
		}
		next = j.Seq + 1
		tick()
		r.batch = append(r.batch, j)
		if len(r.batch) == maxBatch || j.Input.Kind.Redirects() {
			failed = r.flush(observe)
		}
		return failed == nil
	})
	if err == nil && failed == nil {
		failed = r.flush(observe)
	}
	if err != nil {
		return next, err
	}
	return next, failed
}

// observer is shown every input once it was applied, with the runs as they then are.
type observer func(j *engine.Journaled, run func(engine.RunID) *engine.Run)

// flush applies what was gathered. A deploy changes what the inputs after it touch, and a
// key with very many runs is known only to the first input of a batch, so both split it.
func (r *replay) flush(observe observer) error {
	for len(r.batch) > 0 {
		n, err := r.apply(r.batch, observe)
		if err != nil {
			return err
		}
		r.batch = r.batch[n:]
	}
	r.batch = r.batch[:0]
	return nil
}

func (r *replay) apply(journal []*engine.Journaled, observe observer) (applied int, err error) {
	journal = journal[:untilDeploy(journal)]
	var needs engine.Needs
	for _, j := range journal {
		r.core.Needs(j.Input, &needs)
	}
	loaded, err := r.store.Load(&needs)
	if err != nil {
		return 0, err
	}
	ws := engine.NewWorkingSet(&needs, loaded)
	b := &engine.Batch{}
	for _, j := range journal {
		if applied > 0 && r.cut(loaded, j.Input) {
			break
		}
		if err := r.one(ws, j, b); err != nil {
			return 0, err
		}
		if observe != nil {
			observe(j, ws.Run)
		}
		applied++
	}
	b.People, b.Firings, b.Members, b.State = ws.People(), ws.Firings(), ws.Members(), r.core.State
	b.Changes, b.Answers = ws.Changes()
	b.Orphans = ws.Orphans()
	return applied, r.store.Commit(b)
}

func untilDeploy(journal []*engine.Journaled) int {
	for i, j := range journal {
		if j.Input.Kind.Redirects() {
			return max(i, 1)
		}
	}
	return len(journal)
}

func (r *replay) cut(loaded *engine.Loaded, in *engine.Input) bool {
	if len(loaded.Cut) == 0 {
		return false
	}
	var needs engine.Needs
	r.core.Needs(in, &needs)
	return loaded.CutFor(&needs)
}

// one applies one input, and holds the replay to what the journal says of it.
func (r *replay) one(ws *engine.WorkingSet, j *engine.Journaled, b *engine.Batch) error {
	out := r.core.Apply(ws, j.Input, j.Stamp, j.Slots)
	if !out.Taken || r.core.State.Seq != j.Seq {
		return fmt.Errorf("the journal's input %d (%s at %s) does not lead again to what it led to: was a person forgotten, or is the journal of another release?",
			j.Seq, j.Input.Kind, j.Stamp.Time().Format(time.RFC3339))
	}
	switch j.Input.Kind {
	case engine.InputTimer:
		b.Met = append(b.Met, *j.Input.Timer)
	case engine.InputDeploy:
		b.Versions = r.core.Active()
	}
	b.Derived = append(b.Derived, out.Derived...)
	if j.Input.Derived != 0 {
		b.Done = append(b.Done, j.Input.Derived)
	}
	return nil
}
