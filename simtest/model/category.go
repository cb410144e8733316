package model

import (
	"fmt"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"nudge/engine"
)

// Category is what a project says of a kind of message.
type Category struct {
	Name   string
	Caps   []Cap // all hold
	hours  *hours
	always bool
	spread time.Duration // over which the messages go out that waited for an opening
}

// hours are stretches of days, of which a minute has to lie in one. Nil is at any time.
type hours struct {
	words     string // as they were said
	stretches []stretch
}

type stretch struct {
	days     [7]bool // by time.Weekday
	from, to int     // minutes of the day
}

// readCategories reads the categories of a nudge.yaml.
func readCategories(n *yaml.Node) (map[string]*Category, error) {
	all := map[string]*Category{}
	if n == nil {
		return all, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		said := n.Content[i+1]
		c := &Category{Name: n.Content[i].Value, always: text(get(said, "always")) == "true"}
		var err error
		if c.hours, err = readHours(get(said, "window")); err != nil {
			return nil, err
		}
		if c.spread = time.Minute; get(said, "spread") != nil {
			over, err := parseSpan(text(get(said, "spread")))
			if err != nil {
				return nil, err
			}
			c.spread = over.clock
		}
		for _, item := range listOf(get(said, "at_most")) {
			cap, err := readCap(item.Value)
			if err != nil {
				return nil, err
			}
			c.Caps = append(c.Caps, cap)
		}
		all[c.Name] = c
	}
	return all, nil
}

// readHours reads 08:00-21:00, mon-fri 09:00-17:00, sat,sun 10:00-12:00, or a list of them.
func readHours(n *yaml.Node) (*hours, error) {
	if n == nil {
		return nil, nil
	}
	h := &hours{}
	for _, item := range listOf(n) {
		days, times, named := strings.Cut(item.Value, " ")
		if !named {
			days, times = "sun-sat", days
		}
		s := stretch{}
		for part := range strings.SplitSeq(days, ",") {
			first, last, many := strings.Cut(part, "-")
			if !many {
				last = first
			}
			for day, on := 0, false; day < 14; day++ {
				on = on || weekdays[day%7] == first
				s.days[day%7] = s.days[day%7] || on
				if on && weekdays[day%7] == last {
					break
				}
			}
		}
		var fromHour, fromMinute, toHour, toMinute int
		if _, err := fmt.Sscanf(times, "%d:%d-%d:%d", &fromHour, &fromMinute, &toHour, &toMinute); err != nil {
			return nil, fmt.Errorf("hours %q: %w", item.Value, err)
		}
		s.from, s.to = fromHour*60+fromMinute, toHour*60+toMinute
		h.words += item.Value + ";"
		h.stretches = append(h.stretches, s)
	}
	return h, nil
}

// open reports whether the clocks of a zone show one of the hours.
func (h *hours) open(at time.Time, zone *time.Location) bool {
	if h == nil {
		return true
	}
	wall := Wall(at, zone)
	minute := wall.Hour()*60 + wall.Minute()
	for _, s := range h.stretches {
		if s.days[wall.Weekday()] && s.from <= minute && minute < s.to {
			return true
		}
	}
	return false
}

// searched is how far ahead an opening is looked for.
const searched = 15 * 24 * time.Hour

// asked names an opening that was looked for.
type asked struct {
	category, send string
	from           int64
	zone           *time.Location
}

// opening is the first instant from one on at which the hours of a category and those of a
// send are open, found by going from minute to minute; zero for never.
func (w *World) opening(category, send *hours, from time.Time, zone *time.Location) time.Time {
	open := func(at time.Time) bool { return category.open(at, zone) && send.open(at, zone) }
	if open(from) {
		return from
	}
	begin := from.Truncate(time.Minute)
	name := asked{category.said(), send.said(), begin.Unix(), zone}
	if at, known := w.openings[name]; known {
		return at
	}
	var found time.Time
	for at := begin.Add(time.Minute); found.IsZero() && at.Before(begin.Add(searched)); at = at.Add(time.Minute) {
		if open(at) {
			found = at
		}
	}
	w.openings[name] = found
	if _, before := begin.In(zone).Zone(); !found.IsZero() {
		if _, then := found.In(zone).Zone(); before != then {
			w.Reached["opening over a change of clocks"]++
		}
	}
	return found
}

func (h *hours) said() string {
	if h == nil {
		return ""
	}
	return h.words
}

// place is what a message takes up under the cap of its category.
type place struct {
	category string
	at       engine.Instant // when the message was handed to the channel
}
