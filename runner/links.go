package runner

import (
	"time"

	"nudge/channels"
	"nudge/engine"
)

// Links makes the links that lead people to their preferences. They have a secret in them, so they get
// into a message only here, on its way to the channel: the engine, the journal and the store never
// have one.
type Links interface {
	// URL returns the link of a message to a person, of a category that may be empty, which was
	// planned at an instant. The same message always gets the same link.
	URL(profile, category string, planned time.Time) string
}

// noLinks is why a message with a link is refused. A message with a hole in it would be worse.
const noLinks = "the message links to the person's preferences, and nudge.yaml of this server has no preferences"

// linked returns the message of a post with its link, or false if there is none to give.
func (d *dispatcher) linked(p *engine.Post) (m channels.Message, ok bool) {
	switch {
	case !p.Content.Linked:
		return p.Content, true
	case d.links == nil:
		return m, false
	}
	return p.Content.WithPreferences(d.links.URL(p.Content.To, p.Category, p.Planned.Time())), true
}
