package engine

import (
	"slices"

	"nudge/engine/gate"
	"nudge/engine/watch"
	"nudge/flows"
)

// Kind is InputTimer.
func (t *Timer) Kind() InputKind { return InputTimer }

func (t *Timer) needs(_ *Engine, n *Needs) {
	n.Runs = append(n.Runs, t.Run)
}

// apply applies a due timer of a run. A timer that the run no longer has is stale: cancelled
// timers stay in the store until they fire.
func (t *Timer) apply(a *applier) {
	r := a.ws.Run(t.Run)
	if r == nil || !r.Live() || r.Deadline != t.Due {
		a.ignore("the timer was cancelled")
		return
	}
	if a.now < t.Due {
		panic("engine: a timer would fire early")
	}
	r = a.edit(t.Run)
	if !a.fireAlarms(a.e.pin(r), t.Due) && r.Live() {
		// The due alarm had no effect, such as an exit whose condition is false. It is over.
		r.Alarms = slices.DeleteFunc(r.Alarms, func(x Alarm) bool { return x.At <= t.Due })
		r.setDeadline()
	}
}

// fireAlarms follows a line that is due at an instant. It asks the exits first, then the
// loops, then the wait, and in each the first line wins. It reports whether the run
// continued.
func (a *applier) fireAlarms(r pinned, due Instant) bool {
	isDue := func(place, index int) bool {
		return slices.Contains(r.Alarms, Alarm{At: due, Place: place, Line: index})
	}
	if isDue(AtAsk, 0) {
		a.fireCheckAlarm(a.edit(r.ID))
		return true
	}
	lineDue := func(place, index int, _ *flows.Line) bool { return isDue(place, index) }
	in := r.watches()
	return a.happens(r, in.Exits(), nil, lineDue) || a.asksFirst(r, due) || a.happens(r, in.Loops(), nil, lineDue) ||
		a.fireOwn(r, in.Wait(), isDue)
}

// fireOwn follows a due line of the place where the run is parked.
func (a *applier) fireOwn(r pinned, wait []watch.Lines, isDue func(place, index int) bool) bool {
	switch {
	case isDue(AtBegin, ownTime), isDue(AtBegin, paced), isDue(AtBegin, ownDay):
		a.fireBeginAlarm(a.editPinned(r))
	case r.inDo() && slices.ContainsFunc(wait, func(w watch.Lines) bool { return a.timeout(r, w, isDue) }):
	case isDue(AtMessage, 0):
		a.fireMessageAlarm(r)
	case r.Status == Waiting && r.step().Verb == flows.VerbRepeat && isDue(r.At, roundAlarm):
		a.nextRound(r)
	default:
		return slices.ContainsFunc(wait, func(w watch.Lines) bool { return a.timeout(r, w, isDue) })
	}
	return true
}

// fireMessageAlarm continues with the pending message: its hold is over, its next attempt is due,
// it is too late for it, or on_unknown decides.
func (a *applier) fireMessageAlarm(r pinned) {
	r.clearAlarms(AtMessage)
	if r.Status == Fetching {
		a.fireFetchAlarm(r)
		return
	}
	switch r.current().Status {
	case Retrying:
		a.submit(r)
	case Held:
		a.reopen(r)
	case Planned:
		a.withhold(r.Run, r.Newest(), gate.Verdict{Reason: ReasonLate, Detail: "held too long, for more than its max_delay"})
		a.advance(r, r.step().Next)
	case Unknown:
		a.decideUnknown(r)
	default:
		panic("engine: an alarm for a message that has none")
	}
}
