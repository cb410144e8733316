package flows

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// MaxWindows is how many windows a category or a send may have; one more is a mistake of the
// project.
const MaxWindows = 28

// Window is a range of hours on some weekdays in which a message may be sent, in the
// person's zone.
type Window struct {
	Days     Weekdays
	From, To int // in minutes since midnight: from From up to but without To; To is 1440 at most
}

// Windows are the hours in which a message may be sent: those of any of them. Nil means at
// any time; an empty list that is not nil means never.
type Windows []Window

// And returns the hours that two have in common.
func (w Windows) And(other Windows) Windows {
	switch {
	case w == nil:
		return other
	case other == nil:
		return w
	}
	both := Windows{}
	for _, x := range w {
		for _, y := range other {
			common := Window{Days: x.Days & y.Days, From: max(x.From, y.From), To: min(x.To, y.To)}
			if common.Days != 0 && common.From < common.To {
				both = append(both, common)
			}
		}
	}
	return both
}

// horizon is how far ahead Next looks for an opening. Every window opens within a week, or
// within two if a change of the clocks swallows it.
const horizon = 15 * 24 * time.Hour

// Next returns the first instant from now on that lies in a window, and the end of that
// window. An hour that the clocks skip is in no window, and an hour that occurs twice is in
// its window both times. It returns false for ok if there is no such instant. For nil
// windows, closes is the zero time.
func (w Windows) Next(now time.Time, zone *time.Location) (opens, closes time.Time, ok bool) {
	if w == nil {
		return now, time.Time{}, true
	}
	for at := now; at.Before(now.Add(horizon)); {
		_, change := at.In(zone).ZoneBounds() // until then the clocks run evenly
		switch {
		case change.IsZero(), change.After(now.Add(horizon)):
			change = now.Add(horizon)
		case !change.After(at): // on the last day of some years, time says that the change is past
			change = at.Add(24 * time.Hour)
		}
		if opens, closes, ok = w.nextEven(at, change, zone); ok {
			return opens, closes, true
		}
		at = change
	}
	return time.Time{}, time.Time{}, false
}

// nextEven returns the first opening between two instants between which the clocks of zone
// do not change.
func (w Windows) nextEven(at, end time.Time, zone *time.Location) (opens, closes time.Time, ok bool) {
	offset := offsetAt(at, zone)
	year, month, day := at.In(zone).Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Add(-offset)
	for ; midnight.Before(end); midnight = midnight.Add(24 * time.Hour) {
		today := midnight.Add(offset).Weekday()
		for _, x := range w {
			from, to := later(minuteOf(midnight, x.From), at), earlier(minuteOf(midnight, x.To), end)
			if x.Days.Has(today) && from.Before(to) && (!ok || from.Before(opens)) {
				opens, closes, ok = from, to, true
			}
		}
		if ok {
			return opens, closes, true
		}
	}
	return time.Time{}, time.Time{}, false
}

func minuteOf(midnight time.Time, minute int) time.Time {
	return midnight.Add(time.Duration(minute) * time.Minute)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// has reports whether a minute of a day lies in one of the windows.
func (w Windows) has(day time.Weekday, minute int) bool {
	for _, x := range w {
		if x.Days.Has(day) && x.From <= minute && minute < x.To {
			return true
		}
	}
	return false
}

// widens reports whether one of the windows allows a time that others forbid. A window
// without days means the days that the others have.
func (w Windows) widens(others Windows) bool {
	var days Weekdays
	for _, x := range others {
		days |= x.Days
	}
	for _, x := range w {
		for day := range time.Weekday(7) {
			if !x.Days.Has(day) || x.Days == EveryDay && !days.Has(day) {
				continue
			}
			for minute := x.From; minute < x.To; minute++ {
				if !others.has(day, minute) {
					return true
				}
			}
		}
	}
	return false
}

// String returns the windows as a flow writes them.
func (w Windows) String() string {
	parts := make([]string, len(w))
	for i := range w {
		parts[i] = w[i].String()
	}
	return strings.Join(parts, ", ")
}

// String returns the window as a flow writes it.
func (w *Window) String() string {
	hours := fmt.Sprintf("%02d:%02d-%02d:%02d", w.From/60, w.From%60, w.To/60, w.To%60)
	if w.Days == EveryDay {
		return hours
	}
	return w.Days.String() + " " + hours
}

const windowHint = "for example 08:00-21:00, mon-fri 09:00-17:30 or [09:00-12:00, 14:00-18:00]"

var windowForm = regexp.MustCompile(`^(?:(\S+) +)?(\S+)-(\S+)$`)

// readWindows reads 08:00-21:00, mon-fri 08:00-21:00, or a list of these; nil for none.
func readWindows(v *node.Value, list *diag.List) Windows {
	if v == nil {
		return nil
	}
	items := []*node.Value{v}
	if v.IsList() {
		if items = v.List(); len(items) == 0 || len(items) > MaxWindows {
			v.Errorf(codeBadWindow, windowHint, "%d windows; use 1 to %d", len(items), MaxWindows)
			return nil
		}
	}
	windows := Windows{}
	for _, item := range items {
		t := item.Text()
		if t == nil {
			continue
		}
		w, err := parseWindow(t.Value)
		if err != nil {
			hint := hoursHint(t.Value, v.IsList())
			if _, noHours := parseDays(t.Value); noHours == nil { // the list was cut at the comma between days
				hint = `inside [ ], put quotes around days with a comma: ["sat,sun 10:00-14:00"]`
			}
			list.Errorf(t.Span, codeBadWindow, hint, "%v", err)
			continue
		}
		windows = append(windows, w)
	}
	return windows
}

var spokenHours = regexp.MustCompile(`(?i)^(?:(\S+) +)?(\d{1,2})(?:[:.h](\d{2}))? *(am|pm)? *(?:-|–|to) *(\d{1,2})(?:[:.h](\d{2}))? *(am|pm)?$`)

// hoursHint returns how to write a window, in a form that readWindows accepts: 09:00-17:00
// for 9am-5pm, and two windows for hours over midnight.
func hoursHint(text string, inList bool) string {
	m := spokenHours.FindStringSubmatch(text)
	if m == nil {
		return windowHint
	}
	from, to := spokenMinutes(m[2], m[3], m[4]), spokenMinutes(m[5], m[6], m[7])
	if to == 0 {
		to = 24 * 60
	}
	if _, err := parseDays(m[1]); m[1] != "" && err != nil {
		return windowHint
	}
	switch {
	case from < 0 || to < 0 || from == to || from == 24*60:
		return windowHint
	case from < to:
		return "write " + hoursOn(m[1], from, to)
	}
	both := hoursOn(m[1], from, 24*60) + ", " + hoursOn(dayAfter(m[1]), 0, to)
	if inList {
		return "hours over midnight are two windows: " + both
	}
	return "hours over midnight are two windows: [" + both + "]"
}

// dayAfter returns the days after some days, in the same form: tue-sat for mon-fri.
func dayAfter(days string) string {
	return dayForm.ReplaceAllStringFunc(days, func(day string) string {
		return dayNames[(slices.Index(dayNames, day)+1)%len(dayNames)]
	})
}

var dayForm = regexp.MustCompile(`[a-z]+`)

// hoursOn writes a window on some days, in quotes if it has a comma, which would end it in
// a list.
func hoursOn(days string, from, to int) string {
	text := strings.TrimSpace(days + " " + (&Window{EveryDay, from, to}).String())
	if strings.Contains(text, ",") {
		return `"` + text + `"`
	}
	return text
}

// spokenMinutes returns the minutes since midnight, or -1 for a time that does not exist.
func spokenMinutes(hour, minute, half string) int {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	if half != "" {
		if h < 1 || h > 12 {
			return -1
		}
		h %= 12
		if strings.EqualFold(half, "pm") {
			h += 12
		}
	}
	if m > 59 || h*60+m > 24*60 {
		return -1
	}
	return h*60 + m
}

func parseWindow(text string) (Window, error) {
	m := windowForm.FindStringSubmatch(text)
	if m == nil {
		return Window{}, fmt.Errorf("%q is not a range of hours", text)
	}
	w, err := Window{Days: EveryDay}, error(nil)
	if m[1] != "" {
		if w.Days, err = parseDays(m[1]); err != nil {
			return Window{}, err
		}
	}
	if w.From, err = parseClock(m[2]); err != nil {
		return Window{}, err
	}
	if w.To, err = parseClock(m[3]); err != nil {
		return Window{}, err
	}
	if w.From >= w.To {
		return Window{}, fmt.Errorf("the window %s-%s ends before it begins", m[2], m[3])
	}
	return w, nil
}
