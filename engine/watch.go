package engine

import (
	"slices"
	"time"

	"nudge/engine/watch"
	"nudge/flows"
)

// watches are the lines that are in effect for a run.
func (r pinned) watches() watch.Set {
	parked := watch.Parked{At: watch.NoWait}
	for _, l := range r.Repeats {
		parked.Loops = append(parked.Loops, l.Step)
	}
	if r.Status == Waiting {
		parked.At = r.At
	}
	return watch.InEffect(r.flow, parked)
}

// happens follows the first line in effect that is meant and whose condition holds.
// It reports whether there was one.
func (a *applier) happens(r pinned, in []watch.Lines, h *Signal, meant func(place, index int, line *flows.Line) bool) bool {
	for _, w := range in {
		for i := range w.Lines {
			line := &w.Lines[i]
			if meant(w.Place, i, line) && (line.Signal == flows.SignalIf || a.holds(line.If, r, h)) {
				a.take(a.editPinned(r), w.Place, line, h)
				return true
			}
		}
	}
	return false
}

// take follows a line: the run leaves by an exit, or what the line belongs to ends
// and the run goes on after it.
func (a *applier) take(r pinned, place int, line *flows.Line, h *Signal) {
	if place == AtExits {
		a.finish(r.Run, line.As, line.Goal)
		return
	}
	a.advance(r, a.follow(r, place, line, h))
}

// follow ends the wait, collect or repeat that a line belongs to and says where the
// line leads. A collect that closes frees the run's key, so that the next event opens
// the next one.
func (a *applier) follow(r pinned, place int, line *flows.Line, h *Signal) (next int) {
	r.Freed = r.Freed || r.flow.Steps[place].Verb == flows.VerbCollect
	if i := slices.IndexFunc(r.Repeats, func(l RepeatState) bool { return l.Step == place }); i >= 0 {
		a.leaveLoop(r.Run, i)
	}
	a.endWait(r.Run, place, line.As, h)
	return line.Then
}

// watchIfs looks at the conditions in effect that stand by themselves. They are
// looked at whenever the run was touched, and right before a send. It reports whether
// one of them held, so that the run has gone on.
func (a *applier) watchIfs(r pinned) bool {
	if !a.e.watchesIfs(r.flow) {
		return false
	}
	return a.happens(r, r.watches().All(), nil, func(_, _ int, line *flows.Line) bool {
		if line.Signal != flows.SignalIf {
			return false
		}
		return a.holds(line.If, r, nil)
	})
}

// leavesByIf looks at the conditions among the exits, as is done right before a send.
// It reports whether the run has left.
func (a *applier) leavesByIf(r pinned) bool {
	return a.e.watchesIfs(r.flow) && a.happens(r, r.watches().Exits(), nil, func(_, _ int, line *flows.Line) bool {
		return line.Signal == flows.SignalIf && a.holds(line.If, r, nil)
	})
}

// setAlarms sets the alarms of lines that begin to be looked out for. It reports how many
// of them are timers, and how many of those are moments that are past, which never
// come.
func (a *applier) setAlarms(r pinned, place int, lines []flows.Line) (timers, past int, err error) {
	return a.setAlarmsSince(a.now.Time(), r, place, lines)
}

// setAlarmsSince is arm for lines that count from an earlier instant.
func (a *applier) setAlarmsSince(now time.Time, r pinned, place int, lines []flows.Line) (timers, past int, err error) {
	zone := a.zoneOf(r)
	for i := range lines {
		line := &lines[i]
		switch {
		case line.Signal == flows.SignalAfter && !line.Never, line.Signal == flows.SignalQuiet:
			timers++
			r.setAlarm(Alarm{InstantOf(line.After.After(now, zone)), place, i})
		case line.Signal == flows.SignalAt:
			timers++
			at, isPast, err := line.At.Resolve(a.scope(r), now, zone)
			if err != nil {
				return timers, past, err
			}
			if isPast {
				past++
				continue
			}
			r.setAlarm(Alarm{InstantOf(at), place, i})
		}
	}
	return timers, past, nil
}
