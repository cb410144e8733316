package engine

import (
	"fmt"

	"nudge/flows"
)

// Move moves a parked run to the active version of its flow, by that version's migrations.
type Move struct {
	Run     RunID  `json:"run,omitzero"`
	Version string `json:"version,omitempty"` // the target version; if another one is active by then, the run is not moved
}

// Migrates reports whether the version to moves a run of the version from, or ends it.
func Migrates(r *Run, from, to *flows.Flow) bool {
	if from.Version == to.Version || r.Status != Waiting {
		return false
	}
	m, _ := to.Migrate(flows.Parked{Step: &from.Steps[r.At], TookDo: r.tookDo()})
	return m != nil
}

// Kind is InputMove.
func (m *Move) Kind() InputKind { return InputMove }

func (m *Move) needs(_ *Engine, n *Needs) {
	n.Runs = append(n.Runs, m.Run)
}

// apply carries out a migration. A run that cannot be moved stays, and its decision says
// why.
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
	migration, goal := to.Migrate(flows.Parked{Step: parked, TookDo: r.tookDo()})
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
	r.pass(Way{Kind: CountMovedOut, Step: NoStep})
	r.renumber(from, to)
	r.Version, r.At = to.Version, goal
	r.pass(Way{Kind: CountMovedIn, Step: NoStep})
	r.Alarms, r.Repeats, r.StatusCheck, r.Meanwhile = nil, nil, StatusCheck{}, nil
	r.setDeadline()
	r.log(Entry{At: a.now, Kind: KindMoved, Step: goal, Detail: fmt.Sprintf("here from %s of version %s", parked.ID, from.Version)})
	a.decide(r, DidMove, "to "+to.Steps[goal].ID)
	moved := pinned{r, to}
	a.setAlarmsSince(r.Started().Time(), moved, AtExits, to.Exits)
	if !a.leavesByIf(moved) {
		a.advance(moved, goal)
	}
}

// renumber maps everything that a run stores about its steps to another version, by step id.
// It drops what removed steps left. Their messages and timeline entries stay, without a
// step.
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
	r.Arms = kept(r.Arms, in, func(t *ArmTaken) *int { return &t.Step })
	r.Dropped.Sends = kept(r.Dropped.Sends, in, func(s *DroppedSends) *int { return &s.Step })
}

// kept returns the records of steps that still exist, renumbered.
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
