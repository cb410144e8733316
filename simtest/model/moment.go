package model

import (
	"regexp"
	"strings"
	"time"
)

var (
	ofDay = regexp.MustCompile(`^(?:(?:(first|second|third|fourth|last) +)?([a-z,-]+|\d{4}-\d{2}-\d{2})(?: +of +month)? +)?(?:(\d{2}:\d{2})|\((.*?)\))` +
		`(?: +(?:on|(\S+) +(before|after)) +(.*))?$`)
	anchored = regexp.MustCompile(`^(\S+) +(before|after) +(.*)$`)
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// moment is when a moment is, as seen now, and whether that is past: it must lie ahead. It
// reports ok where it can be computed.
func (w *walk) moment(words string, now time.Time) (at time.Time, past, ok bool) {
	if m := ofDay.FindStringSubmatch(words); m != nil {
		minute, ok := w.timeOfDay(m[3], m[4])
		if !ok {
			return at, false, false
		}
		if m[7] != "" {
			if at, ok = w.dayOf(m[7], m[5], m[6], minute); !ok {
				return at, false, false
			}
			past = !at.After(now)
		} else {
			at, past = NextTime(now, w.zone(), m[1], m[2], minute)
		}
		if shown := Wall(at, w.zone()); shown.Hour()*60+shown.Minute() != minute {
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
	anchor, ok := w.timeOf(expression)
	if !ok {
		return at, false, false
	}
	at = offset.after(anchor, w.zone())
	return at, !at.After(now), true
}

// timeOfDay is a time of day in minutes, as it is written or as a text says it.
func (w *walk) timeOfDay(words, expression string) (minute int, ok bool) {
	if expression != "" {
		v, err := evaluate(expression, w.names(nil))
		if err != nil {
			return 0, false
		}
		words, _ = v.(string)
	}
	at, err := time.Parse("15:04", words)
	return at.Hour()*60 + at.Minute(), err == nil && len(words) == len("15:04")
}

// timeOf is the time that an expression gives.
func (w *walk) timeOf(expression string) (anchor time.Time, ok bool) {
	v, err := evaluate(expression, w.names(nil))
	if err != nil {
		return anchor, false
	}
	anchor, ok = v.(time.Time)
	if said, isText := v.(string); isText {
		anchor, err = time.Parse(time.RFC3339, said)
		ok = err == nil
	}
	return anchor, ok
}

// dayOf is a time of day on the day of a time, or some days before or after that.
func (w *walk) dayOf(expression, offset, way string, minute int) (at time.Time, ok bool) {
	days := span{}
	if offset != "" {
		days, _ = parseSpan(offset)
	}
	if way == "before" {
		days = days.negative()
	}
	v, err := evaluate(expression, w.names(nil))
	if err != nil || v == nil {
		return at, false
	}
	day := dayOf(v, w.zone())
	return Instant(time.Date(day.Year(), day.Month(), day.Day()+days.days, 0, minute, 0, 0, time.UTC), w.zone()), true
}

// NextTime is the next instant after now at which the clocks of a zone show a time of day, on
// the days that are named, on one of those of a month, or on a date; which may be past.
func NextTime(now time.Time, zone *time.Location, which, days string, minute int) (time.Time, bool) {
	if len(days) == len(time.DateOnly) && days[4] == '-' {
		date, _ := time.Parse(time.DateOnly, days)
		at := Instant(date.Add(time.Duration(minute)*time.Minute), zone)
		return at, !at.After(now)
	}
	today := Wall(now, zone)
	for n := 0; ; n++ {
		wall := time.Date(today.Year(), today.Month(), today.Day()+n, 0, minute, 0, 0, time.UTC)
		if at := Instant(wall, zone); isNamed(which, days, wall) && at.After(now) {
			return at, false
		}
	}
}

// isNamed reports whether a day is one of those that are named, and if one of a month is
// meant, that one.
func isNamed(which, days string, day time.Time) bool {
	if days == "day" {
		days = ""
	}
	if which == "" {
		return onDay(days, day.Weekday())
	}
	var all []int // those of the month
	for d := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC); d.Month() == day.Month(); d = d.AddDate(0, 0, 1) {
		if onDay(days, d.Weekday()) {
			all = append(all, d.Day())
		}
	}
	index := map[string]int{"first": 0, "second": 1, "third": 2, "fourth": 3, "last": len(all) - 1}
	return all[index[which]] == day.Day()
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
