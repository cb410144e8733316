package flows

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

const (
	// MaxCap is the largest number in an `at_most` of a category; a larger one is a mistake of
	// the project. The store keeps that many sends of a person.
	MaxCap = 1000
	// MaxCaps is how many caps a category may have; one more is a mistake of the project.
	MaxCaps = 10
)

// Cap is how many messages of a category a person may get in a period.
type Cap struct {
	AtMost   int            // MaxCap at most
	Per      Duration       // any period of this length; zero for one of the calendar
	Calendar Calendar       // which one
	Zone     *time.Location // of a period of the calendar; nil: where the person lives
}

// Calendar is a period of the calendar, from midnight to midnight.
type Calendar uint8

const (
	ByDay   Calendar = iota + 1
	ByWeek           // from Monday
	ByMonth          // from the first
)

var calendarWords = []string{ByDay: "day", ByWeek: "week", ByMonth: "month"}

// String returns the period as a flow writes it.
func (c Calendar) String() string { return calendarWords[c] }

// String returns the cap as a flow writes it.
func (c Cap) String() string { return fmt.Sprintf("%d per %s", c.AtMost, c.Period()) }

// Period returns the period of the cap as a flow writes it.
func (c Cap) Period() string {
	switch {
	case c.Calendar == 0:
		return c.Per.String()
	case c.Zone != nil:
		return "calendar " + c.Calendar.String() + " in " + c.Zone.String()
	}
	return "calendar " + c.Calendar.String()
}

// Longest returns the longest that a period can be.
func (c Cap) Longest() Duration {
	switch c.Calendar {
	case ByDay:
		return Duration{Days: 1}
	case ByWeek:
		return Duration{Days: 7}
	case ByMonth:
		return Duration{Days: 31}
	}
	return c.Per
}

// Frees returns when a message that went out at an instant is no longer counted, by the
// clocks of a zone. A place of the calendar comes free at midnight.
func (c Cap) Frees(at time.Time, zone *time.Location) time.Time {
	if c.Calendar == 0 {
		return c.Per.After(at, zone)
	}
	year, month, day := at.In(zone).Date()
	switch c.Calendar {
	case ByWeek:
		day += 7 - (int(at.In(zone).Weekday())+6)%7
	case ByMonth:
		month, day = month+1, 1
	default:
		day++
	}
	return onWall(time.Date(year, month, day, 0, 0, 0, 0, time.UTC), zone)
}

var (
	calendarCap = regexp.MustCompile(`^([1-9]\d{0,5}) per calendar (day|week|month)(?: in (\S+))?$`)
	spokenCap   = regexp.MustCompile(`(?i)^(\d+|once|twice)\s*(?:times )?(?:per|/|an?|every|each|in)\s*(?:calendar )?(hour|day|week|month)\b`)
)

// spokenPeriods are the lengths of the periods that people mean.
var spokenPeriods = map[string]string{"hour": "1h", "day": "24h", "week": "7d", "month": "30d"}

const capHint = "for example 3 per 7d, or 1 per calendar day"

// readCaps reads how many messages a person may get: 3 per 7d, 1 per calendar day, or a list
// of these, which all hold.
func readCaps(v *node.Value, list *diag.List) (caps []Cap) {
	items := oneOrMore(v)
	if v.IsList() && (len(items) == 0 || len(items) > MaxCaps) {
		v.Errorf(codeBadCap, capHint, "%d caps; use 1 to %d", len(items), MaxCaps)
		return nil
	}
	for _, item := range items {
		if c, ok := readCap(item.Text(), list); ok {
			caps = append(caps, c)
		}
	}
	return caps
}

func readCap(t *node.Text, list *diag.List) (c Cap, ok bool) {
	if t == nil {
		return c, false
	}
	before := len(*list)
	if m := calendarCap.FindStringSubmatch(t.Value); m != nil {
		fmt.Sscan(m[1], &c.AtMost)
		c.Calendar = Calendar(slices.Index(calendarWords, m[2]))
		if c.Zone = shape.Zone(m[3]); m[3] != "" && c.Zone == nil {
			list.Errorf(t.At(len(t.Value)-len(m[3]), len(t.Value)), codeBadZone, shape.ZoneHint(m[3]), "unknown time zone %q", m[3])
		}
	} else if c.AtMost, c.Per, ok = slidingCap(t, list); !ok {
		return c, false
	}
	if c.AtMost > MaxCap {
		list.Errorf(t.Span, codeBadCap, "", "at_most is %d; the limit is %d", c.AtMost, MaxCap)
	}
	return c, len(*list) == before
}

// slidingCap reads a cap of any period of some length.
func slidingCap(t *node.Text, list *diag.List) (n int, per Duration, ok bool) {
	if m := spokenCap.FindStringSubmatch(t.Value); m != nil {
		number := strings.NewReplacer("once", "1", "twice", "2").Replace(strings.ToLower(m[1]))
		unit := strings.ToLower(m[2])
		hint := "write " + number + " per " + spokenPeriods[unit]
		if unit != "hour" {
			hint = "write " + number + " per calendar " + unit + ", or per " + spokenPeriods[unit]
		}
		list.Errorf(t.Span, codeBadCap, hint, "at_most cannot be %q", t.Value)
		return 0, per, false
	}
	if !atMostForm.MatchString(t.Value) {
		list.Errorf(t.Span, codeBadCap, atMostHint(t.Value, capHint), "at_most cannot be %q", t.Value)
		return 0, per, false
	}
	before := len(*list)
	n, per = readAtMost(t, capHint, list)
	if len(*list) == before && per == (Duration{}) {
		list.Errorf(t.Span, codeBadCap, fmt.Sprintf("for example %d per 7d, or %d per calendar day", n, n), "at_most needs a period")
	}
	return n, per, len(*list) == before
}
