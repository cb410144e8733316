package flows

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"nudge/flows/diag"
	"nudge/flows/node"
	"nudge/templates"
)

// Category is what messages of one kind have in common: when they may be sent, and how
// many of them a person gets.
type Category struct {
	Always bool     // no hours, no cap, no opt-out
	Window *Window  // nil: at any time
	AtMost int      // messages to a person; 0 for any number
	Per    Duration // the period of AtMost
}

// Window is the hours of a day in which a message may be sent, where its person lives.
type Window struct {
	Days     Weekdays
	From, To int // in minutes since midnight: from From up to but without To; To is 1440 at most
}

// within reports whether a window allows nothing that another one forbids.
func (w *Window) within(other *Window) bool {
	return w.From >= other.From && w.To <= other.To && w.Days&^other.Days == 0
}

// String is the window as a flow writes it.
func (w *Window) String() string {
	hours := fmt.Sprintf("%02d:%02d-%02d:%02d", w.From/60, w.From%60, w.To/60, w.To%60)
	if w.Days == EveryDay {
		return hours
	}
	return w.Days.String() + " " + hours
}

var windowForm = regexp.MustCompile(`^(?:(\S+) +)?(\S+)-(\S+)$`)

// readWindow reads 08:00-21:00, or mon-fri 08:00-21:00; nil for none.
func readWindow(t *node.Text, list *diag.List) *Window {
	if t == nil {
		return nil
	}
	w, err := parseWindow(t.Value)
	if err != nil {
		list.Errorf(t.Span, CodeBadWindow, "for example 08:00-21:00 or mon-fri 09:00-17:30", "%v", err)
	}
	return w
}

func parseWindow(text string) (*Window, error) {
	m := windowForm.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("%q is not a window of hours", text)
	}
	w, err := &Window{Days: EveryDay}, error(nil)
	if m[1] != "" {
		if w.Days, err = parseDays(m[1]); err != nil {
			return nil, err
		}
	}
	if w.From, err = parseClock(m[2]); err != nil {
		return nil, err
	}
	if w.To, err = parseClock(m[3]); err != nil {
		return nil, err
	}
	if w.From >= w.To {
		return nil, fmt.Errorf("the window %s-%s ends before it begins: a window lies within one day", m[2], m[3])
	}
	return w, nil
}

// readCategories reads the categories of nudge.yaml.
func readCategories(m *node.Map, list *diag.List) map[string]*Category {
	all := map[string]*Category{}
	for _, e := range m.Entries() {
		c := &Category{}
		if !e.Value.IsEmpty() {
			c = readCategory(e.Value.Map(), list)
		}
		switch {
		case !checkName(e.Key, "a category", list):
		case e.Key.Value == "all":
			list.Errorf(e.Key.Span, CodeBadName, "", "all stands for every category and cannot name one")
		default:
			all[e.Key.Value] = c
		}
	}
	return all
}

func readCategory(m *node.Map, list *diag.List) *Category {
	c := &Category{Always: m.Bool("always"), Window: readWindow(m.Text("window"), list)}
	c.AtMost, c.Per = readAtMost(m.Text("at_most"), list)
	if c.Always && (m.Has("window") || m.Has("at_most")) {
		m.Errorf("always", templates.CodeExclusive, "leave out window and at_most, or always",
			"what is always sent has no hours and no cap")
	}
	m.Close()
	return c
}

// categoryNames is the names of the project's categories, sorted.
func (p *Project) categoryNames() []string { return slices.Sorted(maps.Keys(p.Categories)) }

// Promises is what the author of a flow promises of every run.
type Promises struct {
	Messages int      // at most; 0 when nothing is said
	Ends     Duration // at the latest so long after its start; zero when nothing is said
}

func (r *reader) readPromises(m *node.Map) {
	if m == nil {
		return
	}
	p := &Promises{}
	if m.Has("messages") {
		p.Messages = r.number(m, "messages", 1, MaxSteps*MaxRounds)
	}
	if m.Has("ends") {
		p.Ends = r.duration(m.Get("ends"))
	}
	m.Close()
	r.flow.Promises = p
}
