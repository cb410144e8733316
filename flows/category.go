package flows

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/templates"
)

// Category holds the rules for one kind of messages: when they may go out and how many a
// person may get.
type Category struct {
	Always bool    // no hours, no cap, no opt-out
	Window Windows // nil: at any time
	Caps   []Cap   // how many a person may get; all hold, and none allows any number

	// Spread is over how long after an opening its held messages go out, as the project says;
	// nil for DefaultSpread. It is never more than a tenth of the window.
	Spread *time.Duration
}

const (
	// DefaultSpread is over how long held messages go out when a window opens, or `spread` of the
	// category; in a window shorter than ten times that, over a tenth of the window. It stays
	// within the minute of the opening, because flows name that minute.
	DefaultSpread = time.Minute
	// MaxSpread is the longest `spread` of a category; a longer one is a mistake of the project.
	MaxSpread = time.Hour

	spreadShare = 10 // a spread is at most the window divided by this
)

// SpreadOver returns over how long the messages that were held go out when a window of some
// length opens.
func (c *Category) SpreadOver(window time.Duration) time.Duration {
	spread := DefaultSpread
	if c.Spread != nil {
		spread = *c.Spread
	}
	return min(spread, window/spreadShare)
}

// canonical returns the rules of the category as one text, independent of their spelling.
func (c *Category) canonical() string {
	text := fmt.Sprintf("%t %s, %s", c.Always, c.Window, c.Caps)
	if c.Spread != nil {
		text += ", spread " + c.Spread.String()
	}
	return text
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
			list.Errorf(e.Key.Span, codeBadName, "", "all means every category, so no category can have this name")
		default:
			all[e.Key.Value] = c
		}
	}
	return all
}

func readCategory(m *node.Map, list *diag.List) *Category {
	c := &Category{Always: m.Bool("always"), Window: readWindows(m.Get("window"), list)}
	c.Caps = readCaps(m.Get("at_most"), list)
	if c.Always && (m.Has("window") || m.Has("at_most")) {
		m.Errorf("always", templates.CodeExclusive, "remove always, or remove window and at_most",
			"a category with always: true cannot have window or at_most")
	}
	c.Spread = readSpread(m.Get("spread"), list)
	m.Close()
	return c
}

// noSpread matches a spread that is none, which no other duration may be.
var noSpread = regexp.MustCompile(`^0(ms|s|m|h)$`)

// readSpread reads over how long held messages go out: 0s for exactly at the opening.
func readSpread(v *node.Value, list *diag.List) *time.Duration {
	t := v.DurationText()
	if t == nil {
		return nil
	}
	if noSpread.MatchString(t.Value) {
		return new(time.Duration)
	}
	d, err := ParseDuration(t.Value)
	switch {
	case err != nil:
		list.Errorf(t.Span, codeBadDuration, node.DurationHint(t.Value), "%v", err)
	case d.Days > 0 || d.Clock > MaxSpread:
		list.Errorf(t.Span, codeBadDuration, "for example 10m; 0s for exactly at the opening", "a spread of %s is too long; the limit is %s", d, Duration{Clock: MaxSpread})
	}
	return &d.Clock
}

// categoryNames returns the sorted names of the project's categories.
func (p *Project) categoryNames() []string { return slices.Sorted(maps.Keys(p.Categories)) }

// Promises are the limits that the author promises for every run.
type Promises struct {
	Messages int      // at most; 0 when nothing is said
	Ends     Duration // at the latest so long after its start; zero when nothing is said

	EndsNever bool // a run may live forever

	MessagesAt, EndsAt diag.Span // where they are made
}

func (r *reader) readPromises(m *node.Map) {
	if m == nil {
		return
	}
	p := &Promises{}
	if m.Has("messages") {
		p.Messages = r.number(m, "messages", 1, MaxSteps*MaxRounds)
		p.MessagesAt = m.Get("messages").Span()
	}
	if v := m.Get("ends"); v != nil {
		if p.EndsNever = v.IsText() && v.Str() == "never"; !p.EndsNever {
			p.Ends = r.duration(v)
		}
		p.EndsAt = v.Span()
	}
	m.Close()
	r.flow.Promises = p
}
