package engine

import (
	"slices"
	"time"

	"nudge/engine/watch"
	"nudge/flows"
)

// watches returns the lines that are in effect for a run.
func (r pinned) watches() watch.Set {
	if r.Leaving != 0 {
		return watch.Set{}
	}
	parked := watch.Parked{At: watch.NoWait}
	for _, l := range r.Repeats {
		parked.Loops = append(parked.Loops, l.Step)
	}
	if at := r.WaitsAt(); at != NoStep {
		parked.At = at
	}
	return watch.InEffect(r.flow, parked)
}

// happens follows the first line in effect that names the signal and whose condition is
// true. It reports whether there was one.
func (a *applier) happens(r pinned, in []watch.Lines, h *Signal, meant func(place, index int, line *flows.Line) bool) bool {
	for _, w := range in {
		for i := range w.Lines {
			line := &w.Lines[i]
			if r.mayTake(line) && meant(w.Place, i, line) && (line.Signal == flows.SignalIf || a.holds(line.If, r, h)) {
				a.take(a.editPinned(r), w.Place, line, h)
				return true
			}
		}
	}
	return false
}

// leads follows the first line in effect that is meant and whose condition is true. It
// reports whether the run has gone on by it. It has not if the line's do only follows another.
func (a *applier) leads(r pinned, meant func(*flows.Line) bool) bool {
	during, following := r.Meanwhile, 0
	if during != nil {
		following = len(during.Next)
	}
	return a.happens(r, r.watches().All(), nil, func(_, _ int, line *flows.Line) bool { return meant(line) }) &&
		(during == nil || r.Meanwhile != during || len(during.Next) <= following)
}

// take follows a line: the run leaves by an exit, or the line's step ends and the run
// continues after it. A line with a do ends nothing.
func (a *applier) take(r pinned, place int, line *flows.Line, h *Signal) {
	switch {
	case place == AtExits:
		a.leave(r, line, h)
	case line.Do:
		a.takeDo(r, line, h)
	default:
		a.advance(r, a.follow(r, place, line, h))
	}
}

// closes frees the run's key if the step that ends is its last collect: the next event may
// start a run, which opens a new collect. The run still hears events by its key.
func (r pinned) closes(s *flows.Step) {
	r.Freed = r.Freed || s.Collect != nil && s.Collect.Last
}

// follow ends the wait, collect or repeat of a line and returns where the line leads.
func (a *applier) follow(r pinned, place int, line *flows.Line, h *Signal) (next int) {
	r.closes(&r.flow.Steps[place])
	r.pass(Way{Kind: CountLine, Step: place, At: indexOf(r.flow.Steps[place].Lines(), line)})
	if i := slices.IndexFunc(r.Repeats, func(l RepeatState) bool { return l.Step == place }); i >= 0 {
		a.leaveLoop(r.Run, i)
	}
	a.endMeanwhile(r.Run, place)
	a.endWait(r.Run, place, line.As, h)
	return line.Then
}

// watchIfs checks the condition lines in effect. It runs after every change of the run. It
// reports whether one of them was true, so that the run has
// continued.
func (a *applier) watchIfs(r pinned) bool {
	if !a.e.watchesIfs(r.flow) {
		return false
	}
	return a.happens(r, r.watches().All(), nil, func(_, _ int, line *flows.Line) bool {
		if line.Signal != flows.SignalIf || line.Gathered {
			return false
		}
		return a.holds(line.If, r, nil)
	})
}

// leavesByIf checks the condition lines among the exits, when a run begins and after a move
// to another version. It reports whether the run has left. It reads only the exits: a
// run that was just moved has no step of its new version yet.
func (a *applier) leavesByIf(r pinned) bool {
	return a.e.watchesIfs(r.flow) && a.happens(r, watch.ExitsOf(r.flow), nil, func(_, _ int, line *flows.Line) bool {
		return line.Signal == flows.SignalIf && a.holds(line.If, r, nil)
	})
}

// setAlarms sets the alarms of lines that come into effect. A moment that is past, or that
// cannot be computed, is passed over.
func (a *applier) setAlarms(r pinned, place int, lines []flows.Line) {
	a.setAlarmsSince(a.now.Time(), r, place, lines)
}

// setAlarmsSince is setAlarms for lines that count from an earlier instant.
func (a *applier) setAlarmsSince(now time.Time, r pinned, place int, lines []flows.Line) {
	zone := a.zoneOf(r)
	for i := range lines {
		line := &lines[i]
		switch {
		case line.Open != nil:
			a.setOpening(r, place, i, line, now, zone)
		case line.Signal == flows.SignalAfter && !line.Never, line.Signal == flows.SignalQuiet:
			r.setAlarm(Alarm{InstantOf(line.After.After(now, zone)), place, i})
		case line.Signal == flows.SignalAt:
			at, isPast, err := line.At.Resolve(a.scope(r), now, zone)
			switch {
			case err != nil:
				r.log(Entry{At: a.now, Kind: KindError, Step: place, Detail: cut(err.Error(), MaxReasonBytes)})
				a.passOver(r.Run, place, i, line, passedNone)
			case isPast:
				a.passOver(r.Run, place, i, line, passedGone)
			default:
				r.setAlarm(Alarm{InstantOf(at), place, i})
			}
		}
	}
}
