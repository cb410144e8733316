package engine

import (
	"cmp"
	"maps"
	"slices"
)

// firingSlot is a firing before the batch and now.
type firingSlot struct {
	before *Firing // as stored; nil for one that the batch began
	now    *Firing
	mark   int
}

// firing returns a firing as it is now, or nil. It is not to be changed.
func (ws *WorkingSet) firing(number uint64) *Firing {
	if s := ws.firings[number]; s != nil {
		return s.now
	}
	return nil
}

// editFiring returns a firing for changing. What is done to it is undone by rollback.
func (a *application) editFiring(number uint64) *Firing {
	a.changed = true
	ws := a.ws
	s := ws.firings[number]
	if s.mark == ws.mark {
		return s.now
	}
	old, mark := s.now, s.mark
	s.now, s.mark = old.clone(), ws.mark
	ws.undo = append(ws.undo, func() { s.now, s.mark = old, mark })
	return s.now
}

// addFiring takes a firing that the input in hand begins.
func (ws *WorkingSet) addFiring(f *Firing) {
	ws.firings[f.Number] = &firingSlot{now: f, mark: ws.mark}
	ws.undo = append(ws.undo, func() { delete(ws.firings, f.Number) })
}

// Firings returns the firings that the batch changed, in their order.
func (ws *WorkingSet) Firings() (changed []*Firing) {
	for _, s := range ws.firings {
		if s.now != s.before {
			changed = append(changed, s.now)
		}
	}
	slices.SortFunc(changed, func(a, b *Firing) int { return cmp.Compare(a.Number, b.Number) })
	return changed
}

// member returns a person whom a firing has had, or nil.
func (ws *WorkingSet) member(key MemberKey) *Member { return ws.members[key] }

// addMember notes that a firing has had a person.
func (ws *WorkingSet) addMember(m *Member) {
	ws.members[m.MemberKey] = m
	ws.newMembers = append(ws.newMembers, m)
	ws.undo = append(ws.undo, func() {
		delete(ws.members, m.MemberKey)
		ws.newMembers = ws.newMembers[:len(ws.newMembers)-1]
	})
}

// Members returns the people whom firings have had for the first time in the batch.
func (ws *WorkingSet) Members() []*Member { return ws.newMembers }

// membersAfter returns the next people of a firing, in order.
func (ws *WorkingSet) membersAfter(s *Sweep) []*Member {
	after := MemberKey{s.Firing, s.After}
	var keys []MemberKey
	for key := range maps.Keys(ws.members) {
		if key.Firing == s.Firing && (key.Compare(after) > 0 || s.After == PersonHash{}) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, MemberKey.Compare)
	var next []*Member
	for _, key := range keys[:min(len(keys), MaxSweep)] {
		next = append(next, ws.members[key])
	}
	return next
}
