package model

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"nudge/engine"
)

// Cap is how many messages a person may get, in any period of some length or in a day, week
// or month of the calendar.
type Cap struct {
	Words    string
	AtMost   int
	per      span
	calendar string         // empty: any period
	zone     *time.Location // of a calendar; nil: where the person lives
}

// readCap reads 3 per 7d, or 1 per calendar day in Europe/London.
func readCap(words string) (c Cap, err error) {
	c.Words = words
	count, period, _ := strings.Cut(words, " per ")
	if c.AtMost, err = strconv.Atoi(count); err != nil {
		return c, err
	}
	calendar, is := strings.CutPrefix(period, "calendar ")
	if !is {
		c.per, err = parseSpan(period)
		return c, err
	}
	unit, zone, _ := strings.Cut(calendar, " in ")
	c.calendar, c.zone = unit, zoneNamed(zone)
	if zone == "" {
		c.zone = nil
	}
	return c, nil
}

// home is where a person lived until an instant; empty for where the project is.
type home struct {
	zone  string
	until engine.Instant
}

// moves notes where a person lived of whom messages are counted.
func (p *person) moves(before, after any, now engine.Instant) {
	was, _ := before.(string)
	is, _ := after.(string)
	if was != is && len(p.places) > 0 {
		p.homes = append(slices.Clone(p.homes), home{was, now})
	}
}

// samePeriod reports whether two times on one wall lie in one period of the calendar.
func samePeriod(unit string, a, b time.Time) bool {
	for ; unit == "week" && a.Weekday() != time.Monday; a = a.AddDate(0, 0, -1) {
	}
	for ; unit == "week" && b.Weekday() != time.Monday; b = b.AddDate(0, 0, -1) {
	}
	return a.Year() == b.Year() && a.Month() == b.Month() && (unit == "month" || a.Day() == b.Day())
}

// ends is when the period of the calendar is over that an instant lies in: the first midnight
// of another, found day by day.
func (c *Cap) ends(at time.Time, zone *time.Location) engine.Instant {
	wall := Wall(at, zone)
	for n := 1; ; n++ {
		midnight := time.Date(wall.Year(), wall.Month(), wall.Day()+n, 0, 0, 0, 0, time.UTC)
		if !samePeriod(c.calendar, wall, midnight) {
			return engine.InstantOf(Instant(midnight, zone))
		}
	}
}

// gone is from when on a place no longer counts: by the calendar the day must be over
// everywhere the person has lived since.
func (w *walk) gone(c *Cap, p place) engine.Instant {
	switch {
	case c.calendar == "":
		return engine.InstantOf(c.per.after(p.at.Time(), w.zone()))
	case c.zone != nil:
		return c.ends(p.at.Time(), c.zone)
	}
	last := c.ends(p.at.Time(), w.zone())
	for _, h := range w.f.homes {
		zone := zoneNamed(h.zone)
		if h.zone == "" {
			zone = w.flow.zone
		}
		if h.until >= p.at {
			w.mark("counted where somebody lived before")
			last = max(last, c.ends(p.at.Time(), zone))
		}
	}
	return last
}

// forgotten is from when on a place counts nowhere: a calendar where the person lives may be that
// of the last zone in which a day ends, which is 26 hours behind the first.
func (w *walk) forgotten(c *Cap, p place) engine.Instant {
	if c.calendar != "" && c.zone == nil {
		return w.gone(c, p).Add(26 * time.Hour)
	}
	return w.gone(c, p)
}

// left is how many messages a cap still allows.
func (w *walk) left(c *Cap, category string) int {
	taken := 0
	for _, p := range w.places {
		if p.category == category && w.gone(c, p) > w.f.now {
			taken++
		}
	}
	return max(c.AtMost-taken, 0)
}

// remaining is the fewest messages that the caps of a category still allow.
func (w *walk) remaining(category string) int {
	c := w.f.categories[category]
	if c == nil {
		c = w.flow.categories[category]
	}
	fewest := 1000
	for i := range c.Caps {
		fewest = min(fewest, w.left(&c.Caps[i], category))
	}
	return fewest
}

// free is from when on the person may get one more message of a category.
func (w *walk) free(c *Category) engine.Instant {
	free := w.f.now
	for i := range c.Caps {
		var ends []engine.Instant
		for _, p := range w.places {
			if end := w.gone(&c.Caps[i], p); p.category == c.Name && end > w.f.now {
				ends = append(ends, end)
			}
		}
		if full := c.Caps[i].AtMost; len(ends) >= full {
			slices.Sort(ends)
			free = max(free, ends[len(ends)-full])
		}
	}
	return free
}

// Counts reports whether a cap counts a message that was handed over before another, by the
// shortest reading: clocks may have changed and people moved, but not out of the same day.
func (h *Handed) Counts(c *Cap, at engine.Instant) bool {
	zone := h.zone
	if c.zone != nil {
		zone = c.zone
	}
	if c.calendar != "" {
		return samePeriod(c.calendar, Wall(at.Time(), zone), Wall(h.At.Time(), zone))
	}
	shortest := c.per.clock + time.Duration(c.per.days)*22*time.Hour
	return at.Add(shortest) > h.At
}
