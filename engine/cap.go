package engine

import (
	"cmp"
	"slices"
	"time"

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

// countsUntil is the instant from which on a cap no longer counts a message.
func countsUntil(at Instant, per flows.Duration, zone *time.Location) Instant {
	return InstantOf(per.After(at.Time(), zone))
}

// capOpensAt is the first instant from now on at which a person may get one more message of a
// category.
func (a *applier) capOpensAt(profile, category string, c *flows.Category, zone *time.Location) Instant {
	p := a.ws.person(profile)
	if c.AtMost == 0 || p == nil {
		return a.now
	}
	i, found := p.capOf(category)
	if !found || len(p.Caps[i].At) < c.AtMost {
		return a.now
	}
	return max(a.now, countsUntil(p.Caps[i].At[len(p.Caps[i].At)-c.AtMost], c.Per, zone))
}

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
		over := func(at Instant) bool { return countsUntil(at, c.Per, zone) <= a.now }
		count.At = slices.DeleteFunc(slices.Clone(count.At), over)
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
	at := slices.Clone(p.Caps[i].At)
	n, _ := slices.BinarySearch(at, m.Posted)
	p.Caps[i].At = slices.Insert(at, n, m.Posted)
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
	n, found := slices.BinarySearch(p.Caps[i].At, m.Posted)
	if !found {
		return
	}
	p = a.editPerson(r.Profile)
	p.Caps[i].At = slices.Delete(slices.Clone(p.Caps[i].At), n, n+1)
}
