package templates

import (
	"time"

	"nudge/lang/shape"
)

func timeFunctions(at place) []function {
	one := func(name, prints, says string, f func(time.Time) string) function {
		return function{
			Function: Function{name, "Times", name + " data.starts_at", prints, says},
			args:     oneTime, least: 1, most: 1, scoped: true, result: shape.String, call: at.writing(f),
		}
	}
	l := at.language
	return []function{
		one("date", "3 July 2026", "The day, where the person lives, as the text's language writes it.", l.date),
		one("time", "14:30", "The time of day, where the person lives, as the text's language writes it.", l.clock),
		one("weekday", "Friday", "The name of the day where the person lives.", l.weekday),
		one("datetime", "3 July 2026, 14:30", "Both, where the person lives.", func(t time.Time) string { return l.date(t) + ", " + l.clock(t) }),
	}
}

// writing makes a call that writes an instant in the person's zone.
func (at place) writing(write func(time.Time) string) call {
	return func(args ...any) (any, error) {
		scope, _ := args[0].(map[string]any)
		instant, err := asTime(args[1])
		if err != nil {
			return "", err
		}
		return write(instant.Std().In(zoneOf(scope, at.zone))), nil
	}
}

// asTime returns an instant. It accepts text too, because variables and data without a
// shape store instants as text.
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
