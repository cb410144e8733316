package story

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"nudge/flows"
)

// clock is a moment of a story: to the minute, or to the second where it was written so.
type clock struct {
	*flows.Moment
	Second  int
	Seconds bool // they were written
}

var secondsForm = regexp.MustCompile(`^(.*\d:\d\d):(\d\d)$`)

// parseClock reads 11:00, thu 11:00, 2026-03-05 11:00, each also with seconds.
func parseClock(text string) (*clock, error) {
	c := &clock{}
	if m := secondsForm.FindStringSubmatch(text); m != nil {
		text, c.Seconds = m[1], true
		if c.Second, _ = strconv.Atoi(m[2]); c.Second > 59 {
			return nil, fmt.Errorf("a minute has no second %d", c.Second)
		}
	}
	m, err := flows.ParseClock(text)
	c.Moment = m
	return c, err
}

// next returns the next instant at which a clock of the zone shows the moment. It reports
// false for a date that is past.
func (c *clock) next(now time.Time, zone *time.Location) (at time.Time, ahead bool, err error) {
	// The minute that lies ahead of what is a few seconds earlier begins the moment that lies
	// ahead of now.
	second := time.Duration(c.Second) * time.Second
	at, past, err := c.Resolve(nil, now.Add(-second), zone)
	return at.Add(second), !past, err
}

// shows reports whether a clock that shows t shows the moment, to the minute or the second.
func shows(c *clock, t time.Time) bool {
	if c.Date != (flows.Date{}) {
		y, month, d := t.Date()
		if c.Date != (flows.Date{Year: y, Month: month, Day: d}) {
			return false
		}
	} else if !c.Days.Has(t.Weekday()) {
		return false
	}
	return t.Hour() == c.Hour && t.Minute() == c.Minute && (!c.Seconds || t.Second() == c.Second)
}

// momentText is a moment as a story writes it.
func momentText(c *clock) string {
	text := c.String()
	if c.Seconds {
		text += fmt.Sprintf(":%02d", c.Second)
	}
	return text
}
