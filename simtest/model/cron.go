package model

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"nudge/engine"
)

// schedule is when a trigger fires by the clock.
type schedule struct {
	words    string
	fields   []string       // minute, hour, day, month, weekday
	zone     *time.Location // nil: each person's own clock
	maxDelay span
	pace     time.Duration // from one person to the next; 0 for none
	which    string        // of every: which of the days of a month; empty for each
	days     string        // of every: its days; empty for all
	own      string        // of every: the expression that is a person's own time of day; empty for none
	audience string        // the condition on stored profiles; empty for none
}

// The clocks of the world first show a time so long before UTC does, and last so long
// after it.
const (
	firstClock = 14 * time.Hour
	lastClock  = 12 * time.Hour
)

// reach is how far ahead a campaign is looked for.
const reach = 9 * 24 * time.Hour

// fires reports whether the schedule fires at a whole minute. What has an hour follows the
// clock on the wall: the first minute that shows it, or the first after a gap that
// swallowed it. An hour of * follows elapsed time.
func (s *schedule) fires(at time.Time) (fires, gap bool) {
	if s.zone == nil {
		return s.shows(at.Add(firstClock).UTC()), false
	}
	wall := Wall(at, s.zone)
	if s.fields[1] == "*" {
		return s.shows(wall), false
	}
	if s.shows(wall) && Instant(wall, s.zone).Equal(at) {
		return true, false
	}
	for m := Wall(at.Add(-time.Minute), s.zone).Add(time.Minute); m.Before(wall); m = m.Add(time.Minute) {
		if s.shows(m) {
			return true, true
		}
	}
	return false, false
}

// shows reports whether a clock on the wall shows a time of the schedule.
func (s *schedule) shows(wall time.Time) bool {
	shown := []int{wall.Minute(), wall.Hour(), wall.Day(), int(wall.Month()), int(wall.Weekday())}
	for i, field := range s.fields {
		if !slices.ContainsFunc(strings.Split(field, ","), func(part string) bool { return covers(part, shown[i]) }) {
			return false
		}
	}
	return isNamed(s.which, s.days, wall)
}

// covers reports whether *, */5, 7, 1-5 or mon covers a number.
func covers(part string, n int) bool {
	if day := slices.Index(weekdays, part); day >= 0 {
		return n == day
	}
	if part == "*" {
		return true
	}
	if every, ok := strings.CutPrefix(part, "*/"); ok {
		step, err := strconv.Atoi(every)
		return err == nil && n%step == 0
	}
	from, to, many := strings.Cut(part, "-")
	first, err := strconv.Atoi(from)
	if !many {
		return err == nil && n == first
	}
	last, _ := strconv.Atoi(to)
	return err == nil && first <= n && n <= last
}

// campaignAfter is the first campaign after an instant, found by going from minute to minute; 0 for
// none in reach.
func (w *World) campaignAfter(s *schedule, from engine.Instant) engine.Instant {
	begin := from.Time().Truncate(time.Minute)
	for at := begin.Add(time.Minute); at.Before(begin.Add(reach)); at = at.Add(time.Minute) {
		if fires, gap := s.fires(at); fires {
			if gap {
				w.Reached["gap of daylight saving in a schedule"]++
			}
			return engine.InstantOf(at)
		}
	}
	return 0
}

// tooLate reports whether what was due is of no use any more.
func (s *schedule) tooLate(due, now engine.Instant, zone *time.Location) bool {
	return s.maxDelay != (span{}) && engine.InstantOf(s.maxDelay.after(due.Time(), zone)) < now
}
