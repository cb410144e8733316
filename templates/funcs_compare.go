package templates

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"nudge/flows/shape"
)

var errNoComparison = errors.New("these two values cannot be compared")

// equal reports whether the first value equals any of the others. Numbers are equal
// by what they are worth, and what is absent equals only what is absent too.
func equal(v any, others ...any) (bool, error) {
	for _, other := range others {
		if v == nil || other == nil {
			if v == other {
				return true, nil
			}
			continue
		}
		if a, ok := v.(bool); ok {
			b, ok := other.(bool)
			if !ok {
				return false, errNoComparison
			}
			if a == b {
				return true, nil
			}
			continue
		}
		order, ok := shape.Compare(v, other)
		if !ok {
			return false, errNoComparison
		}
		if order == 0 {
			return true, nil
		}
	}
	return false, nil
}

func notEqual(a, b any) (bool, error) {
	same, err := equal(a, b)
	return !same, err
}

// ordered compares two values; what is absent is neither less nor greater.
func ordered(holds func(int) bool) func(a, b any) (bool, error) {
	return func(a, b any) (bool, error) {
		if shape.Absent(a) || shape.Absent(b) {
			return false, nil
		}
		order, ok := shape.Compare(a, b)
		if !ok {
			return false, errNoComparison
		}
		return holds(order), nil
	}
}

// length is the number of characters of a text or of items of a list or map.
func length(v any) (int, error) {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v), nil
	case []any:
		return len(v), nil
	case map[string]any:
		return len(v), nil
	case nil:
		return 0, errAbsent
	}
	return 0, errNotList
}

// index is an item of a list, or a field of a map.
func index(v, at any) (any, error) {
	switch v := v.(type) {
	case []any:
		i, ok := at.(int)
		if !ok || i < 0 || i >= len(v) {
			return nil, fmt.Errorf("the list has %d items and none at %v", len(v), at)
		}
		return v[i], nil
	case map[string]any:
		name, err := asText(at)
		return v[name], err
	case nil:
		return nil, errAbsent
	}
	return nil, errNotList
}
