package prove

import (
	"time"

	"nudge/flows"
)

// nominal is a duration in milliseconds; a day counts as 24 hours.
func nominal(d flows.Duration) int64 {
	return millis(time.Duration(d.Days)*24*time.Hour + d.Clock)
}

// atAnchor is the place of the instants that moments count from; a line of it is the
// index of the step and line of the moment that asked first.
const atAnchor = -4

// moment sets the alarm of a moment. It reports whether the moment is past.
func (w *walk) moment(a alarm, m *flows.Moment) (past bool) {
	z := &w.s.zone
	switch {
	case m.Date != flows.Date{}:
		if w.t.choose(2) == 1 {
			return true
		}
		z.add(a, now, 0, unbounded)
		return false
	case m.Of == nil:
		z.add(a, now, 0, longestGap(m.Days))
		return false
	}
	offset := nominal(m.Offset)
	if m.Before {
		offset = -offset
	}
	anchor := w.anchor(m.Of)
	if anchor < 0 {
		if w.t.choose(2) == 1 {
			return true
		}
		z.add(a, now, 0, unbounded)
		return false
	}
	if w.t.choose(2) == 1 {
		w.dead = w.dead || !z.restrict(anchor, now, -1-offset)
		return true
	}
	w.dead = w.dead || !z.restrict(now, anchor, offset)
	z.add(a, anchor, offset, offset)
	return false
}

// anchor is the index in the zone of the instant that an expression names: the start of
// the run, now, or one that the run was given and that never changes. Negative: nothing
// can be said of it.
func (w *walk) anchor(e *flows.Expr) int {
	path := e.String()
	switch {
	case path == flows.NameRun+".started":
		return start
	case path == flows.NameNow:
		return now
	case pathRoot(path) != flows.NameData || len(w.reading(e).Paths()) != 1 || w.reading(e).Paths()[0] != path:
		return -1
	}
	if _, ok := w.anchors[path]; !ok {
		w.anchors[path] = len(w.anchors)
	}
	id := alarm{atAnchor, w.anchors[path], false}
	if w.s.zone.find(id) < 0 {
		w.s.zone.add(id, start, -unbounded, unbounded)
	}
	return w.s.zone.find(id)
}

// longestGap is how long the next time of day on one of the days can be away.
func longestGap(days flows.Weekdays) int64 {
	longest, gap := 0, 0
	for n := range 14 {
		if gap++; days.Has(time.Weekday(n % 7)) {
			longest, gap = max(longest, gap), 0
		}
	}
	return int64(longest) * millis(24*time.Hour)
}

// minutesOfWeek is how many minutes a week has.
const minutesOfWeek = 7 * 24 * 60

// longestHold is how long a message may have to wait for one of its windows: the longest
// time of a week in which none is open. 0 without windows; a week where none ever opens.
func longestHold(windows flows.Windows) int64 {
	if windows == nil {
		return 0
	}
	var isOpen [minutesOfWeek]bool
	for _, w := range windows {
		for day := range 7 {
			for minute := w.From; w.Days.Has(time.Weekday(day)) && minute < w.To; minute++ {
				isOpen[day*24*60+minute] = true
			}
		}
	}
	longest, closed := 0, 0
	for n := range 2 * minutesOfWeek { // twice, because the week goes on
		if closed++; isOpen[n%minutesOfWeek] {
			closed = 0
		}
		longest = max(longest, closed)
	}
	return millis(time.Duration(min(longest, minutesOfWeek)) * time.Minute)
}
