package engine

import (
	"cmp"
	"slices"

	"nudge/engine/watch"
	"nudge/flows"
)

// Why a timer of a wait is passed over.
const (
	passedFalse = "its if is false"
	passedGone  = "it is past"
	passedNone  = "it cannot be computed"
	passedOn    = ReasonWaitWentOn // a later timer has taken its place
	passedLost  = "its messages did not reach the person"
)

// passOver drops a timer of a wait or collect that cannot come about. The other lines stay
// in effect.
func (a *applier) passOver(r *Run, place, index int, line *flows.Line, why string) {
	r.Alarms = deleteAlarm(r.Alarms, place, index)
	r.setDeadline()
	r.log(Entry{At: a.now, Kind: KindPassedOver, Step: place, Detail: line.Timer() + ": " + why})
}

// wordsOf names a line by its signal, and a timer by its time too.
func wordsOf(line *flows.Line) string {
	switch {
	case line.Signal.IsTimer():
		return line.Timer()
	case line.Event != "":
		return line.Signal.String() + " " + line.Event
	}
	return line.Signal.String()
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
		if !lines[i].Signal.IsTimer() || lines[i].Do {
			continue
		}
		if lines[i].Never || r.hasTimer(place, i) {
			return false
		}
		timers = true
	}
	return timers
}

// timeout follows a timer of a wait or collect, if one is due: the earliest that ends it, else
// the latest whose line has a do. Those whose condition is false are passed over. If no message
// that the lines name reached the person, and no line waits for that failure, the wait fails
// instead: a reminder about a message that nobody got makes no sense. It reports whether a
// timer was due.
func (a *applier) timeout(r pinned, w watch.Lines, isDue func(place, index int) bool) bool {
	if !slices.ContainsFunc(r.Alarms, func(x Alarm) bool { return x.Place == w.Place && isDue(w.Place, x.Line) }) {
		return false
	}
	lost := lostCause(r.Run, w.Lines)
	for _, x := range a.dueTimers(r, w) {
		line := &w.Lines[x.Line]
		switch {
		case line.Do:
			continue
		case lost:
			a.advance(r, a.endEarly(r, w.Place, outcomeFailed))
			return true
		case a.holds(line.If, r, nil):
			a.take(r, w.Place, line, nil)
			return true
		}
		a.passOver(r.Run, w.Place, x.Line, line, passedFalse)
	}
	if r.outOfTime(w.Place, w.Lines) {
		a.advance(r, a.endEarly(r, w.Place, outcomePast))
		return true
	}
	a.takeLatest(r, w, lost)
	return true
}

// dueTimers returns the timers of a wait or collect that are due, the earliest first, and of
// one instant the upper. There may be several instants if Nudge is late.
func (a *applier) dueTimers(r pinned, w watch.Lines) (due []Alarm) {
	for _, x := range r.Alarms {
		if x.Place == w.Place && x.At <= a.now {
			due = append(due, x)
		}
	}
	slices.SortFunc(due, func(x, y Alarm) int { return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.Line, y.Line)) })
	return due
}

// takeLatest takes the do of the latest timer that is due and whose condition is true, and
// passes over the others. A person who is late gets one reminder, not all of them.
func (a *applier) takeLatest(r pinned, w watch.Lines, lost bool) {
	due := a.dueTimers(r, w)
	slices.SortStableFunc(due, func(x, y Alarm) int { return cmp.Compare(y.At, x.At) })
	var latest *flows.Line
	for _, x := range due {
		switch line := &w.Lines[x.Line]; {
		case lost:
			a.passOver(r.Run, w.Place, x.Line, line, passedLost)
		case latest != nil:
			a.passOver(r.Run, w.Place, x.Line, line, passedOn)
		case a.holds(line.If, r, nil):
			latest = line
		default:
			a.passOver(r.Run, w.Place, x.Line, line, passedFalse)
		}
	}
	if latest != nil {
		a.take(r, w.Place, latest, nil)
	}
}

// endEarly ends a wait or collect by none of its lines and returns the step after it.
func (a *applier) endEarly(r pinned, place int, outcome string) (next int) {
	s := &r.flow.Steps[place]
	r.closes(s)
	a.endMeanwhile(r.Run, place)
	r.pass(Way{Kind: CountOver, Step: place, Word: outcome})
	a.endWait(r.Run, place, outcome, nil)
	return s.Next
}
