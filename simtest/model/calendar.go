package model

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// span is a duration: days of the calendar, then time on the clock.
type span struct {
	days  int
	clock time.Duration
}

func parseSpan(words string) (s span, err error) {
	for rest := words; rest != ""; {
		digits := 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		count, err := strconv.Atoi(rest[:digits])
		if err != nil {
			return s, fmt.Errorf("%q is no duration", words)
		}
		rest = rest[digits:]
		unit := rest[:min(1, len(rest))]
		if strings.HasPrefix(rest, "ms") {
			unit = "ms"
		}
		rest = rest[len(unit):]
		switch unit {
		case "w":
			s.days += 7 * count
		case "d":
			s.days += count
		case "h":
			s.clock += time.Duration(count) * time.Hour
		case "m":
			s.clock += time.Duration(count) * time.Minute
		case "s":
			s.clock += time.Duration(count) * time.Second
		case "ms":
			s.clock += time.Duration(count) * time.Millisecond
		default:
			return s, fmt.Errorf("%q is no duration", words)
		}
	}
	return s, nil
}

// after is the instant that lies a span after t: days by the calendar of the zone,
// then time on the clock.
func (s span) after(t time.Time, zone *time.Location) time.Time {
	if s.days != 0 {
		local := t.In(zone)
		wall := time.Date(local.Year(), local.Month(), local.Day()+s.days,
			local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), time.UTC)
		t = Instant(wall, zone)
	}
	return t.Add(s.clock)
}

func (s span) negative() span { return span{-s.days, -s.clock} }

// Instant is the first instant at which the clocks of a zone show what wall shows in
// UTC; where they never do, the first minute at which they show something later.
//
// It tries every offset that the zone has within a day and a half, one by one, and
// where none fits goes from minute to minute: slow and plain on purpose.
func Instant(wall time.Time, zone *time.Location) time.Time {
	var found time.Time
	for hours := -36; hours <= 36; hours += 6 {
		_, offset := wall.Add(time.Duration(hours) * time.Hour).In(zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second)
		if Wall(at, zone).Equal(wall) && (found.IsZero() || at.Before(found)) {
			found = at
		}
	}
	if !found.IsZero() {
		return found
	}
	at := wall.Add(-27 * time.Hour).Truncate(time.Minute)
	for Wall(at, zone).Before(wall) {
		at = at.Add(time.Minute)
	}
	return at
}

// Wall is what the clocks of a zone show at an instant, as if it were UTC.
func Wall(at time.Time, zone *time.Location) time.Time {
	_, offset := at.In(zone).Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second)
}
