package engine

import (
	"fmt"

	"nudge/flows"
)

// Move takes a run that is parked to the active version of its flow, as that version's
// migrations say.
type Move struct {
	Run     RunID  `json:"run,omitzero"`
	Version string `json:"version,omitempty"` // the one to move to; another active one by now leaves the run where it is
}

// Migrates reports whether a version of its flow moves a run of another version, or ends
// it.
func Migrates(r *Run, from, to *flows.Flow) bool {
	if from.Version == to.Version || r.Status != Waiting {
		return false
	}
	m, _ := to.Migrate(&from.Steps[r.At])
	return m != nil
}

// Kind is InputMove.
func (m *Move) Kind() InputKind { return InputMove }

func (m *Move) needs(_ *Engine, n *Needs) {
	n.Runs = append(n.Runs, m.Run)
}

// apply carries out a migration. A run that cannot be moved stays, and says why.
func (m *Move) apply(a *applier) {
	r := a.ws.Run(m.Run)
	if r == nil || !r.Live() {
		a.ignore("there is no such live run")
		return
	}
	from, to := a.e.flowOf(r), a.e.activeNamed(r.Flow)
	if to == nil || to.Version != m.Version || !Migrates(r, from, to) {
		a.ignore("no migration concerns the run")
		return
	}
	r = a.edit(m.Run)
	parked := &from.Steps[r.At]
	migration, goal := to.Migrate(parked)
	if migration.Exit != "" {
		r.log(Entry{At: a.now, Kind: KindMoved, Step: r.At, Detail: "out by version " + to.Version})
		a.finish(r, migration.Exit, false)
		a.decide(r, DidExit, migration.Exit)
		return
	}
	if _, err := decodeObject(to.Data, r.Data); err != nil {
		r.log(Entry{At: a.now, Kind: KindError, Step: r.At, Detail: fmt.Sprintf("not moved to version %s: %v", to.Version, err)})
		a.decide(r, DidStay, err.Error())
		return
	}
	r.renumber(from, to)
	r.Version = to.Version
	r.Alarms, r.Repeats, r.StatusCheck = nil, nil, StatusCheck{}
	r.setDeadline()
	r.log(Entry{At: a.now, Kind: KindMoved, Step: goal, Detail: fmt.Sprintf("here from %s of version %s", parked.ID, from.Version)})
	a.decide(r, DidMove, "to "+to.Steps[goal].ID)
	moved := pinned{r, to}
	if _, _, err := a.setAlarmsSince(r.Started().Time(), moved, AtExits, to.Exits); err != nil {
		a.fail(r, goal, err.Error())
		return
	}
	if !a.leavesByIf(moved) {
		a.advance(moved, goal)
	}
}

// renumber makes everything that a run knows of its steps speak of another version's,
// by their ids. What a step left that is gone is left out; its messages and its place on
// the timeline stay, and name no step.
func (r *Run) renumber(from, to *flows.Flow) {
	in := func(step int) int {
		if step < 0 {
			return step
		}
		if i := to.StepNamed(from.Steps[step].ID); i >= 0 && to.Steps[i].Verb == from.Steps[step].Verb {
			return i
		}
		return NoStep
	}
	for i := range r.Messages {
		r.Messages[i].Step = in(r.Messages[i].Step)
	}
	r.Waits = kept(r.Waits, in, func(w *WaitEnd) *int { return &w.Step })
	r.Fetched = kept(r.Fetched, in, func(f *Fetched) *int { return &f.Step })
	r.Collected = kept(r.Collected, in, func(c *Collection) *int { return &c.Step })
	r.Timeline = renumbered(r.Timeline, in)
}

// kept are the records of steps that are still there, renumbered.
func kept[T any](list []T, in func(int) int, step func(*T) *int) []T {
	all := make([]T, 0, len(list))
	for _, one := range list {
		at := step(&one)
		if *at = in(*at); *at >= 0 {
			all = append(all, one)
		}
	}
	return all
}

func renumbered(timeline []Entry, in func(int) int) []Entry {
	all := make([]Entry, len(timeline))
	for i, e := range timeline {
		e.Step = in(e.Step)
		all[i] = e
	}
	return all
}
