package model

import (
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"nudge/engine"
)

// openHours are hours that are waited for: some hours, or those that a category has then.
type openHours struct {
	category string
	hours    *hours
}

// readOpen reads the hours of a line: the name of a category has no colon.
func readOpen(n *yaml.Node) (*openHours, error) {
	if n.Kind == yaml.ScalarNode && !strings.Contains(n.Value, ":") {
		return &openHours{category: n.Value}, nil
	}
	h, err := readHours(n)
	return &openHours{hours: h}, err
}

// hoursOf are the hours of a category as the project has it today, or as the flow knew it.
func hoursOf(category string, today, known map[string]*Category) *hours {
	c := today[category]
	if c == nil {
		c = known[category]
	}
	return c.hours
}

// hoursNow are the hours that a line means.
func (w *walk) hoursNow(o *openHours) *hours {
	if o.category == "" {
		return o.hours
	}
	return hoursOf(o.category, w.f.categories, w.flow.categories)
}

// comes is when a line with hours is due that takes effect at an instant: it goes from minute
// to minute, and counts those that are open.
func (h *hours) comes(takes time.Duration, at time.Time, zone *time.Location) time.Time {
	for {
		end := at.Truncate(time.Minute).Add(time.Minute)
		if h.open(at, zone) {
			if takes < end.Sub(at) {
				return at.Add(takes)
			}
			takes -= end.Sub(at)
		}
		at = end
	}
}

// armOpen reckons when a line with hours is due.
func (w *walk) armOpen(l *line, since time.Time) engine.Instant {
	hours := w.hoursNow(l.open)
	at := hours.comes(l.after.clock, since, w.zone())
	word := "the opening of hours"
	switch {
	case l.signal == "after":
		word = "some time within hours"
	case at.Equal(since):
		word = "hours that were open"
	}
	w.mark(word)
	if c := w.flow.categories[l.open.category]; c != nil && c.hours.said() != hours.said() {
		w.mark("hours of today, not of the version")
	}
	return engine.InstantOf(at)
}

// isOpen says whether hours are open now: those of a category, or those of a text or list.
func (p *parser) isOpen(what any) any {
	now := p.lookup("now").(time.Time)
	name, isText := what.(string)
	if isText && !strings.Contains(name, ":") {
		return p.lookup("hours").(func(string) *hours)(name).open(now, p.zone())
	}
	texts, _ := what.([]any)
	if isText {
		texts = []any{name}
	}
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for _, text := range texts {
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: text.(string)})
	}
	h, err := readHours(n)
	if err != nil {
		panic(err)
	}
	return h.open(now, p.zone())
}
