package engine

import (
	"cmp"
	"slices"

	"nudge/engine/caps"
)

// CapCount holds when messages of a capped category were sent to the channel for a person, as
// long as a cap still counts them, or may count them again after a move to another zone.
type CapCount struct {
	Category string    `json:"category"`
	At       []Instant `json:"at"` // oldest first; at most as many as a person gets in the period and a day
}

// capOf returns the index of a category in the cap counts of a person.
func (p *Person) capOf(category string) (int, bool) {
	return slices.BinarySearchFunc(p.Caps, category, func(c CapCount, name string) int { return cmp.Compare(c.Category, name) })
}

// counted returns when a person got the messages of a category that its cap still counts.
func (a *applier) counted(profile, category string) []Instant {
	return a.ws.person(profile).counted(category)
}

func (p *Person) counted(category string) []Instant {
	if p == nil {
		return nil
	}
	if i, found := p.capOf(category); found {
		return p.Caps[i].At
	}
	return nil
}

// takePlace counts a message under the cap of its category, in the input that claims it. It
// drops messages that caps no longer count. It keeps the counts of categories that no active
// flow has: only messages of older versions know their cap.
func (a *applier) takePlace(r pinned, m *Message) {
	category := r.sendOf(m).Category
	mine := a.e.category(r.flow, category)
	if m.Counted = len(mine.Caps) > 0; !m.Counted {
		m.Cap = "" // left from an earlier attempt, when there was a cap
		return
	}
	homes, p := a.homesOf(r.Profile, r.flow), a.editPerson(r.Profile)
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
		count.At = caps.Counted(c.Caps, count.At, a.now, homes)
		if len(count.At) > 0 {
			kept = append(kept, count)
		}
	}
	p.Caps = kept
	m.Cap = category
	p.countUnderCap(m)
}

// takeAgain counts a message again after its place was given back. It uses nothing of the
// flow, because the run may have ended long ago and its version may be deleted.
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

// giveBack frees the place of a message that was certainly not sent.
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
	left, found := caps.Without(p.Caps[i].At, m.Posted)
	if !found {
		return
	}
	p = a.editPerson(r.Profile)
	if p.Caps[i].At = left; len(left) == 0 { // so that nothing is stored of somebody of whom nothing is known
		p.Caps = slices.Delete(p.Caps, i, i+1)
	}
	if len(p.Caps) == 0 {
		p.Homes = nil
	}
}
