// Package replay applies a journal to an empty store, exactly as it was applied before:
// the store is what its journal makes of an empty one (I8). If people were forgotten since, what concerned
// them is not there again; a forgiving replay goes on without it, and counts what it skipped.
package replay

import (
	"fmt"
	"maps"
	"slices"

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

// Replay is a store in memory that a journal is applied to, and its engine.
type Replay struct {
	KV    *memory.KV
	Store *store.Store
	Core  *engine.Engine
	Keep  bool // the journal is kept in the store, too

	// Forgiving skips inputs that have no effect any more, once an input was met from which a forgotten person was
	// erased: their runs are not there again. Skipped counts these inputs. Otherwise such an input is an error.
	Forgiving bool
	Skipped   int

	erased  bool            // an erased input was met
	pending map[uint64]bool // numbers of derived inputs that are still to come
}

// LeftOut says how many inputs were skipped; empty for none.
func (r *Replay) LeftOut() string { return LeftOut(r.Skipped) }

// LeftOut says that a replay has skipped some inputs; empty for none.
func LeftOut(skipped int) string {
	switch skipped {
	case 0:
		return ""
	case 1:
		return "1 input of the journal is left out: it concerns somebody who was forgotten"
	}
	return fmt.Sprintf("%d inputs of the journal are left out: they concern people who were forgotten", skipped)
}

// New returns a replay of the journal of a store. Of its state only the installation and the partition count.
func New(of engine.State) (*Replay, error) {
	r := &Replay{KV: new(memory.KV)}
	err := store.CreatePartition(r.KV, of.Installation, of.Partition)
	if err != nil {
		return nil, err
	}
	if r.Store, err = store.Open(r.KV); err != nil {
		return nil, err
	}
	r.Core, err = r.Store.Engine()
	return r, err
}

// Seen is shown every input once it was applied, with what it led to and the runs as they
// then are.
type Seen func(j *engine.Journaled, out *engine.Applied, run func(engine.RunID) *engine.Run)

// Apply applies the next inputs of a journal as one batch, and returns how many of them,
// with the runs that they changed. It is fewer than were given where an input changes what
// those after it touch, or touches too many runs to be applied behind others. Seen may be
// nil.
func (r *Replay) Apply(journal []*engine.Journaled, seen Seen) (applied int, changes []engine.Change, err error) {
	journal = journal[:untilRedirected(journal)]
	var needs engine.Needs
	for _, j := range journal {
		r.Core.Needs(j.Input, &needs)
	}
	loaded, err := r.Store.Load(&needs)
	if err != nil {
		return 0, nil, err
	}
	ws, b := engine.NewWorkingSet(&needs, loaded), &engine.Batch{}
	for _, j := range journal {
		if applied > 0 && r.cut(loaded, j.Input) {
			break
		}
		out, err := r.one(ws, j, b)
		if err != nil {
			return 0, nil, err
		}
		if seen != nil {
			seen(j, out, ws.Run)
		}
		applied++
	}
	err = r.commit(ws, b)
	return applied, b.Changes, err
}

func (r *Replay) commit(ws *engine.WorkingSet, b *engine.Batch) error {
	b.State = r.Core.State
	b.People, b.Campaigns, b.Members, b.Orphans = ws.People(), ws.Campaigns(), ws.Members(), ws.Orphans()
	b.Changes, b.Answers = ws.Changes()
	return r.Store.Commit(b)
}

// untilRedirected is how many inputs to apply before what they may touch has to be worked
// out anew.
func untilRedirected(journal []*engine.Journaled) int {
	for i, j := range journal {
		if j.Input.Kind().Redirects() {
			return max(i, 1)
		}
	}
	return len(journal)
}

func (r *Replay) cut(loaded *engine.Loaded, in *engine.Input) bool {
	if len(loaded.Truncated) == 0 {
		return false
	}
	var needs engine.Needs
	r.Core.Needs(in, &needs)
	return loaded.TruncatedFor(&needs)
}

// late reports whether an input may say nothing new here although it did when it was
// applied: a receipt that names its message by the provider's ID alone waited for one that
// had been dropped with its run, and no replay drops runs.
func late(in *engine.Input) bool {
	receipt, ok := in.Payload.(*engine.Receipt)
	return ok && receipt.Ref.IsZero() || in.Kind() == engine.InputExpireOrphans
}

// erased reports whether a forgotten person was erased from an input, as far as that shows: it names nobody where
// somebody must have been named, or has nothing but its type.
func erased(in *engine.Input) bool {
	switch p := in.Payload.(type) {
	case *engine.Event:
		return in.ID == "" && p.Profile == "" && len(p.Data) == 0
	case *engine.Reply:
		return p.Profile == ""
	case *engine.ProfileChange:
		return p.Profile == ""
	case *engine.Call:
		return p.Profile == ""
	case *engine.Dequeue:
		return p.Profile == ""
	case *engine.Rows:
		return slices.ContainsFunc(p.Rows, func(row engine.Row) bool { return row.Profile == "" })
	}
	return false
}

// skips reports whether an input that had no effect may be skipped, and counts it. A panic is never skipped.
func (r *Replay) skips(out *engine.Applied) bool {
	if !r.Forgiving || !r.erased || out.Panic != "" {
		return false
	}
	r.Skipped++
	return true
}

// follow prepares for an input from outside: what was derived before it and has not come will not come.
func (r *Replay) follow(in *engine.Input, b *engine.Batch) {
	r.erased = r.erased || erased(in)
	if r.Forgiving && r.erased && in.Derived == 0 {
		b.Done = append(b.Done, slices.Sorted(maps.Keys(r.pending))...)
		clear(r.pending)
	}
}

// one applies one input, and holds the replay to what the journal says of it.
func (r *Replay) one(ws *engine.WorkingSet, j *engine.Journaled, b *engine.Batch) (*engine.Applied, error) {
	r.follow(j.Input, b)
	out := r.Core.Apply(ws, j.Input, j.Stamp, j.Slots)
	if !out.Taken && (late(j.Input) || r.skips(&out)) {
		r.Core.State.Seq, r.Core.State.Stamp, out.Taken = j.Seq, j.Stamp, true
	}
	if state := &r.Core.State; !out.Taken || state.Seq != j.Seq || state.Stamp != j.Stamp {
		return nil, fmt.Errorf("input %d of the journal (%s at %s) does not have the same effect again: "+
			"a person that it names was forgotten, another release wrote it, or the store was restored as another installation", j.Seq, j.Input.Kind(), j.Stamp)
	}
	if r.Keep {
		b.Journal = append(b.Journal, *j)
	}
	switch p := j.Input.Payload.(type) {
	case *engine.Timer:
		b.Met = append(b.Met, *p)
	case *engine.Deploy:
		b.Versions = r.Core.Active()
	}
	r.derived(b, &out, j.Input)
	b.History = append(b.History, out.History...)
	if out.Audit != nil {
		b.Audit = append(b.Audit, out.Audit)
	}
	return &out, nil
}

// derived notes what an input derived, and that a derived one was applied. After inputs that were skipped it may have another
// number here than in the journal; it is the first that is still to come.
func (r *Replay) derived(b *engine.Batch, out *engine.Applied, in *engine.Input) {
	b.Derived, b.Owed = append(b.Derived, out.Derived...), append(b.Owed, out.Owed...)
	if r.pending == nil {
		r.pending = map[uint64]bool{}
	}
	for _, next := range out.Derived {
		r.pending[next.Derived] = true
	}
	if in.Derived == 0 {
		return
	}
	done := in.Derived
	if !r.pending[done] && len(r.pending) > 0 {
		done = slices.Min(slices.Collect(maps.Keys(r.pending)))
	}
	b.Done = append(b.Done, done)
	delete(r.pending, done)
}

// Clone returns a replay that has applied the same inputs, and goes on by itself.
func (r *Replay) Clone() (*Replay, error) {
	kv := r.KV.Clone()
	s, err := store.Open(kv)
	if err != nil {
		return nil, err
	}
	core, err := s.Engine()
	return &Replay{KV: kv, Store: s, Core: core}, err
}

// Take applies an input that is not in the journal yet, and returns the runs that it changed. It may be refused.
func (r *Replay) Take(in *engine.Input, at engine.Instant) (*engine.Applied, []engine.Change, error) {
	var needs engine.Needs
	r.Core.Needs(in, &needs)
	loaded, err := r.Store.Load(&needs)
	if err != nil {
		return nil, nil, err
	}
	ws, b := engine.NewWorkingSet(&needs, loaded), &engine.Batch{}
	out := r.Core.Apply(ws, in, at, nil)
	r.derived(b, &out, in)
	err = r.commit(ws, b)
	return &out, b.Changes, err
}
