package model

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	ofDay    = regexp.MustCompile(`^(?:([a-z,-]+|\d{4}-\d{2}-\d{2}) +)?(\d{2}):(\d{2})$`)
	anchored = regexp.MustCompile(`^(\S+) +(before|after) +(.*)$`)
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// moment is when a moment is, as seen now, and whether that is past. It reports ok where it
// can be computed.
func (w *walk) moment(words string, now time.Time) (at time.Time, past, ok bool) {
	if m := ofDay.FindStringSubmatch(words); m != nil {
		hour, _ := strconv.Atoi(m[2])
		minute, _ := strconv.Atoi(m[3])
		at, past = NextTime(now, w.zone(), m[1], hour, minute)
		if Wall(at, w.zone()).Minute() != minute || Wall(at, w.zone()).Hour() != hour {
			w.run.world.Reached["gap of daylight saving"]++
		}
		return at, past, true
	}
	expression, offset := words, span{}
	if m := anchored.FindStringSubmatch(words); m != nil {
		offset, _ = parseSpan(m[1])
		if expression = m[3]; m[2] == "before" {
			offset = offset.negative()
		}
	}
	v, err := evaluate(expression, w.names(nil))
	if err != nil {
		return at, false, false
	}
	anchor, ok := v.(time.Time)
	if said, isText := v.(string); isText {
		anchor, err = time.Parse(time.RFC3339, said)
		ok = err == nil
	}
	if !ok {
		return at, false, false
	}
	at = offset.after(anchor, w.zone())
	return at, at.Before(now), true
}

// NextTime is the next instant, this minute included, at which the clocks of a zone
// show a time of day, on the days that are named or on a date; which may be past.
func NextTime(now time.Time, zone *time.Location, days string, hour, minute int) (time.Time, bool) {
	this := now.Truncate(time.Minute)
	if len(days) == len(time.DateOnly) && days[4] == '-' {
		date, _ := time.Parse(time.DateOnly, days)
		at := Instant(date.Add(time.Duration(hour)*time.Hour+time.Duration(minute)*time.Minute), zone)
		return at, at.Before(this)
	}
	today := Wall(now, zone)
	for n := 0; ; n++ {
		wall := time.Date(today.Year(), today.Month(), today.Day()+n, hour, minute, 0, 0, time.UTC)
		if at := Instant(wall, zone); onDay(days, wall.Weekday()) && !at.Before(this) {
			return at, false
		}
	}
}

func onDay(days string, day time.Weekday) bool {
	if days == "" {
		return true
	}
	index := func(name string) int {
		for i, known := range weekdays {
			if known == name {
				return i
			}
		}
		return -1
	}
	for _, part := range strings.Split(days, ",") {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		for d := index(first); ; d = (d + 1) % 7 {
			if d == int(day) {
				return true
			}
			if d == index(last) {
				break
			}
		}
	}
	return false
}
