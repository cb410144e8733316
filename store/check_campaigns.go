package store

import (
	"maps"
	"slices"

	"nudge/engine"
)

// campaigns verifies that the people of every campaign add up: people in runs, people left
// out and people still to come make up its rows (I9).
func (c *checker) campaigns() {
	var open []uint64
	var firings []engine.Firing
	c.r.Ascend(Campaigns, nil, func(key, record []byte) bool {
		f, err := decodeCampaign(record)
		switch {
		case err != nil:
			c.problem("firings %x: %v", key, err)
			return true
		case len(key) != 8 || f.Number != campaignOf(key):
			c.problem("firings %x: the record is of firing %d", key, f.Number)
			return true
		}
		if f.Open() {
			open = append(open, f.Number)
			if f.Event.Event != "" {
				firings = append(firings, engine.Firing{Campaign: f.Number, Flow: f.Flow, Version: f.Version, Key: f.Key})
			}
		}
		c.campaign(f)
		return true
	})
	if !slices.Equal(open, c.last.Open) {
		c.problem("the state says that firings %v are open, the records say %v", c.last.Open, open)
	}
	if !slices.Equal(firings, c.last.Firings) {
		c.problem("the state says that events have fired %v, the records say %v", c.last.Firings, firings)
	}
	for number := range c.tally {
		c.problem("runs are of firing %d, which is not there", number)
	}
	c.members()
}

func (c *checker) campaign(f *engine.Campaign) {
	counted := c.tally[f.Number]
	delete(c.tally, f.Number)
	if counted == nil {
		counted = newTally(f.Number)
	}
	stored, err := readTally(c.r, f.Number)
	if err != nil {
		c.problem("firing %s: %v", f.ID, err)
		return
	}
	merge(counted.Standings, stored.Purged)
	if live := c.liveOf[f.Number]; live != f.Live {
		c.problem("firing %s: %d runs live, its record says %d", f.ID, live, f.Live)
	}
	if !maps.Equal(stored.Standings, counted.Standings) {
		c.problem("firing %s: its tally is %+v, counted %+v", f.ID, *stored, *counted)
	}
	taken := 0
	for _, l := range f.Excluded {
		taken += l.Rows
	}
	for _, n := range counted.Standings {
		taken += int(n)
	}
	if taken != f.Walked || f.Walked > f.Rows {
		c.problem("firing %s: %d of its %d rows are taken, and %d are accounted for", f.ID, f.Walked, f.Rows, taken)
	}
}

// members verifies that every member belongs to a campaign and that its run exists.
func (c *checker) members() {
	c.r.Ascend(Members, nil, func(key, value []byte) bool {
		k, err := parseMemberKey(key)
		if err != nil {
			c.problem("members %x: %v", key, err)
			return true
		}
		if c.r.Get(Campaigns, be(k.Campaign)) == nil {
			c.problem("members %x: there is no firing %d", key, k.Campaign)
		}
		if len(value) > 0 && c.r.Get(Runs, value) == nil {
			c.problem("members %x: its run is not there", key)
		}
		return true
	})
}
