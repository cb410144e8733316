package shape

import (
	"cmp"
	"math"
)

// Compare orders two numbers, two texts, two times or two dates in the types that Decode returns. It
// returns false for ok if the two values have no order.
func Compare(a, b any) (order int, ok bool) {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return cmp.Compare(a, b), ok
	case Time:
		b, ok := b.(Time)
		return a.Compare(b), ok
	case Date:
		b, ok := b.(Date)
		return a.Compare(b), ok
	case int:
		if b, ok := b.(int); ok {
			return cmp.Compare(a, b), true
		}
	}
	x, okX := number(a)
	y, okY := number(b)
	return cmp.Compare(x, y), okX && okY
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// Absent reports whether a value is nil, or a float64 that is not a number.
func Absent(v any) bool {
	f, ok := v.(float64)
	return v == nil || ok && math.IsNaN(f)
}
