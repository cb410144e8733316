package prove

import (
	"slices"
	"time"

	"nudge/flows"
)

// changesBefore is the minute of a day before which clocks may change. A time of day before it
// may come earlier or later on such a day.
const changesBefore = 4 * 60

// isTimeOfDay reports whether a moment is a time of day that the flow says, on days that come again.
func isTimeOfDay(m *flows.Moment) bool {
	return m != nil && m.Of == nil && m.Clock == nil && m.Date == (flows.Date{})
}

// clock notes a time of day that is waited for.
func (a *asked) clock(m *flows.Moment) {
	if isTimeOfDay(m) {
		a.clocks[m.String()] = true
	}
}

// timeOfDay sets the alarm of a time of day. Of two alarms of one time of day the second comes
// a whole period of it after the first. A story begins at a known instant, so there it comes
// when the clock says.
func (w *walk) timeOfDay(a alarm, m *flows.Moment) {
	z := &w.s.zone
	if w.timed && m.Clock == nil {
		since := -z.bound(start, now)
		w.dead = w.dead || !z.restrict(now, start, since)
		at := storyStart.Add(time.Duration(since) * time.Millisecond)
		next := millis(m.Next(at, time.UTC).Sub(at))
		z.add(a, now, next, next)
		return
	}
	z.add(a, now, 1, longestGap(m))
	if last := z.find(w.lastOf(m)); last >= 0 && isTimeOfDay(m) {
		w.dead = w.dead || !z.restrict(last, z.find(a), -w.leastGap(m))
	}
}

// lastOf names the instant at which a time of day was last come to.
func (x *explorer) lastOf(m *flows.Moment) alarm {
	n := slices.IndexFunc(x.clocks, func(o *flows.Moment) bool { return o.String() == m.String() })
	if n < 0 {
		n, x.clocks = len(x.clocks), append(x.clocks, m)
	}
	return alarm{atClock, n, false}
}

// noteTimeOfDay remembers that the time of day of an alarm has come. It makes a difference to
// what falls into one period.
func (w *walk) noteTimeOfDay(a alarm) {
	var m *flows.Moment
	switch lines := w.linesAt(a.place); {
	case w.period == nil:
	case a.line == roundLine && a.place >= 0:
		m = w.f.Steps[a.place].Repeat.Till
	case a.line >= 0 && a.line < len(lines):
		m = lines[a.line].At
	}
	if isTimeOfDay(m) {
		w.s.zone.add(w.lastOf(m), now, 0, 0)
	}
}

// forgetTimesOfDay forgets the times of day that are not waited for any more, and those so long
// ago that the next may come at once.
func (w *walk) forgetTimesOfDay(still *asked) {
	z := &w.s.zone
	z.remove(func(a alarm) bool {
		if a.place != atClock {
			return false
		}
		m := w.clocks[a.line]
		return !still.clocks[m.String()] || z.bound(z.find(a), now) <= -w.leastGap(m)
	})
}

// leastGap is the least time between two of one time of day, as the period counts that is
// looked at.
func (x *explorer) leastGap(m *flows.Moment) int64 {
	gap := int64(leastDays(m)) * day
	if x.period == nil || !x.period.days || m.Hour*60+m.Minute < changesBefore {
		gap -= millis(changesBefore * time.Minute)
	}
	return gap
}

// leastDays is the fewest days between two of a time of day.
func leastDays(m *flows.Moment) int {
	if m.Nth != 0 {
		return 21 // a day of each month lies within the same seven dates
	}
	least, gap := 7, 7
	for n := range 14 {
		if gap++; m.Days.Has(time.Weekday(n % 7)) {
			least, gap = min(least, gap), 0
		}
	}
	return least
}

// hasTimesOfDay reports whether the flow waits for a time of day.
func (x *explorer) hasTimesOfDay() bool {
	at := func(lines []flows.Line) bool {
		return slices.ContainsFunc(lines, func(l flows.Line) bool {
			return l.At != nil && l.At.Of == nil && l.At.Date == (flows.Date{})
		})
	}
	if at(x.f.Exits) {
		return true
	}
	for i := range x.f.Steps {
		if r := x.f.Steps[i].Repeat; at(x.linesAt(i)) || r != nil && r.Till != nil {
			return true
		}
	}
	return false
}
