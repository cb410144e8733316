package explain

import (
	"context"
	"errors"
	"fmt"

	"nudge/engine"
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

// ErrCut reports a journal whose beginning is gone.
var ErrCut = errors.New("the journal no longer holds its first inputs, so what followed cannot be told again")

// replay applies a journal to an empty store in memory, one input after the other.
type replay struct {
	store   *store.Store
	core    *engine.Engine
	pending map[uint64]bool // derived inputs that are still to come
}

func newReplay(installation engine.Installation) (*replay, error) {
	kv := new(memory.KV)
	if err := store.Create(kv, installation); err != nil {
		return nil, err
	}
	s, err := store.Open(kv)
	if err != nil {
		return nil, err
	}
	core, err := s.Engine()
	return &replay{store: s, core: core, pending: map[uint64]bool{}}, err
}

// applied is an input with what it led to.
type applied struct {
	*engine.Journaled
	Needs   engine.Needs
	Outcome engine.Outcome
	Changes []engine.Change
}

// through replays a source until visit returns false, or to its end.
func (r *replay) through(ctx context.Context, src Source, visit func(*applied) bool, tick func()) error {
	var failed error
	err := src.Entries(1, func(j *engine.Journaled) bool {
		switch {
		case ctx.Err() != nil:
			failed = ctx.Err()
			return false
		case j.Seq != r.core.State.Seq+1:
			failed = ErrCut
			return false
		}
		var a *applied
		if a, failed = r.apply(j); failed != nil {
			return false
		}
		tick()
		return visit(a)
	})
	return errors.Join(failed, err)
}

func (r *replay) apply(j *engine.Journaled) (*applied, error) {
	a := &applied{Journaled: j}
	r.core.Needs(j.Input, &a.Needs)
	loaded, err := r.store.Load(&a.Needs)
	if err != nil {
		return nil, err
	}
	ws := engine.NewWorkingSet(&a.Needs, loaded)
	a.Outcome = r.core.Apply(ws, j.Input, j.Stamp, j.Slots)
	if !a.Outcome.Taken || r.core.State.Seq != j.Seq {
		return nil, fmt.Errorf("input %d of the journal (%s at %s) does not lead again to what it led to: "+
			"somebody whom it speaks of was forgotten, or another release wrote it", j.Seq, j.Input.Kind, j.Stamp)
	}
	b := &engine.Batch{State: r.core.State, People: ws.People(), Firings: ws.Firings(), Members: ws.Members(), Derived: a.Outcome.Derived}
	b.Changes, b.Answers = ws.Changes()
	b.Orphans = ws.Orphans()
	a.Changes = b.Changes
	switch {
	case j.Input.Kind == engine.InputTimer:
		b.Met = []engine.Timer{*j.Input.Timer}
	case j.Input.Kind == engine.InputDeploy:
		b.Versions = r.core.Active()
	}
	for _, in := range a.Outcome.Derived {
		r.pending[in.Derived] = true
	}
	if n := j.Input.Derived; n != 0 {
		b.Done = []uint64{n}
		delete(r.pending, n)
	}
	return a, r.store.Commit(b)
}
