package node

import (
	"fmt"
	"strings"
	"time"
)

const (
	// maxDays is how many days a duration in YAML may have; a longer one is a mistake.
	maxDays = 36500
	// maxNumber is the largest number of a unit in a duration in YAML; a larger one is a mistake.
	maxNumber = 1_000_000
)

var (
	errTooLong = fmt.Errorf("a duration must not be longer than %d days", maxDays)
)

// units in the order in which they may follow each other.
var units = []struct {
	suffix string
	days   int
	clock  time.Duration
}{
	{"w", 7, 0}, {"d", 1, 0}, {"h", 0, time.Hour}, {"m", 0, time.Minute}, {"s", 0, time.Second},
	{"ms", 0, time.Millisecond},
}

// ParseDuration reads 72h, 3d, 1d12h, 90m or 1w (7d). It returns days apart from the
// clock's hours, because a calendar day does not always have 24 of them. Units go from
// large to small, each at most once, and the duration must be longer than zero. The error
// is written for the author.
func ParseDuration(text string) (days int, clock time.Duration, err error) {
	next := 0
	for rest := text; rest != ""; {
		number, unit, tail := splitUnit(rest)
		i := unitIndex(unit)
		switch {
		case strings.HasPrefix(text, "-"):
			return 0, 0, fmt.Errorf("%q is not a duration: it cannot be negative", text)
		case number >= 0 && unit == "" && rest != text:
			return 0, 0, fmt.Errorf("%q is not a duration: %s has no unit", text, rest)
		case number < 0 || unit == "":
			return 0, 0, fmt.Errorf("%q is not a duration: write a number and its unit", text)
		case strings.HasPrefix(unit, "."):
			return 0, 0, fmt.Errorf("%q is not a duration: its numbers must be whole", text)
		case i < 0 && unitIndex(strings.TrimSpace(unit)) >= 0:
			return 0, 0, fmt.Errorf("a duration has no spaces, but %q has one", text)
		case i < 0:
			return 0, 0, fmt.Errorf("unknown unit %q in %q; use w, d, h, m, s or ms", strings.TrimSpace(unit), text)
		case i < next:
			return 0, 0, fmt.Errorf("the units in %q must go from large to small, each at most once", text)
		case number > maxNumber:
			return 0, 0, errTooLong
		}
		days += number * units[i].days
		clock += time.Duration(number) * units[i].clock
		if days > maxDays || clock > maxDays*24*time.Hour {
			return 0, 0, errTooLong
		}
		next, rest = i+1, tail
	}
	if days == 0 && clock == 0 {
		return 0, 0, fmt.Errorf("%q is not a duration: it must be longer than zero", text)
	}
	return days, clock, nil
}

// splitUnit takes one number and its unit from the beginning of text. The number is
// negative if there is none, and too large if it has too many digits to be counted.
func splitUnit(text string) (number int, unit, rest string) {
	i := 0
	for i < len(text) && text[i] >= '0' && text[i] <= '9' {
		number = min(number*10+int(text[i]-'0'), maxNumber+1)
		i++
	}
	if i == 0 {
		return -1, "", text
	}
	j := i
	for j < len(text) && (text[j] < '0' || text[j] > '9') {
		j++
	}
	return number, text[i:j], text[j:]
}

func unitIndex(unit string) int {
	for i, u := range units {
		if u.suffix == unit {
			return i
		}
	}
	return -1
}
