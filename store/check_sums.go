package store

import (
	"maps"
	"slices"

	"nudge/engine"
)

// add counts a run.
func (s *sums) add(run *engine.Run) {
	v := engine.FlowVersion{Flow: run.Flow, Version: run.Version}
	name := string(versionKey(v))
	if s.counts[name] == nil {
		s.counts[name] = newCounts(v)
	}
	s.counts[name].add(run)
	s.results.add(v, run)
	if n := run.Campaign; n != 0 {
		if s.tally[n] == nil {
			s.tally[n] = newTally(n)
		}
		s.tally[n].count(engine.Change{After: run})
		if run.Live() {
			s.liveOf[n]++
		}
	}
}

// compareCounts holds the stored counts of a version against its runs.
func (s *sums) compareCounts(c *checker, key []byte, stored *VersionCounts) {
	counted := s.counts[string(key)]
	delete(s.counts, string(key))
	if counted == nil {
		counted = newCounts(engine.FlowVersion{Flow: stored.Flow, Version: stored.Version})
	}
	s.whole[engine.FlowVersion{Flow: stored.Flow, Version: stored.Version}] = len(stored.Purged) == 0
	counted.addPurged(stored.Purged)
	apart := c.setApart(stored.Outcomes, counted.Outcomes)
	s.missing += apart
	if stored.Live != counted.Live || !maps.Equal(stored.Parked, counted.Parked) || !maps.Equal(stored.Outcomes, counted.Outcomes) || stored.Started != counted.Started+apart {
		c.problem("counts of flow %s %s: stored %+v, counted %+v", stored.Flow, stored.Version, *stored, *counted)
	}
}

// month adds counts of a day to those of its month, or takes away what is stored of a month.
func (s *sums) month(f *FlowCounts, sign int64) {
	of := engine.CountsKey{FlowVersion: f.FlowVersion, Start: monthOf(f.Start)}
	var counts []engine.Count
	for _, c := range f.Counts {
		c.N *= sign
		counts = append(counts, c)
	}
	s.months[of] = SumCounts(s.months[of], counts)
}

// compareFlowCounts holds what is counted by hour and day against the runs.
func (s *sums) compareFlowCounts(c *checker) {
	for v, stored := range s.flows {
		for _, n := range s.results.differ(v, stored, s.whole[v] && !s.settled[v] && c.report.Quarantined == 0) {
			c.problem("counts of flow %s %s: %+v is stored as %d, counted %d", v.Flow, v.Version, n.Counter, n.stored, n.counted)
		}
	}
}

// compareCampaign holds the tally of a campaign against its runs.
func (s *sums) compareCampaign(c *checker, f *engine.Campaign, stored *Tally) {
	if f.Open() {
		s.open = append(s.open, f.Number)
		if f.Event.Event != "" {
			s.firings = append(s.firings, engine.Firing{Campaign: f.Number, Flow: f.Flow, Version: f.Version, Key: f.Key})
		}
	}
	counted := s.tally[f.Number]
	delete(s.tally, f.Number)
	if counted == nil {
		counted = newTally(f.Number)
	}
	merge(counted.Standings, stored.Purged)
	if live := s.liveOf[f.Number]; live != f.Live {
		c.problem("firing %s: %d runs live, its record says %d", f.ID, live, f.Live)
	}
	if c.setApart(stored.Standings, counted.Standings) > uint64(c.report.Quarantined) || !maps.Equal(stored.Standings, counted.Standings) {
		c.problem("firing %s: its tally is %+v, counted %+v", f.ID, *stored, *counted)
	}
}

// compareSums holds what all records add up to against the state, once all were visited.
func (c *checker) compareSums() {
	c.sums.compareFlowCounts(c)
	for _, v := range c.sums.counts {
		c.problem("flow %s %s has runs but no counts", v.Flow, v.Version)
	}
	if c.sums.missing > uint64(c.report.Quarantined) {
		c.problem("%d ended runs are counted and not there, %d are in quarantine", c.sums.missing, c.report.Quarantined)
	}
	if !slices.Equal(c.sums.open, c.last.Open) {
		c.problem("the state says that firings %v are open, the records say %v", c.last.Open, c.sums.open)
	}
	if !slices.Equal(c.sums.firings, c.last.Firings) {
		c.problem("the state says that events have fired %v, the records say %v", c.last.Firings, c.sums.firings)
	}
	for number := range c.sums.tally {
		c.problem("runs are of firing %d, which is not there", number)
	}
	for of, counts := range c.sums.months {
		if len(counts) > 0 {
			c.problem("counts of flow %s %s: the month from %s on is not the sum of its days", of.Flow, of.Version, of.Start)
		}
	}
	for id := range c.sums.failures {
		c.problem("failuregroups: no group %s, and runs have its failure", id)
	}
	if c.sums.orphans != c.last.Orphans {
		c.problem("receipts wait for %d messages, the state says for %d", c.sums.orphans, c.last.Orphans)
	}
}
