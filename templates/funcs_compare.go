package templates

import (
	"errors"

	"nudge/lang/shape"
)

var conditionFunctions = []function{
	comparison("eq", `eq data.plan "pro"`, "true", "They are equal; of several, the first equals one of the others.", equal),
	comparison("ne", `ne data.plan "free"`, "true", "They differ.", notEqual),
	comparison("lt", "lt data.total 100", "false", "The first is less.", ordered(func(c int) bool { return c < 0 })),
	comparison("le", "le data.total 100", "false", "The first is less, or they are equal.", ordered(func(c int) bool { return c <= 0 })),
	comparison("gt", "gt data.total 100", "true", "The first is greater. What is absent is neither less nor greater.", ordered(func(c int) bool { return c > 0 })),
	comparison("ge", "ge data.total 100", "true", "The first is greater, or they are equal.", ordered(func(c int) bool { return c >= 0 })),
	{Function: Function{"and", "Conditions", "and data.paid (gt data.total 100)", "true", "All of them hold."},
		args: whatever, least: 1, most: -1, known: true, absent: true},
	{Function: Function{"or", "Conditions", "or data.paid (gt data.total 100)", "true", "One of them holds."},
		args: whatever, least: 1, most: -1, known: true, absent: true},
	{Function: Function{"not", "Conditions", "not data.paid", "false", "It does not hold, or is absent."},
		args: whatever, least: 1, most: 1, known: true, absent: true, result: shape.Boolean},
}

func comparison(name, example, prints, says string, f call) function {
	most := 2
	if name == "eq" {
		most = -1
	}
	return function{
		Function: Function{name, "Conditions", example, prints, says},
		args:     whatever, least: 2, most: most, known: true, absent: true, result: shape.Boolean, call: f,
	}
}

var errNoComparison = errors.New("these two values cannot be compared")

// compare orders two values. A text beside a date is a date.
func compare(a, b any) (order int, ok bool) {
	return shape.Compare(asDate(a, b), asDate(b, a))
}

// asDate returns a text as a date if it stands beside one.
func asDate(v, beside any) any {
	text, isText := v.(string)
	if _, isDate := beside.(shape.Date); !isText || !isDate {
		return v
	}
	if day, err := shape.ParseDate(text); err == nil {
		return day
	}
	return v
}

// equal reports whether the first value equals any of the others.
func equal(args ...any) (any, error) {
	for _, other := range args[1:] {
		if same, err := equal2(args[0], other); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

// equal2 compares two values. Numbers are equal if their values are; an absent value equals
// only another absent value.
func equal2(v, other any) (bool, error) {
	if v == nil || other == nil {
		return v == nil && other == nil, nil
	}
	if a, ok := v.(bool); ok {
		b, ok := other.(bool)
		if !ok {
			return false, errNoComparison
		}
		return a == b, nil
	}
	order, ok := compare(v, other)
	if !ok {
		return false, errNoComparison
	}
	return order == 0, nil
}

func notEqual(args ...any) (any, error) {
	same, err := equal2(args[0], args[1])
	return !same, err
}

// ordered compares two values. An absent value is neither less nor greater.
func ordered(holds func(int) bool) call {
	return func(args ...any) (any, error) {
		a, b := args[0], args[1]
		if shape.Absent(a) || shape.Absent(b) {
			return false, nil
		}
		order, ok := compare(a, b)
		if !ok {
			return false, errNoComparison
		}
		return holds(order), nil
	}
}
