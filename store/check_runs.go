package store

import (
	"slices"

	"nudge/engine"
	"nudge/flows"
)

// runRecord verifies that a record belongs to a live run, or is a sign that leads to an ended
// run.
func (c *checker) runRecord(key, record []byte) {
	run, err := runOf(c.r, key, record)
	switch {
	case err != nil:
		c.problem("runs %x: %v", key, err)
	case run.Live() == isSign(record):
		c.problem("run %s is %s, and not where such runs are", run.ID, run.Status)
	default:
		c.run(run)
	}
}

// endedRecord verifies that a sign leads to the record of an ended run.
func (c *checker) endedRecord(key, _ []byte) {
	id, _, err := parseEndedKey(key)
	if err != nil {
		c.problem("ended %x: %v", key, err)
		return
	}
	if _, to, err := follow(id[:], c.r.Get(Runs, id[:])); (err != nil || string(to) != string(key)) && c.r.Get(Quarantine, id[:]) == nil {
		c.problem("ended %x: nothing leads to run %s", key, id)
	}
}

func (c *checker) run(run *engine.Run) {
	if c.sums != nil {
		c.sums.add(run)
	}
	entries(run, nil, func(w write) {
		if value := c.r.Get(w.bucket, w.key); (value == nil && w.bucket != Failures && w.bucket != FailedRuns) || string(value) != string(w.value) { // runs failed before there were buckets for it
			c.problem("run %s: its entry %x in %s is missing or wrong", run.ID, w.key, w.bucket)
		}
	})
	if !run.Live() {
		c.report.Ended++
		return
	}
	c.report.Live++
	if !c.wakeable(run) {
		c.problem("run %s of flow %s is live, but nothing can wake it", run.ID, run.Flow)
	}
}

// wakeable reports whether something can wake a live run: a timer, a message in the
// outbox, or a wait that the author declared endless. A start step and a campaign on hold
// also wake their runs.
func (c *checker) wakeable(run *engine.Run) bool {
	if run.Deadline != 0 {
		return true
	}
	if run.Status == engine.Parked {
		fr, err := readCampaign(c.r, run.Campaign)
		return err == nil && fr != nil && fr.Held(c.last.Installation)
	}
	if run.Status == engine.Sending {
		m := run.Message(run.Newest())
		return m != nil && m.Status.Outbox()
	}
	f := c.version(engine.FlowVersion{Flow: run.Flow, Version: run.Version})
	if f == nil || run.At >= len(f.Steps) {
		return false
	}
	s := &f.Steps[run.At]
	return s.Verb == flows.VerbStart || s.Wait != nil && slices.ContainsFunc(s.Wait.Lines, func(l flows.Line) bool { return l.Never })
}
