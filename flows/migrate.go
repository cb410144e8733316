package flows

import (
	"nudge/lang/diag"
	"nudge/lang/node"
)

// Migration says what happens to runs of older versions that are parked on a step when this
// version is deployed. Runs without a migration stay with their version.
type Migration struct {
	From string // the step's id in their version; empty for any step
	To   int    // the step of this version to go on with, anew; SameStep for the one with the same id
	Exit string // the outcome to end with instead; empty for none
}

// SameStep in Migration.To means the step with the same id as the one on which the run is
// parked.
const SameStep = -3

const (
	anyStep  = "any"
	sameStep = "same"
)

// Parked is where runs of an older version are parked.
type Parked struct {
	Step   *Step // of their version
	TookDo bool  // it is a wait that has taken a do
}

// Migrate returns the first migration for runs of older versions that are parked on a step,
// and the step to go on with. It returns nil if these runs stay.
func (f *Flow) Migrate(parked Parked) (m *Migration, to int) {
	for i := range f.Migrations {
		m := &f.Migrations[i]
		if m.From != "" && m.From != parked.Step.ID {
			continue
		}
		if m.To != SameStep || m.Exit != "" {
			return m, m.To
		}
		if to := f.same(parked); to >= 0 {
			return m, to
		}
	}
	return nil, 0
}

// same returns the step that can replace a step of an older version, or -1. Only a wait can
// start again without harm: a collect has gathered items, a wait that took a do would take it
// again, a start has started its flow, and a repeat would send its messages again.
func (f *Flow) same(parked Parked) int {
	to := f.StepNamed(parked.Step.ID)
	if to < 0 || len(f.Steps[to].Loops) > 0 || parked.Step.Verb != VerbWait || parked.TookDo || f.Steps[to].Verb != VerbWait {
		return -1
	}
	return to
}

// readMigrations reads the migrations, after the steps.
func (r *reader) readMigrations(v *node.Value) {
	for _, one := range oneOrMore(v) {
		m := one.Map()
		if m == nil {
			continue
		}
		migration := Migration{}
		switch from := m.Text("from"); {
		case from == nil:
			m.Errorf("from", CodeMissingKey, "write the id of a step of older versions, or any", "this migration needs from: the runs to move")
		case from.Value != anyStep && checkName(from, "a step's id", r.list):
			migration.From = from.Value
		}
		r.readGoal(m, &migration)
		m.Close()
		r.flow.Migrations = append(r.flow.Migrations, migration)
	}
}

// readGoal reads the target of a migration: a step, or an outcome.
func (r *reader) readGoal(m *node.Map, migration *Migration) {
	const hint = "write to: STEP, to: same, or exit: OUTCOME"
	switch {
	case m.Has("to") == m.Has("exit"):
		m.Errorf("to", CodeMissingKey, hint, "this migration needs exactly one of to and exit")
		m.Allow("to", "exit")
	case m.Has("exit"):
		if name, ok := r.outcome(m.Text("exit"), reservedEnds...); ok {
			migration.Exit = name
		}
	default:
		migration.To = r.goal(m.Text("to"), migration.From)
	}
}

// goal returns the step to which runs are moved.
func (r *reader) goal(t *node.Text, from string) int {
	if t == nil {
		return 0
	}
	if t.Value == sameStep {
		return SameStep
	}
	to := -1
	ids := make([]string, len(r.heads))
	for i, h := range r.heads {
		if ids[i] = h.id; h.id == t.Value {
			to = i
		}
	}
	switch {
	case to < 0:
		r.list.Errorf(t.Span, codeUnknownStep, diag.DidYouMean(t.Value, ids[:min(r.parting, len(ids))], "Steps"), "no step has the id %q", t.Value)
		return 0
	case to >= r.parting && to < len(r.flow.Steps):
		r.list.Errorf(t.Span, codeBadValue, "end them with exit: OUTCOME, or move them to a step of the flow", "%s is a step of an exit, and only the exit leads to it", t.Value)
		return 0
	case r.dos[to]:
		r.list.Errorf(t.Span, codeBadValue, "move the runs to the wait itself", "%s is a step under a do, and only its wait leads to it", t.Value)
	case to < len(r.flow.Steps) && len(r.flow.Steps[to].Loops) > 0:
		r.list.Errorf(t.Span, codeBadValue, "move the runs to the repeat itself", "%s is inside a repeat, and runs cannot begin in the middle of a round", t.Value)
	}
	return to
}
