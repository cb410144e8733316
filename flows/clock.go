package flows

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// clockForm matches every text that is meant as a time of day, right or wrong.
var (
	clockForm = regexp.MustCompile(`^(?:(\S+) +)?(\d{1,2})[:.](\d{2})$`)
	halfDay   = regexp.MustCompile(`(?i)^(?:\S+ +)?\d{1,2}(?:[:.]\d{2})? ?[ap]m$`)
	dateForm  = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

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
