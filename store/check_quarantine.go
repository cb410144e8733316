package store

// quarantined verifies that a run that was set apart is whole, and not among the others too.
func (c *checker) quarantined(key, record []byte) {
	q := new(Quarantined)
	switch err := decode(record, lostVersion, q.fields); {
	case err != nil:
		c.problem("quarantine %x: %v", key, err)
		return
	case string(q.Run[:]) != string(key):
		c.problem("quarantine %x: the record is of run %s", key, q.Run)
	case c.r.Get(Runs, key) != nil:
		c.problem("run %s is in quarantine, and among the runs", q.Run)
	}
	c.report.Quarantined++
	if c.sums != nil && !q.told && !q.Ended {
		c.sums.liveOf[q.Campaign]++ // until the engine has ended it
	}
}

// setApart adds to what was counted by a word the runs that are stored beyond that, and returns
// how many those are. Runs in quarantine are counted where they last stood.
func (c *checker) setApart(stored, counted map[string]uint64) (apart uint64) {
	if c.report.Quarantined == 0 {
		return 0
	}
	for word, n := range stored {
		if n > counted[word] {
			apart += n - counted[word]
			counted[word] = n
		}
	}
	return apart
}
