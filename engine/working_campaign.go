package engine

import (
	"cmp"
	"slices"
)

// campaign returns a campaign as it is now, or nil. The caller must not change it.
func (ws *WorkingSet) campaign(number uint64) *Campaign { return ws.campaigns.get(number) }

// editCampaign returns a campaign for changing. Rollback undoes the changes.
func (a *applier) editCampaign(number uint64) *Campaign {
	a.changed = true
	return a.ws.campaigns.edit(number, (*Campaign).clone)
}

// addCampaign adds a campaign that the current input begins.
func (ws *WorkingSet) addCampaign(c *Campaign) { ws.campaigns.put(c.Number, c) }

// Campaigns returns the campaigns that the batch changed, in their order.
func (ws *WorkingSet) Campaigns() (changed []*Campaign) {
	for _, s := range ws.campaigns.changed() {
		changed = append(changed, s.now)
	}
	slices.SortFunc(changed, func(a, b *Campaign) int { return cmp.Compare(a.Number, b.Number) })
	return changed
}

// member returns a person whom a campaign has handled, or nil.
func (ws *WorkingSet) member(key MemberKey) *Member { return ws.members.get(key) }

// addMember records that a campaign has handled a person.
func (ws *WorkingSet) addMember(m *Member) { ws.members.put(m.MemberKey, m) }

// Members returns the people whom campaigns handled for the first time in the batch.
func (ws *WorkingSet) Members() (added []*Member) {
	for _, s := range ws.members.changed() {
		added = append(added, s.now)
	}
	return added
}

// membersAfter returns the next people of a campaign, in order.
func (ws *WorkingSet) membersAfter(s *Sweep) []*Member {
	after := MemberKey{s.Campaign, s.After}
	var keys []MemberKey
	for key := range ws.members.slots {
		if key.Campaign == s.Campaign && ws.member(key) != nil && (key.Compare(after) > 0 || s.After == PersonHash{}) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, MemberKey.Compare)
	var next []*Member
	for _, key := range keys[:min(len(keys), MaxSweep)] {
		next = append(next, ws.member(key))
	}
	return next
}
