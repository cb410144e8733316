package engine

import "nudge/flows"

// leaveBy leaves the run by an exit that has steps of its own. What is not handed over is
// dropped, the run hears nothing more, and those steps follow. The goal counts from here on.
func (a *applier) leaveBy(r pinned, line *flows.Line, h *Signal) {
	for i := range r.Messages {
		a.drop(r.Run, r.Messages[i].Number, ReasonRunEnded)
	}
	r.layDown()
	r.Alarms, r.Deadline, r.Repeats, r.StatusCheck, r.Meanwhile = nil, 0, nil, StatusCheck{}, nil
	r.Status = 0
	if line.Goal {
		r.reachGoal()
	}
	for i := range r.flow.Exits {
		if &r.flow.Exits[i] == line {
			r.Leaving = i + 1
		}
	}
	if h != nil {
		a.takeInHand(r.Run, h)
	}
	r.log(Entry{At: a.now, Kind: KindLeaving, Step: NoStep, Detail: line.As})
	a.advance(r, line.Then)
}

// takeInHand keeps an event or reply for the steps that follow, and returns its number.
func (a *applier) takeInHand(r *Run, h *Signal) (event, reply int) {
	r.Signals = append(r.Signals, *h)
	if h.Event != "" {
		r.Event = len(r.Signals)
		return r.Event, 0
	}
	r.answered(h)
	r.Reply, r.Replied = len(r.Signals), true
	return 0, r.Reply
}

// Stands returns the step that the run has come to; NoStep if it has not begun.
func (r *Run) Stands() int {
	if !r.begun() {
		return NoStep
	}
	return r.At
}

// begun reports whether the run has come to its first step.
func (r *Run) begun() bool { return r.Status != 0 && r.Status != Parked }

// complete ends a run that is past its last step: by the exit that it leaves by, or as
// completed.
func (a *applier) complete(r pinned) {
	if r.Leaving != 0 {
		a.finish(r.Run, r.flow.Exits[r.Leaving-1].As, false)
		return
	}
	a.finish(r.Run, OutcomeCompleted, false)
}
