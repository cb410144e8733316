package flows

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"nudge/lang/node"
)

// momentHint shows every spelling of a moment.
const momentHint = "for example 09:00, mon-fri 09:00, 2026-12-24 09:00, 24h before data.starts_at or data.starts_at"

var (
	// clockForm matches every text that is meant as a time of day, right or wrong.
	clockForm  = regexp.MustCompile(`^(?:(\S+) +)?(\d{1,2})[:.](\d{2})$`)
	halfDay    = regexp.MustCompile(`(?i)^(?:\S+ +)?\d{1,2}(?:[:.]\d{2})? ?[ap]m$`)
	dateForm   = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	anchorForm = regexp.MustCompile(`^(\S+|\d[\d.]* *[a-z]+) +(before|after) +`)
)

// moment reads a moment. Its expression can use the names in k.
func (r *reader) moment(t *node.Text, k *typeEnv) *Moment {
	if t == nil {
		return nil
	}
	if c := clockForm.FindStringSubmatch(t.Value); c != nil {
		return r.clock(t, c[1], c[2], c[3])
	}
	if halfDay.MatchString(t.Value) {
		r.list.Errorf(t.Span, codeBadMoment, "write 09:00 for 9 am, or 21:00 for 9 pm", "%q is not a time of day", t.Value)
		return nil
	}
	if _, err := ParseDuration(t.Value); err == nil {
		r.list.Errorf(t.Span, codeBadMoment, "write after: "+t.Value+", or at: "+t.Value+" after run.started",
			"%s is a duration, not a moment", t.Value)
		return nil
	}
	m, offset := &Moment{}, 0
	if a := anchorForm.FindStringSubmatch(t.Value); a != nil {
		d, err := ParseDuration(a[1])
		if err != nil {
			r.list.Errorf(t.At(0, len([]rune(a[1]))), codeBadDuration, node.DurationHint(a[1]), "%v", err)
			return nil
		}
		m.Offset, m.Before, offset = d, a[2] == "before", len(a[0])
	}
	m.Of, _ = compileExpr(t, offset, k.scope(), r.flow.Zone, forTime, r.list)
	return m
}

// clock reads a time of day: on all days, on some days or on one date.
func (r *reader) clock(t *node.Text, days, hour, minute string) *Moment {
	m := &Moment{Days: EveryDay}
	at, err := parseClock(hour + ":" + minute)
	switch {
	case err != nil || at == 24*60 || strings.Contains(t.Value, "."):
		r.list.Errorf(t.Span, codeBadMoment, "write two digits for the hour and two for the minute, from 00:00 to 23:59", "%q is not a time of day", t.Value)
		return nil
	case dateForm.MatchString(days):
		if m.Date, err = parseDate(days); err != nil {
			r.list.Errorf(t.Span, codeBadMoment, "for example 2026-12-24 09:00", "%v", err)
			return nil
		}
	case days != "":
		if m.Days, err = parseDays(days); err != nil {
			r.list.Errorf(t.Span, codeBadMoment, momentHint, "%v", err)
			return nil
		}
	}
	m.Hour, m.Minute = at/60, at%60
	return m
}

// parseClock reads 00:00 to 24:00 as minutes since midnight.
func parseClock(text string) (int, error) {
	hours, minutes, ok := strings.Cut(text, ":")
	h, errH := strconv.Atoi(hours)
	m, errM := strconv.Atoi(minutes)
	if !ok || errH != nil || errM != nil || len(hours) != 2 || len(minutes) != 2 || m > 59 || h*60+m > 24*60 || h < 0 || m < 0 {
		return 0, fmt.Errorf("%q is not a time of day such as 09:00", text)
	}
	return h*60 + m, nil
}

func parseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("the day %s does not exist", text)
	}
	return Date{t.Year(), t.Month(), t.Day()}, nil
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseDays reads mon, mon-fri, sat,sun or a mixture of these.
func parseDays(text string) (Weekdays, error) {
	var days Weekdays
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, to := slices.Index(dayNames, first), slices.Index(dayNames, last)
		if from < 0 || to < 0 {
			return 0, fmt.Errorf("%q is not a list of weekdays; use mon, tue, wed, thu, fri, sat and sun", text)
		}
		for day := from; ; day = (day + 1) % 7 {
			days = days.On(time.Weekday(day))
			if day == to {
				break
			}
		}
	}
	return days, nil
}

// ParseClock reads a moment without an expression: 09:00, mon-fri 09:00 or 2026-12-24
// 09:00.
func ParseClock(text string) (*Moment, error) {
	c := clockForm.FindStringSubmatch(text)
	if c == nil {
		return nil, fmt.Errorf("%q is not a moment such as 09:00, mon 09:00 or 2026-12-24 09:00", text)
	}
	at, err := parseClock(c[2] + ":" + c[3])
	m := &Moment{Days: EveryDay, Hour: at / 60, Minute: at % 60}
	switch {
	case err != nil || at == 24*60:
		return nil, fmt.Errorf("%q is not a time of day from 00:00 to 23:59", c[2]+":"+c[3])
	case dateForm.MatchString(c[1]):
		m.Date, err = parseDate(c[1])
	case c[1] != "":
		m.Days, err = parseDays(c[1])
	}
	return m, err
}
