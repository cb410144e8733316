package engine

import (
	"cmp"
	"slices"

	"nudge/engine/caps"
	"nudge/flows"
)

// CapCount is when messages of a capped category were handed to the channel for a person,
// as far as its cap still counts them.
type CapCount struct {
	Category string
	At       []Instant // oldest first; as many as the cap at most
}

// capOf is the place of a category among what is counted for a person.
func (p *Person) capOf(category string) (int, bool) {
	return slices.BinarySearchFunc(p.Caps, category, func(c CapCount, name string) int { return cmp.Compare(c.Category, name) })
}

// counted is when a person got messages of a category, as far as its cap counts them.
func (a *applier) counted(profile, category string) []Instant {
	p := a.ws.person(profile)
	if p == nil {
		return nil
	}
	if i, found := p.capOf(category); found {
		return p.Caps[i].At
	}
	return nil
}

func capOf(c *flows.Category) caps.Cap { return caps.Cap{AtMost: c.AtMost, Per: c.Per} }

// takePlace counts a message under the cap of its category, in the input that hands it to
// the channel. What caps no longer count is dropped, but for categories that no active flow
// has: only their own messages, of older versions, know the cap.
func (a *applier) takePlace(r pinned, m *Message) {
	category := r.sendOf(m).Category
	mine := a.e.category(r.flow, category)
	if m.Counted = mine.AtMost > 0; !m.Counted {
		m.Cap = "" // of an attempt before, when there was a cap
		return
	}
	zone, p := a.zoneOf(r), a.editPerson(r.Profile)
	var kept []CapCount
	for _, count := range p.Caps {
		c := a.e.categories[count.Category]
		if count.Category == category {
			c = mine
		}
		if c == nil {
			kept = append(kept, count)
			continue
		}
		count.At = capOf(c).Counted(count.At, a.now, zone)
		if c.AtMost > 0 && len(count.At) > 0 {
			kept = append(kept, count)
		}
	}
	p.Caps = kept
	m.Cap = category
	p.countUnderCap(m)
}

// takeAgain counts a message again whose place was given back. The run may have ended
// long ago, and its version be forgotten: nothing of the flow is asked.
func (a *applier) takeAgain(r *Run, m *Message) {
	if m.Cap != "" && !m.Counted {
		m.Counted = true
		a.editPerson(r.Profile).countUnderCap(m)
	}
}

// countUnderCap counts a message under its cap.
func (p *Person) countUnderCap(m *Message) {
	i, found := p.capOf(m.Cap)
	if !found {
		p.Caps = slices.Insert(p.Caps, i, CapCount{Category: m.Cap})
	}
	p.Caps[i].At = caps.With(p.Caps[i].At, m.Posted)
}

// giveBack frees the place of a message of which it is sure that it was not sent.
func (a *applier) giveBack(r *Run, m *Message) {
	if !m.Counted {
		return
	}
	m.Counted = false
	p := a.ws.person(r.Profile)
	if p == nil {
		return
	}
	i, found := p.capOf(m.Cap)
	if !found {
		return
	}
	if left, found := caps.Without(p.Caps[i].At, m.Posted); found {
		a.editPerson(r.Profile).Caps[i].At = left
	}
}
