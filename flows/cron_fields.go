package flows

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cronField is one of the five fields of a schedule.
type cronField struct {
	name        string
	least, most int
	words       []string // of the values from least on; nil if it has none
}

var cronFields = []cronField{
	{"minute", 0, 59, nil}, {"hour", 0, 23, nil}, {"day of the month", 1, 31, nil},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{"weekday", 0, 7, dayNames},
}

// cronError is a mistake in a schedule, with the characters that it is about.
type cronError struct {
	from, to   int
	text, hint string
}

func (f *cronField) weekdays() bool { return f.least == 0 && f.most == 7 }

// readCronFields checks every field of a schedule, and returns the schedule in the form
// that the library takes: it does not know 7 for Sunday, nor a range such as fri-mon.
func readCronFields(spec string) (string, *cronError) {
	var fields []string
	at := 0
	for i, text := range strings.Fields(spec) {
		from := at + strings.Index(spec[at:], text)
		at = from + len(text)
		var parts []string
		for part := range strings.SplitSeq(text, ",") {
			read, problem, hint := cronFields[i].part(strings.ToLower(part))
			if problem != "" {
				return "", &cronError{from, at, problem, hint}
			}
			parts = append(parts, read)
		}
		fields = append(fields, strings.Join(parts, ","))
	}
	return strings.Join(fields, " "), nil
}

// part checks one item of the list in a field: *, a value or a range, with or without a step.
func (f *cronField) part(text string) (read, problem, hint string) {
	values, step, stepped := strings.Cut(text, "/")
	if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1 || n > f.most) {
		return "", fmt.Sprintf("the step %q of the %s must be a number from 1 to %d", step, f.name, f.most), ""
	}
	suffix := ""
	if stepped {
		suffix = "/" + step
	}
	if values == "*" || values == "?" {
		return values + suffix, "", ""
	}
	first, last, ranged := strings.Cut(values, "-")
	low, problem, hint := f.value(first)
	if problem != "" {
		return "", problem, hint
	}
	if !ranged {
		if f.weekdays() {
			low %= 7
		}
		return strconv.Itoa(low) + suffix, "", ""
	}
	high, problem, hint := f.value(last)
	switch {
	case problem != "":
		return "", problem, hint
	case f.weekdays():
		return weekdayRange(low, high, step), "", ""
	case low > high:
		return "", fmt.Sprintf("the range %s of the %s ends before it begins", values, f.name),
			fmt.Sprintf("write %s-%d,%d-%s", first, f.most, f.least, last)
	}
	return fmt.Sprintf("%d-%d%s", low, high, suffix), "", ""
}

// value reads a number or a word of the field.
func (f *cronField) value(text string) (n int, problem, hint string) {
	if i := slices.Index(f.words, text); i >= 0 {
		return i + f.least, "", ""
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil && f.words == nil:
		return 0, fmt.Sprintf("%q is not a %s", text, f.name), fmt.Sprintf("use a number from %d to %d, *, a range or a list", f.least, f.most)
	case err != nil:
		return 0, fmt.Sprintf("%q is not a %s", text, f.name), "use " + strings.Join(f.words, ", ")
	case n < f.least || n > f.most:
		return 0, fmt.Sprintf("the %s must be between %d and %d, not %d", f.name, f.least, f.most, n), ""
	}
	return n, "", ""
}

// weekdayRange lists the days of a range, which may go over the end of the week: 0 and 7
// are both Sunday.
func weekdayRange(low, high int, step string) string {
	if high < low {
		high += 7
	}
	by := 1
	if n, err := strconv.Atoi(step); err == nil {
		by = n
	}
	var days []string
	for day := low; day <= high; day += by {
		if text := strconv.Itoa(day % 7); !slices.Contains(days, text) {
			days = append(days, text)
		}
	}
	return strings.Join(days, ",")
}

// eitherDay describes a schedule with both a day of the month and a weekday, which fires
// on each of them: many authors expect it to fire only where both match. It returns an
// empty text for any other schedule.
func (c *Cron) eitherDay() string {
	if c.fields == nil || c.fields.Dom&starBit != 0 || c.fields.Dow&starBit != 0 {
		return ""
	}
	var days []string
	for n := range 7 {
		if day := time.Weekday((n + 1) % 7); c.fields.Dow&(1<<day) != 0 {
			days = append(days, dayNames[day])
		}
	}
	return fmt.Sprintf("this schedule fires on the days %s of the month, and also on every %s",
		strings.Fields(c.Spec)[2], strings.Join(days, ","))
}
