package flows

import (
	"fmt"
	"strings"
	"time"

	"nudge/lang/shape"
)

// Moment is a point in time as a flow writes it: a time of day in the person's zone (09:00,
// mon-fri 09:00, 2026-12-24 09:00), the time that an expression gives, or a duration before
// or after that time.
type Moment struct {
	Of     *Expr // nil: a time of day
	Offset Duration
	Before bool // Offset before Of; else after it

	Hour, Minute int
	Days         Weekdays // the days of a time of day
	Date         Date     // its only day; zero for those of Days
}

// Date is a calendar day; the zero Date means no day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Weekdays is a set of days of the week.
type Weekdays uint8

// EveryDay is all seven days.
const EveryDay Weekdays = 1<<7 - 1

// On returns the set with one more day.
func (w Weekdays) On(day time.Weekday) Weekdays { return w | 1<<day }

// Has reports whether the set contains a day.
func (w Weekdays) Has(day time.Weekday) bool { return w>>day&1 == 1 }

// String returns the days of the set from Monday on: mon,tue,wed.
func (w Weekdays) String() string {
	var days []string
	for n := range 7 {
		if day := time.Weekday((n + 1) % 7); w.Has(day) {
			days = append(days, dayNames[day])
		}
	}
	return strings.Join(days, ",")
}

// String returns the moment as a flow writes it.
func (m *Moment) String() string {
	clock := fmt.Sprintf("%02d:%02d", m.Hour, m.Minute)
	switch {
	case m.Date != Date{}:
		return fmt.Sprintf("%04d-%02d-%02d %s", m.Date.Year, m.Date.Month, m.Date.Day, clock)
	case m.Of == nil && m.Days == EveryDay:
		return clock
	case m.Of == nil:
		return m.Days.String() + " " + clock
	case m.Offset == Duration{}:
		return m.Of.String()
	case m.Before:
		return m.Offset.String() + " before " + m.Of.String()
	}
	return m.Offset.String() + " after " + m.Of.String()
}

// Resolve computes the moment at an instant in a zone. A time of day is the next one, the
// current minute included, so it is never past. A time on a date, or a moment from an
// expression, may be past; Resolve returns it anyway.
func (m *Moment) Resolve(scope map[string]any, now time.Time, zone *time.Location) (at time.Time, past bool, err error) {
	if m.Date != (Date{}) {
		d := m.Date
		at = onWall(time.Date(d.Year, d.Month, d.Day, m.Hour, m.Minute, 0, 0, time.UTC), zone)
		return at, at.Before(now.Truncate(time.Minute)), nil
	}
	if m.Of == nil {
		return m.nextClock(now, zone), false, nil
	}
	value, err := m.Of.Value(scope)
	if err != nil {
		return time.Time{}, false, err
	}
	anchor, ok := value.(shape.Time)
	if !ok {
		return time.Time{}, false, fmt.Errorf("%s: %q is no time, but %s", m.Of.Span(), m.Of, described(value))
	}
	offset := m.Offset
	if m.Before {
		offset = Duration{Days: -offset.Days, Clock: -offset.Clock}
	}
	at = offset.After(anchor.Std(), zone)
	return at, at.Before(now), nil
}

// nextClock returns the first instant from now on at which the clocks of zone show the time
// of day on one of the days.
func (m *Moment) nextClock(now time.Time, zone *time.Location) time.Time {
	y, month, day := now.In(zone).Date()
	for n := range 8 {
		wall := time.Date(y, month, day+n, m.Hour, m.Minute, 0, 0, time.UTC)
		at := onWall(wall, zone)
		if !at.Before(now.Truncate(time.Minute)) && m.Days.Has(wall.Weekday()) {
			return at
		}
	}
	panic("flows: a time of day without a day")
}
