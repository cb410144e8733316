package engine

import (
	"slices"

	"nudge/engine/watch"
	"nudge/flows"
)

// Why a timer of a wait is passed over.
const (
	passedFalse = "its if is false"
	passedGone  = "it is past"
	passedNone  = "it cannot be computed"
)

// passOver drops a timer of a wait or collect that cannot come about. The other lines stay
// in effect.
func (a *applier) passOver(r *Run, place, index int, line *flows.Line, why string) {
	r.Alarms = deleteAlarm(r.Alarms, place, index)
	r.setDeadline()
	r.log(Entry{At: a.now, Kind: KindPassedOver, Step: place, Detail: line.Timer() + ": " + why})
}

// hasTimer reports whether a timer of a line is still to come. It may be held until the
// provider has answered.
func (r *Run) hasTimer(place, index int) bool {
	mine := func(x Alarm) bool { return x.Place == place && x.Line == index }
	return slices.ContainsFunc(r.Alarms, mine) || slices.ContainsFunc(r.StatusCheck.Held, mine)
}

// outOfTime reports whether the lines of a wait or collect have timers, and none is left
// that could end it.
func (r *Run) outOfTime(place int, lines []flows.Line) bool {
	timers := false
	for i := range lines {
		if !lines[i].Signal.IsTimer() {
			continue
		}
		if lines[i].Never || r.hasTimer(place, i) {
			return false
		}
		timers = true
	}
	return timers
}

// timeout follows the first timer of a wait or collect that is due and whose condition is
// true, and passes over those before it. If no message that the lines name reached the
// person, and no line waits for that failure, the wait fails instead: a reminder about a
// message that nobody got makes no sense. It reports whether a timer was due.
func (a *applier) timeout(r pinned, w watch.Lines, isDue func(place, index int) bool) bool {
	fired := false
	for i := range w.Lines {
		line := &w.Lines[i]
		switch {
		case !isDue(w.Place, i):
			continue
		case lostCause(r.Run, w.Lines):
			a.advance(r, a.endEarly(r, w.Place, outcomeFailed))
			return true
		case a.holds(line.If, r, nil):
			a.take(r, w.Place, line, nil)
			return true
		}
		a.passOver(r.Run, w.Place, i, line, passedFalse)
		fired = true
	}
	if fired && r.outOfTime(w.Place, w.Lines) {
		a.advance(r, a.endEarly(r, w.Place, outcomePast))
	}
	return fired
}

// endEarly ends a wait or collect by none of its lines and returns the step after it.
func (a *applier) endEarly(r pinned, place int, outcome string) (next int) {
	s := &r.flow.Steps[place]
	r.closes(s)
	a.endWait(r.Run, place, outcome, nil)
	return s.Next
}
