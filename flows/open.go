package flows

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// OpenHours are hours that a flow waits for or asks about: some that are written out, or
// those of a category.
type OpenHours struct {
	Category string  // empty: the windows are written out
	Windows  Windows // of a category, those that it had when the flow was loaded; nil for always
}

// Today returns the hours by the categories that the project has now. A category that it has
// no more keeps the hours that it had.
func (h *OpenHours) Today(categories map[string]*Category) Windows {
	if c := categories[h.Category]; c != nil && h.Category != "" {
		return c.Window
	}
	return h.Windows
}

// String returns the hours as a flow writes them.
func (h *OpenHours) String() string {
	if h.Category != "" {
		return h.Category
	}
	return h.Windows.String()
}

// MaxOpenTime is the longest time within open hours that a line may name; a longer one is a
// mistake of the flow. Of hours that are
// seldom open even that is years.
const MaxOpenTime = 1000 * time.Hour

// Pass returns the first instant in a window by which the windows have been open for some
// time since now: now itself for no time in an open window. It returns false for ok if there
// is none.
func (w Windows) Pass(open time.Duration, now time.Time, zone *time.Location) (at time.Time, ok bool) {
	if w == nil {
		return now.Add(open), true
	}
	for {
		opens, closes, ok := w.Next(now, zone)
		if !ok {
			return time.Time{}, false
		}
		if length := closes.Sub(opens); open >= length {
			open, now = open-length, closes
			continue
		}
		return opens.Add(open), true
	}
}

// Comes returns when a timer of a line with hours comes: the next opening, or when its
// duration has passed within the hours. It returns false for ok if that never is.
func (l *Line) Comes(categories map[string]*Category, now time.Time, zone *time.Location) (at time.Time, ok bool) {
	return l.Open.Today(categories).Pass(l.After.Clock, now, zone)
}

// Timer returns the timer of a line as a flow writes it: after 4h of work.
func (l *Line) Timer() string {
	text := l.Signal.String()
	switch {
	case l.Signal == SignalOpen:
		return text + " " + l.Open.String()
	case l.At != nil:
		return text + " " + l.At.String()
	case l.Open != nil:
		return text + " " + l.After.String() + " of " + l.Open.String()
	}
	return text + " " + l.After.String()
}

// categoryForm matches what is meant as the name of a category, not as hours.
var categoryForm = regexp.MustCompile(`^[a-z0-9_]+$`)

// wrongHours says what is wrong with a text that should be hours, and what would be right.
type wrongHours struct{ message, hint string }

// openHours returns the hours that a text stands for: those of a category, or some that are
// written out.
func (h home) openHours(text string) (*OpenHours, *wrongHours) {
	if !categoryForm.MatchString(text) {
		w, err := parseWindow(text)
		if err != nil {
			return nil, &wrongHours{err.Error(), hoursHint(text, false)}
		}
		return &OpenHours{Windows: Windows{w}}, nil
	}
	c := h.categories[text]
	if c == nil {
		return nil, h.noCategory(text)
	}
	h.asked[text] = true
	return &OpenHours{Category: text, Windows: c.Window}, nil
}

// noCategory reports a category that the project does not have.
func (h home) noCategory(name string) *wrongHours {
	wrong := &wrongHours{"nudge.yaml has no category " + `"` + name + `"`,
		"write hours, for example mon-fri 09:00-17:00, or the name of a category of nudge.yaml"}
	if len(h.categories) > 0 {
		wrong.hint = diag.DidYouMean(name, slices.Sorted(maps.Keys(h.categories)), "Categories")
	}
	return wrong
}

// openHours reads the hours of a line: hours, a list of them, or the name of a category.
func (r *reader) openHours(v *node.Value) *OpenHours {
	if v.IsList() {
		return &OpenHours{Windows: readWindows(v, r.list)}
	}
	t := v.Text()
	if t == nil {
		return &OpenHours{}
	}
	return r.hoursAt(t, 0)
}

// hoursAt reads the hours that a text has from a place on, in bytes.
func (r *reader) hoursAt(t *node.Text, from int) *OpenHours {
	h, wrong := r.home().openHours(t.Value[from:])
	if wrong != nil {
		r.list.Errorf(t.At(len([]rune(t.Value[:from])), len([]rune(t.Value))), codeBadWindow, wrong.hint, "%s", wrong.message)
		return &OpenHours{}
	}
	return h
}

// elapse reads how long a line waits: 3d, or 4h of work.
func (r *reader) elapse(v *node.Value, line *Line) {
	if !v.IsText() || !strings.Contains(v.Str(), " of ") {
		line.After = r.duration(v)
		return
	}
	t := v.Text()
	text, _, _ := strings.Cut(t.Value, " of ")
	d, err := ParseDuration(text)
	place := t.At(0, len([]rune(text)))
	switch {
	case err != nil:
		r.list.Errorf(place, codeBadDuration, node.DurationHint(text), "%v", err)
	case d.Days > 0:
		r.list.Errorf(place, codeBadDuration, "for example 8h"+t.Value[len(text):]+", not "+t.Value, "days are counted by the calendar")
	case d.Clock%time.Second != 0:
		r.list.Errorf(place, codeBadDuration, "for example 8h"+t.Value[len(text):], "time within hours is counted in h, m and s")
	case d.Clock > MaxOpenTime:
		r.list.Errorf(place, codeBadDuration, "", "%s is too long; the limit is %s", d, Duration{Clock: MaxOpenTime})
	}
	line.After, line.Open = d, r.hoursAt(t, len(text)+len(" of "))
}
