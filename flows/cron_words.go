package flows

import (
	"fmt"
	"strconv"
	"strings"
)

var (
	monthNames   = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	weekdayNames = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	descriptors  = map[string]string{
		"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
	}
)

// InWords says when the schedule fires: at 09:00 on Monday.
func (c *Cron) InWords() string {
	spec := c.Spec
	if plain := descriptors[spec]; plain != "" {
		spec = plain
	}
	fields := strings.Fields(spec)
	if len(fields) != len(cronFields) {
		return c.Spec
	}
	words := []string{clockWords(fields[0], fields[1])}
	day, weekday := fields[2], fields[4]
	switch {
	case day != "*" && weekday != "*":
		words = append(words, "on day "+listed(day, nil, 0)+" of the month, and on every "+listed(weekday, weekdayNames, 0))
	case day != "*":
		words = append(words, "on day "+listed(day, nil, 0)+" of the month")
	case weekday != "*":
		words = append(words, "on "+listed(weekday, weekdayNames, 0))
	case strings.HasPrefix(words[0], "at "):
		words = append(words, "every day")
	}
	if month := fields[3]; month != "*" {
		words = append(words, "in "+listed(month, monthNames, 1))
	}
	return strings.Join(words, " ")
}

// clockWords says what the fields of the minute and the hour mean.
func clockWords(minute, hour string) string {
	m, errMinute := strconv.Atoi(minute)
	switch step, ofMinutes := strings.CutPrefix(minute, "*/"); {
	case minute == "*" && hour == "*":
		return "every minute"
	case ofMinutes && hour == "*":
		return "every " + step + " minutes"
	case errMinute != nil:
		return "at minute " + listed(minute, nil, 0) + " of hour " + listed(hour, nil, 0)
	case hour == "*" && m == 0:
		return "every hour"
	case hour == "*":
		return fmt.Sprintf("at minute %d of every hour", m)
	}
	if step, ok := strings.CutPrefix(hour, "*/"); ok {
		return fmt.Sprintf("at minute %d of every %s hours", m, step)
	}
	var times []string
	for part := range strings.SplitSeq(hour, ",") {
		h, err := strconv.Atoi(part)
		if err != nil {
			return fmt.Sprintf("at minute %d of the hours %s", m, listed(hour, nil, 0))
		}
		times = append(times, fmt.Sprintf("%02d:%02d", h, m))
	}
	return "at " + joined(times)
}

// listed says a field in words: Monday to Friday, 1 and 15.
func listed(field string, names []string, first int) string {
	var parts []string
	for part := range strings.SplitSeq(field, ",") {
		values, step, stepped := strings.Cut(part, "/")
		from, to, isRange := strings.Cut(values, "-")
		text := nameOf(from, names, first)
		if isRange {
			text += " to " + nameOf(to, names, first)
		}
		if stepped {
			text = "every " + step + " of " + strings.Replace(text, "*", "all", 1)
		}
		parts = append(parts, text)
	}
	return joined(parts)
}

// nameOf returns the name of a value, which may be a number or the beginning of its name.
func nameOf(value string, names []string, first int) string {
	if n, err := strconv.Atoi(value); err == nil && n >= first && n-first < len(names) {
		return names[n-first]
	}
	for _, name := range names {
		if len(value) >= 3 && strings.HasPrefix(strings.ToLower(name), strings.ToLower(value)) {
			return name
		}
	}
	return value
}

// joined joins words: a, b and c.
func joined(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
