package engine

import (
	"cmp"
	"maps"
	"slices"
)

// campaignSlot is a firing before the batch and now.
type campaignSlot struct {
	before *Campaign // as stored; nil for one that the batch began
	now    *Campaign
	mark   int
}

// campaign returns a firing as it is now, or nil. It is not to be changed.
func (ws *WorkingSet) campaign(number uint64) *Campaign {
	if s := ws.campaigns[number]; s != nil {
		return s.now
	}
	return nil
}

// editCampaign returns a firing for changing. What is done to it is undone by rollback.
func (a *applier) editCampaign(number uint64) *Campaign {
	a.changed = true
	ws := a.ws
	s := ws.campaigns[number]
	if s.mark == ws.mark {
		return s.now
	}
	old, mark := s.now, s.mark
	s.now, s.mark = old.clone(), ws.mark
	ws.undo = append(ws.undo, func() { s.now, s.mark = old, mark })
	return s.now
}

// addCampaign takes a firing that the input in hand begins.
func (ws *WorkingSet) addCampaign(f *Campaign) {
	ws.campaigns[f.Number] = &campaignSlot{now: f, mark: ws.mark}
	ws.undo = append(ws.undo, func() { delete(ws.campaigns, f.Number) })
}

// Campaigns returns the firings that the batch changed, in their order.
func (ws *WorkingSet) Campaigns() (changed []*Campaign) {
	for _, s := range ws.campaigns {
		if s.now != s.before {
			changed = append(changed, s.now)
		}
	}
	slices.SortFunc(changed, func(a, b *Campaign) int { return cmp.Compare(a.Number, b.Number) })
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
	after := MemberKey{s.Campaign, s.After}
	var keys []MemberKey
	for key := range maps.Keys(ws.members) {
		if key.Campaign == s.Campaign && (key.Compare(after) > 0 || s.After == PersonHash{}) {
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
