package templates

import (
	"errors"
	"strings"
	"time"

	"nudge/lang/shape"
)

// spoken is a value of the calendar that a message writes in its language. In comparisons,
// data and functions it is its value: 14:30 or fri.
type spoken struct {
	value string
	shown string // empty: the language has no word for it
}

// MarshalJSON writes the value.
func (s spoken) MarshalJSON() ([]byte, error) { return []byte(`"` + s.value + `"`), nil }

var errNoWord = errors.New("the names of the days are not known in this language; use date")

func timeFunctions(at place) []function {
	l := at.language
	return []function{
		{Function: Function{"date", "Times", "date data.starts_at", "3 July 2026", "The day, where the person lives, as the text's language writes it."},
			args: whatever, least: 1, most: 1, days: true, scoped: true, result: shape.Day,
			call: at.onDay(func(day time.Time) any { return shape.DateOf(day) })},
		{Function: Function{"time", "Times", "time data.starts_at", "14:30", "The time of day, where the person lives, as the text's language writes it."},
			args: oneTime, least: 1, most: 1, scoped: true, result: clockType,
			call: at.onTime(func(t time.Time) any { return spoken{t.Format("15:04"), l.clock(t)} })},
		{Function: Function{"weekday", "Times", "weekday data.starts_at", "Friday", "The name of the day where the person lives. In comparisons it is `mon` … `sun`."},
			args: whatever, least: 1, most: 1, days: true, scoped: true, result: weekdayType,
			call: at.onDay(func(day time.Time) any {
				return spoken{strings.ToLower(day.Weekday().String()[:3]), l.weekday(day)}
			})},
		{Function: Function{"datetime", "Times", "datetime data.starts_at", "3 July 2026, 14:30", "Both, where the person lives."},
			args: oneTime, least: 1, most: 1, scoped: true, result: shape.String,
			call: at.onTime(func(t time.Time) any { return l.date(t) + ", " + l.clock(t) })},
		{Function: Function{"day", "Times", "day data.starts_at", "3", "The day of the month, where the person lives: a number."},
			args: whatever, least: 1, most: 1, days: true, scoped: true, result: shape.Number,
			call: at.onDay(func(day time.Time) any { return day.Day() })},
		{Function: Function{"month", "Times", "month data.starts_at", "7", "The month of the year, where the person lives: a number."},
			args: whatever, least: 1, most: 1, days: true, scoped: true, result: shape.Number,
			call: at.onDay(func(day time.Time) any { return int(day.Month()) })},
		{Function: Function{"days_between", "Times", "days_between now data.starts_at", "2",
			"The midnights from the first to the second, where the person lives; negative if the second is earlier."},
			args: whatever, least: 2, most: 2, days: true, scoped: true, result: shape.Number, call: at.daysBetween},
	}
}

// The types of time(x) and weekday(x). They are compared by address.
var (
	clockType   = &shape.Type{Kind: shape.KindString}
	weekdayType = shape.OneOf("mon", "tue", "wed", "thu", "fri", "sat", "sun")
)

// zoneFor returns the zone of the person in the scope that is the first argument of a scoped
// call.
func (at place) zoneFor(args []any) *time.Location {
	scope, _ := args[0].(map[string]any)
	return zoneOf(scope, at.zone)
}

// onTime makes a call on an instant in the person's zone.
func (at place) onTime(f func(time.Time) any) call {
	return func(args ...any) (any, error) {
		instant, err := asTime(args[1])
		if err != nil {
			return nil, err
		}
		return f(instant.Std().In(at.zoneFor(args))), nil
	}
}

// onDay makes a call on the midnight in UTC of the day of a time or date.
func (at place) onDay(f func(day time.Time) any) call {
	return func(args ...any) (any, error) {
		day, err := asDay(args[1], at.zoneFor(args))
		if err != nil {
			return nil, err
		}
		return f(day.Midnight()), nil
	}
}

func (at place) daysBetween(args ...any) (any, error) {
	zone := at.zoneFor(args)
	from, err := asDay(args[1], zone)
	if err != nil {
		return nil, err
	}
	to, err := asDay(args[2], zone)
	if err != nil {
		return nil, err
	}
	return to.Sub(from), nil
}

// asTime returns an instant. It accepts text too, because data without a shape has instants
// as text.
func asTime(v any) (shape.Time, error) {
	switch v := v.(type) {
	case shape.Time:
		return v, nil
	case string:
		if t, err := shape.ParseTime(v); err == nil {
			return t, nil
		}
	case nil:
		return shape.Time{}, errAbsent
	}
	return shape.Time{}, errNotTime
}

// asDay returns the day of an instant in a zone, or a date itself.
func asDay(v any, zone *time.Location) (shape.Date, error) {
	switch v := v.(type) {
	case shape.Date:
		return v, nil
	case string:
		if day, err := shape.ParseDate(v); err == nil {
			return day, nil
		}
	}
	t, err := asTime(v)
	if err != nil {
		return shape.Date{}, err
	}
	return shape.DateOf(t.Std().In(zone)), nil
}
