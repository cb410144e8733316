package model

import (
	"bytes"
	"encoding/json"
	"regexp"
	"time"
)

// A date is its text, 2026-03-05, so it compares as texts do. A time that came as data is a
// text too.

// spanAt is a duration at the beginning of a text.
var spanAt = regexp.MustCompile(`^(\d+(ms|[wdhms]))+`)

// numeralAt is a duration or a number at the beginning of a text.
var numeralAt = regexp.MustCompile(`^((\d+(ms|[wdhms]))+|\d+(\.\d+)*)`)

// times is a span so many times.
func (s span) times(n any) any {
	x := number(n)
	if x != float64(int(x)) {
		return failing("only whole numbers multiply a span")
	}
	return span{s.days * int(x), s.clock * time.Duration(x)}
}

// zone is where the person lives of whom the names speak.
func (p *parser) zone() *time.Location {
	profile, _ := p.lookup("profile").(map[string]any)
	name, _ := profile["timezone"].(string)
	if zone := zoneNamed(name); zone != nil {
		return zone
	}
	return time.UTC
}

// move is a time or a date with a span added or taken away.
func (p *parser) move(from any, op string, by span) any {
	if _, broken := from.(failing); broken {
		return from
	}
	if op == "-" {
		by = by.negative()
	}
	if day, is := dayText(from); is {
		return day.AddDate(0, 0, by.days).Format(time.DateOnly)
	}
	return by.after(timeOf(from), p.zone())
}

// dayText is a date as midnight of UTC.
func dayText(v any) (time.Time, bool) {
	text, is := v.(string)
	day, err := time.Parse(time.DateOnly, text)
	return day, is && err == nil
}

// dayOf is the day of a time or date, as midnight of UTC.
func dayOf(v any, zone *time.Location) time.Time {
	if day, is := dayText(v); is {
		return day
	}
	wall := Wall(timeOf(v), zone)
	return time.Date(wall.Year(), wall.Month(), wall.Day(), 0, 0, 0, 0, time.UTC)
}

// calendar are the functions of times.
var calendar = map[string]func(zone *time.Location, args []any) any{
	"date":    func(zone *time.Location, args []any) any { return dayOf(args[0], zone).Format(time.DateOnly) },
	"time":    func(zone *time.Location, args []any) any { return Wall(timeOf(args[0]), zone).Format("15:04") },
	"weekday": func(zone *time.Location, args []any) any { return weekdays[dayOf(args[0], zone).Weekday()] },
	"day":     func(zone *time.Location, args []any) any { return dayOf(args[0], zone).Day() },
	"month":   func(zone *time.Location, args []any) any { return int(dayOf(args[0], zone).Month()) },
	"days_between": func(zone *time.Location, args []any) any {
		return int(dayOf(args[1], zone).Sub(dayOf(args[0], zone)) / (24 * time.Hour))
	},
}

// kept reports whether a run keeps a variable as its value: a time as a time, and what is in
// a list or map too.
func kept(raw []byte, value any) bool {
	var stored any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&stored) != nil {
		return false
	}
	return agrees(plain(stored), value)
}

// agrees compares a stored value with one that was computed. Data has times as text, so a
// text that is the same time agrees with one; a text where a time was computed does not.
func agrees(stored, value any) bool {
	object, _ := stored.(map[string]any)
	switch v := value.(type) {
	case time.Time:
		return object["time"] == written(v)
	case string:
		if at, is := object["time"].(string); is {
			return timeOf(at).Equal(timeOf(v))
		}
		return stored == v || object["date"] == v
	case []any:
		items, is := stored.([]any)
		for i := 0; is && i < len(v) && len(v) == len(items); i++ {
			is = agrees(items[i], v[i])
		}
		return is && len(v) == len(items)
	case map[string]any:
		fields, is := object["map"].(map[string]any)
		for k := range v {
			is = is && agrees(fields[k], v[k])
		}
		return is && len(v) == len(fields)
	case nil:
		return stored == nil
	case bool:
		return stored == v
	}
	return isNumber(stored) && number(stored) == number(value)
}

// written is a value as data has it.
func written(v any) any {
	if at, is := v.(time.Time); is {
		return at.UTC().Format(time.RFC3339Nano)
	}
	return v
}
