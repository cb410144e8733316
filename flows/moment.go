package flows

import (
	"fmt"
	"strings"
	"time"

	"nudge/lang/shape"
)

// Moment is a point in time as a flow writes it: a time of day in the person's zone (09:00,
// mon-fri 09:00, last day of month 18:00, 2026-12-24 09:00), the time that an expression
// gives, or a duration before or after that time, also as a time of day on that day (18:00
// 1d before data.at).
type Moment struct {
	Of     *Expr // nil: a time of day
	Offset Duration
	Before bool // Offset before Of; else after it
	OnDay  bool // at the time of day on the day that Of and Offset give

	Clock        *Expr // the text that is the time of day; nil: Hour and Minute
	Hour, Minute int
	Days         Weekdays // the days of a time of day
	Nth          int      // which of those of a month: 1 to 4, or Last; 0 for each
	Date         Date     // its only day; zero for those of Days
}

// Last is the Moment.Nth of the last of some days of a month.
const Last = -1

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
	if m.Clock != nil {
		clock = "(" + m.Clock.String() + ")"
	}
	switch {
	case m.Of != nil && !m.OnDay:
		return strings.TrimPrefix(m.counted(), "on ")
	case m.Of != nil:
		return clock + " " + m.counted()
	case m.Date != Date{}:
		return fmt.Sprintf("%04d-%02d-%02d %s", m.Date.Year, m.Date.Month, m.Date.Day, clock)
	case m.Nth != 0:
		return m.ordinal() + " of month " + clock
	case m.Days == EveryDay:
		return clock
	}
	return m.Days.String() + " " + clock
}

// counted says from what the moment is counted.
func (m *Moment) counted() string {
	switch {
	case m.Offset == Duration{}:
		return "on " + m.Of.String()
	case m.Before:
		return m.Offset.String() + " before " + m.Of.String()
	}
	return m.Offset.String() + " after " + m.Of.String()
}

// ordinal names the day of a month.
func (m *Moment) ordinal() string {
	word := ordinals[len(ordinals)-1]
	if m.Nth != Last {
		word = ordinals[m.Nth-1]
	}
	if m.Days == EveryDay {
		return word + " day"
	}
	return word + " " + m.Days.String()
}

// Exprs returns the expressions of the moment.
func (m *Moment) Exprs() (all []*Expr) {
	for _, e := range []*Expr{m.Of, m.Clock} {
		if e != nil {
			all = append(all, e)
		}
	}
	return all
}

// Resolve computes the moment at an instant in a zone. A moment lies strictly ahead: a time
// of day is the next one, so it is never past. A moment on a date, or one that is counted
// from an expression, is past if it does not lie ahead; Resolve returns it anyway.
func (m *Moment) Resolve(scope map[string]any, now time.Time, zone *time.Location) (at time.Time, past bool, err error) {
	minute, err := m.minute(scope)
	switch {
	case err != nil:
		return time.Time{}, false, err
	case m.Of != nil:
		at, err = m.counting(scope, minute, zone)
	case m.Date != Date{}:
		d := m.Date
		at = onWall(time.Date(d.Year, d.Month, d.Day, 0, minute, 0, 0, time.UTC), zone)
	default:
		return m.next(now, minute, zone), false, nil
	}
	return at, err == nil && !at.After(now), err
}

// minute returns the time of day in minutes after midnight.
func (m *Moment) minute(scope map[string]any) (int, error) {
	if m.Clock == nil {
		return m.Hour*60 + m.Minute, nil
	}
	value, err := m.Clock.Value(scope)
	if err != nil {
		return 0, err
	}
	text, _ := value.(string)
	minute, err := parseClock(text)
	if err != nil || minute == 24*60 {
		return 0, fmt.Errorf("%s: %q is no time of day such as 09:00, but %s", m.Clock.Span(), m.Clock, described(value))
	}
	return minute, nil
}

// counting computes a moment that is counted from the time that an expression gives.
func (m *Moment) counting(scope map[string]any, minute int, zone *time.Location) (time.Time, error) {
	value, err := m.Of.Value(scope)
	if err != nil {
		return time.Time{}, err
	}
	offset := m.Offset
	if m.Before {
		offset = Duration{Days: -offset.Days, Clock: -offset.Clock}
	}
	anchor, isTime := value.(shape.Time)
	day, isDay := value.(shape.Date)
	switch {
	case isTime && !m.OnDay:
		return offset.After(anchor.Std(), zone), nil
	case isTime:
		day = shape.DateOf(anchor.Std().In(zone))
	case !isDay || !m.OnDay:
		return time.Time{}, fmt.Errorf("%s: %q is no time, but %s", m.Of.Span(), m.Of, described(value))
	}
	return onWall(day.Add(offset.Days).Midnight().Add(time.Duration(minute)*time.Minute), zone), nil
}

// next returns the first instant after now at which the clocks of zone show the time of day
// on one of the days.
func (m *Moment) next(now time.Time, minute int, zone *time.Location) time.Time {
	for wall := wallOf(now, zone).Truncate(24 * time.Hour); ; {
		wall = m.dayFrom(wall)
		if at := onWall(wall.Add(time.Duration(minute)*time.Minute), zone); at.After(now) {
			return at
		}
		wall = wall.AddDate(0, 0, 1)
	}
}

// Next returns the first instant after another at which the clocks of a zone show the time of
// day on one of the days; midnight, where a text is the time of day. It is for a moment of the
// clock, which is counted from no other time.
func (m *Moment) Next(after time.Time, zone *time.Location) time.Time {
	return m.next(after, m.Hour*60+m.Minute, zone)
}

// NextWall returns the first time after another, both on one clock on the wall and written
// as UTC, at which the clock shows the time of day on one of the days.
func (m *Moment) NextWall(after time.Time) time.Time {
	return m.Next(after, time.UTC)
}

// dayFrom returns the first day of the moment from a day on, both as midnights in UTC.
func (m *Moment) dayFrom(day time.Time) time.Time {
	for !m.onDay(day) {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

// onDay reports whether a time of day is on this day of the calendar.
func (m *Moment) onDay(day time.Time) bool {
	if !m.Days.Has(day.Weekday()) {
		return false
	}
	step, count := -1, m.Nth
	if m.Nth == Last {
		step, count = 1, 1
	}
	for other := day; m.Nth != 0 && other.Month() == day.Month(); other = other.AddDate(0, 0, step) {
		if m.Days.Has(other.Weekday()) {
			count--
		}
	}
	return count == 0
}
