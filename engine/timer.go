package engine

import (
	"slices"

	"nudge/flows"
)

// Kind is InputTimer.
func (t *Timer) Kind() InputKind { return InputTimer }

func (t *Timer) needs(_ *Engine, n *Needs) {
	n.Runs = append(n.Runs, t.Run)
}

// apply applies a deadline of a run. One that the run no longer has is stale:
// cancelled timers are left in the store until they are met.
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
		// What was due led nowhere, as an exit whose condition is false: it is over.
		r.Alarms = slices.DeleteFunc(r.Alarms, func(x Alarm) bool { return x.At <= t.Due })
		r.setDeadline()
	}
}

// fireAlarms follows what is due at an instant: of several the exits first, then the loops,
// then the wait, and there the upper line. It reports whether the run went on.
func (a *applier) fireAlarms(r pinned, due Instant) bool {
	isDue := func(place, index int) bool {
		return slices.Contains(r.Alarms, Alarm{At: due, Place: place, Line: index})
	}
	all := watches(r)
	own, exits := len(all), 0
	if own > 0 && all[0].place == AtExits {
		exits = 1
	}
	if r.Status == Waiting && own > 0 && all[own-1].place == r.At && r.step().Verb != flows.VerbRepeat {
		own-- // the wait itself, which has a rule of its own
	}
	if isDue(AtAsk, 0) {
		a.ringAsking(a.edit(r.ID))
		return true
	}
	lineDue := func(place, index int, _ *flows.Line) bool { return isDue(place, index) }
	if a.happens(r, all[:exits], nil, lineDue) || a.asksFirst(r, due) || a.happens(r, all[exits:own], nil, lineDue) {
		return true
	}
	if isDue(AtBegin, 0) {
		a.ringBegin(a.editPinned(r))
		return true
	}
	if isDue(AtMessage, 0) {
		a.ringMessage(r)
		return true
	}
	if r.Status == Waiting && r.step().Verb == flows.VerbRepeat && isDue(r.At, roundAlarm) {
		a.nextRound(r)
		return true
	}
	for i := range all[own:] {
		w := all[own+i]
		for index := range w.lines {
			if isDue(w.place, index) {
				a.timeout(r, w, &w.lines[index])
				return true
			}
		}
	}
	return false
}

// timeout ends a wait by a timer. When every message that the wait names is known not
// to have reached the person, and no line asked to hear of it, the timer's then is
// passed over: a reminder makes no sense for a message nobody got.
func (a *applier) timeout(r pinned, w watch, line *flows.Line) {
	switch {
	case r.step().Verb == flows.VerbWait && lostCause(r.Run, w.lines):
		a.endWait(r.Run, r.At, outcomeFailed, nil)
		a.advance(r, r.step().Next)
	case !a.holds(line.If, r, nil):
		r.Freed = r.Freed || r.step().Verb == flows.VerbCollect
		a.endWait(r.Run, r.At, line.As, nil)
		a.advance(r, r.step().Next)
	default:
		a.take(r, r.At, line, nil)
	}
}

// ringMessage goes on with the message under way: what held it is over, its next attempt
// is due, it is of no use any more, or its unknown outcome is decided upon.
func (a *applier) ringMessage(r pinned) {
	r.clearAlarms(AtMessage)
	if r.Status == Fetching {
		a.ringFetch(r)
		return
	}
	switch r.current().Status {
	case Retrying:
		a.submit(r)
	case Held:
		a.reopen(r)
	case Planned:
		a.withhold(r.Run, len(r.Messages), verdict{reason: ReasonLate, detail: "held too long, for more than its max_delay"})
		a.advance(r, r.step().Next)
	case Unknown:
		a.decideUnknown(r)
	default:
		panic("engine: an alarm for a message that has none")
	}
}
