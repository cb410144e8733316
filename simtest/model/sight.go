package model

import (
	"slices"

	"nudge/engine"
)

// Deadline is when the earliest timer of a live run is due, or a schedule; 0 for never.
func (w *World) Deadline() (first engine.Instant) {
	for _, r := range w.order {
		if d := r.now.deadline(); d != 0 && (first == 0 || d < first) {
			first = d
		}
	}
	for _, s := range w.schedules {
		if s.next != 0 && (first == 0 || s.next < first) {
			first = s.next
		}
	}
	return first
}

// Active is how many flows are deployed.
func (w *World) Active() int { return len(w.active) }

// Live is how many runs are live.
func (w *World) Live() int { return len(w.order) }

// LiveRuns are those, oldest first.
func (w *World) LiveRuns() (ids []engine.RunID) {
	for _, r := range w.order {
		ids = append(ids, r.id)
	}
	return ids
}

// Claimed says of a message that it is claimed at an attempt, and what its text must
// be where that is known.
func (w *World) Claimed(id engine.RunID, message, attempt int) (body string, known, claimed bool) {
	r := w.runs[id]
	if r == nil || message < 1 || message > len(r.now.messages) {
		return "", false, false
	}
	m := &r.now.messages[message-1]
	body, known = r.bodies[message]
	return body, known, m.attempt == attempt && m.posted != 0
}

// Profile is for whom a run is, and its flow.
func (w *World) Profile(id engine.RunID) (flow, profile string) {
	r := w.runs[id]
	if r == nil {
		return "", ""
	}
	return r.flow.Name, r.profile
}

// Unsettled are the live runs that nothing will wake: no timer, and no run that they
// wait for.
func (w *World) Unsettled() (runs []engine.RunID) {
	for _, r := range w.order {
		waitsFor := func(x *Run) bool { return x.parent == r.id }
		if r.now.deadline() == 0 && !slices.ContainsFunc(w.everywhere(), waitsFor) {
			runs = append(runs, r.id)
		}
	}
	return runs
}

// Following is how many inputs must still follow from earlier ones.
func (w *World) Following() int { return len(w.derived) }

// Learn takes over what another world has learned of the arms that people are dealt.
func (w *World) Learn(from *World) { w.arms = from.arms }
