package store

import "nudge/engine"

// indexed verifies that an index entry follows from its run.
func (c *checker) indexed(b Bucket, key []byte) {
	id, err := runOfEntry(b, key)
	if err != nil {
		c.problem("%s %x: %v", b, key, err)
		return
	}
	if b == Failures && c.sums != nil && len(key) == failureKeyBytes {
		c.sums.failures[FailureID(key)]++
	}
	c.entry(b, key, id)
}

func (c *checker) entry(b Bucket, key []byte, id engine.RunID) {
	run, err := readRun(c.r, id)
	if err != nil {
		return // already reported with the run
	}
	derived := false
	if run != nil {
		entries(run, nil, func(w write) { derived = derived || w.bucket == b && string(w.key) == string(key) })
	}
	switch {
	case b == Timers && derived:
		c.report.Timers++
	case b == Timers:
		c.report.Stale++
	case b == People && run != nil && !run.Live():
		// the entry is dropped when the person's next run starts, or with the run
	case !derived:
		c.problem("%s %x: no run %s that it follows from", b, key, id)
	case b == Outbox:
		c.report.Outbox++
	}
}
