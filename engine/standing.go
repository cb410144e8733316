package engine

import (
	"maps"
	"slices"

	"nudge/engine/caps"
	"nudge/flows"
)

// Standing is what a person may get now of one category.
type Standing struct {
	Category string        `json:"category"`
	Always   bool          `json:"always,omitempty"` // it has no hours, no cap and no opt-out
	OptedOut bool          `json:"opted_out"`        // nothing of it goes out, whatever else stands here
	Open     bool          `json:"open"`             // it is within its hours now
	Opens    Instant       `json:"opens,omitzero"`   // when its hours begin next, if it is not open; absent for never
	Closes   Instant       `json:"closes,omitzero"`  // when the hours end that are now or come next; absent for a category without hours
	Caps     []CapStanding `json:"caps,omitempty"`   // all hold
}

// CapStanding is how far a cap is used.
type CapStanding struct {
	Cap    string  `json:"cap"` // for example "3 per 7d"
	AtMost int     `json:"at_most"`
	Used   int     `json:"used"`
	Frees  Instant `json:"frees,omitzero"` // when one more message fits, if none does now
}

// Standing returns what a person, of whom nothing may be known, may get now of each of some categories, by
// name. The flow says the time zone of people without one. Categories that the person opted out of and that
// are not among the given ones follow.
func (p *Person) Standing(categories map[string]*flows.Category, f *flows.Flow, now Instant) (all []Standing) {
	homes := homesOf(p, f)
	for _, name := range slices.Sorted(maps.Keys(categories)) {
		c := categories[name]
		s := Standing{Category: name, Always: c.Always, OptedOut: !c.Always && p.outOf(name)}
		if opens, closes, ok := c.Window.Next(now.Time(), homes.Now); ok {
			if s.Open = !opens.After(now.Time()); !s.Open {
				s.Opens = InstantOf(opens)
			}
			if !closes.IsZero() {
				s.Closes = InstantOf(closes)
			}
		}
		for _, limit := range c.Caps {
			one := []flows.Cap{limit}
			left := CapStanding{Cap: limit.String(), AtMost: limit.AtMost, Used: limit.AtMost - caps.Left(one, p.counted(name), now, homes)}
			if at, _ := caps.OpensAt(one, p.counted(name), now, homes); at > now {
				left.Frees = at
			}
			s.Caps = append(s.Caps, left)
		}
		all = append(all, s)
	}
	for i := 0; p != nil && i < len(p.OptOuts); i++ {
		if name := p.OptOuts[i]; categories[name] == nil {
			all = append(all, Standing{Category: name, OptedOut: true, Open: true})
		}
	}
	return all
}

// outOf reports whether the person opted out of a category.
func (p *Person) outOf(category string) bool {
	if p == nil {
		return false
	}
	_, every := slices.BinarySearch(p.OptOuts, OptOutAll)
	_, this := slices.BinarySearch(p.OptOuts, category)
	return every || this
}

// MayGet reports whether messages to the person may go out, and which mode keeps them back, if one does.
func (s *State) MayGet(profile string) (bool, string) {
	switch {
	case s.Killed:
		return false, "killed"
	case s.Holding() || !s.allows(profile):
		return false, s.Outbound.String()
	}
	return true, ""
}

// LocalZone returns the time zone of a person, who may be unknown.
func (p *Person) LocalZone(f *flows.Flow) string { return homesOf(p, f).Now.String() }
