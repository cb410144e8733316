package store

import (
	"bytes"

	"nudge/engine"
)

// campaignRecord verifies that the people of a campaign add up: people in runs, people left out
// and people still to come make up its rows (I9).
func (c *checker) campaignRecord(key, record []byte) {
	f, err := decodeCampaign(record)
	switch {
	case err != nil:
		c.problem("firings %x: %v", key, err)
	case len(key) != 8 || f.Number != campaignOf(key):
		c.problem("firings %x: the record is of firing %d", key, f.Number)
	default:
		c.campaign(f)
	}
}

// campaignEntry verifies that an entry follows from its campaign.
func (c *checker) campaignEntry(key, _ []byte) {
	if len(key) < 8 {
		c.problem("%x leads to no campaign", key)
		return
	}
	f, err := readCampaign(c.r, lastNumber(key))
	if err == nil && (f == nil || !bytes.Equal(key, campaignFlowKey(f.Flow, f.Number)) && !bytes.Equal(key, campaignIDKey(f.ID, f.Number))) {
		c.problem("%x: no campaign that it follows from", key)
	}
}

func (c *checker) campaign(f *engine.Campaign) {
	if !has(c.r, CampaignFlows, campaignFlowKey(f.Flow, f.Number)) || !has(c.r, CampaignIDs, campaignIDKey(f.ID, f.Number)) {
		c.problem("firing %s: it is not found by its flow and its ID", f.ID)
	}
	stored, err := readTally(c.r, f.Number)
	if err != nil {
		c.problem("firing %s: %v", f.ID, err)
		return
	}
	if c.sums != nil {
		c.sums.compareCampaign(c, f, stored)
	}
	taken := 0
	for _, l := range f.Excluded {
		taken += l.Rows
	}
	for _, n := range stored.Standings {
		taken += int(n)
	}
	if taken != f.Walked || f.Walked > f.Rows {
		c.problem("firing %s: %d of its %d rows are taken, and %d are accounted for", f.ID, f.Walked, f.Rows, taken)
	}
}

// member verifies that a member belongs to a campaign and that its run exists.
func (c *checker) member(key, value []byte) {
	k, err := parseMemberKey(key)
	if err != nil {
		c.problem("members %x: %v", key, err)
		return
	}
	if c.r.Get(Campaigns, be(k.Campaign)) == nil {
		c.problem("members %x: there is no firing %d", key, k.Campaign)
	}
	if len(value) > 0 && c.r.Get(Runs, value) == nil && c.r.Get(Quarantine, value) == nil {
		c.problem("members %x: its run is not there", key)
	}
}
