package prove

import (
	"strings"
	"time"

	"nudge/flows"
	"nudge/lang/shape"
)

// nominal is a duration in milliseconds; a day counts as 24 hours.
func nominal(d flows.Duration) int64 {
	return millis(time.Duration(d.Days)*24*time.Hour + d.Clock)
}

// atAnchor is the place of the instants that moments count from; a line of it is the
// index of the step and line of the moment that asked first.
const atAnchor = -4

// day is a day in milliseconds; clocks that change are not counted.
const day = int64(24 * time.Hour / time.Millisecond)

// moment sets the alarm of a moment. It reports whether the moment is past: it does not lie
// ahead, or cannot be computed.
func (w *walk) moment(a alarm, m *flows.Moment) (past bool) {
	z := &w.s.zone
	if m.Clock != nil && w.t.choose(2) == 1 {
		return true // the text is no time of day, so the line is passed over
	}
	if m.Of == nil && m.Date == (flows.Date{}) {
		w.timeOfDay(a, m)
		return false
	}
	anchor := -1
	if m.Of != nil {
		anchor = w.anchor(m.Of)
	}
	if anchor < 0 {
		if w.t.choose(2) == 1 {
			return true
		}
		z.add(a, now, 1, unbounded)
		return false
	}
	least, most := nominal(m.Offset), nominal(m.Offset)
	if m.Before {
		least, most = -least, -most
	}
	if m.OnDay && m.Clock == nil && w.telling && w.isDate(m.Of.String()) { // in a story it is midnight
		least, most = least+clockOf(m), most+clockOf(m)
	} else if m.OnDay { // the time of day of the anchor is not known
		least, most = least-day+1, most+day-1
		if m.Clock == nil {
			least, most = least+clockOf(m), most+1-day+clockOf(m)
		}
	}
	if w.t.choose(2) == 1 {
		w.dead = w.dead || !z.restrict(anchor, now, -least)
		return true
	}
	w.dead = w.dead || !z.restrict(now, anchor, most-1)
	z.add(a, anchor, least, most)
	w.dead = w.dead || !z.restrict(now, z.find(a), -1)
	return false
}

// clockOf is how long after midnight a moment comes.
func clockOf(m *flows.Moment) int64 {
	return millis(time.Duration(m.Hour)*time.Hour + time.Duration(m.Minute)*time.Minute)
}

// isDate reports whether a path reads a day of what the run began with.
func (x *explorer) isDate(path string) bool {
	field, ok := strings.CutPrefix(path, flows.NameData+".")
	t := x.f.Data.Fields[field]
	return ok && t != nil && t.Kind == shape.KindDate
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

// longestMonth is more than the time between two of the same days of a month.
const longestMonth = 40 * day

// longestGap is how long the next moment of the clock can be away.
func longestGap(m *flows.Moment) int64 {
	if m.Nth != 0 {
		return longestMonth
	}
	longest, gap := 0, 0
	for n := range 14 {
		if gap++; m.Days.Has(time.Weekday(n % 7)) {
			longest, gap = max(longest, gap), 0
		}
	}
	return int64(longest) * day
}
