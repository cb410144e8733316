package store

import (
	"encoding/binary"
	"fmt"
	"maps"
	"strings"

	"nudge/engine"
	"nudge/flows"
)

// Report is the result of a store check.
type Report struct {
	Live     int      `json:"live"`    // runs
	Ended    int      `json:"ended"`   // runs
	Timers   int      `json:"timers"`  // of live runs
	Stale    int      `json:"stale"`   // cancelled timers still in the index
	Outbox   int      `json:"outbox"`  // messages planned or claimed
	Journal  uint64   `json:"journal"` // inputs
	Problems []string `json:"problems"`
}

// maxProblems is how many problems `nudge store check` lists; of more it only says that there are
// more.
const maxProblems = 100

// Check reads every record and verifies the rules between records: every record is whole;
// every live run can be woken, and every wait has its timer; every index entry follows
// from its run or is a cancelled timer; the counts match the runs; the journal has no gap.
// An error means that the store could not be read at all.
func (s *Store) Check() (*Report, error) {
	c := &checker{report: &Report{}, counts: map[string]*VersionCounts{}, flows: map[engine.FlowVersion]*flows.Flow{}, tally: map[uint64]*Tally{}, liveOf: map[uint64]int{}}
	err := s.kv.View(func(r Reader) error {
		c.r = r
		c.state()
		c.runs()
		c.ended()
		c.indexes()
		c.numbers()
		c.journal()
		c.ids()
		c.people()
		c.derived()
		c.campaigns()
		c.orphans()
		return nil
	})
	return c.report, err
}

type checker struct {
	r      Reader
	report *Report
	last   engine.State
	counts map[string]*VersionCounts
	flows  map[engine.FlowVersion]*flows.Flow
	tally  map[uint64]*Tally
	liveOf map[uint64]int // runs by campaign
}

func (c *checker) problem(format string, args ...any) {
	switch n := len(c.report.Problems); {
	case n < maxProblems:
		c.report.Problems = append(c.report.Problems, fmt.Sprintf(format, args...))
	case n == maxProblems:
		c.report.Problems = append(c.report.Problems, "and more")
	}
}

func (c *checker) state() {
	state, err := decodeState(c.r.Get(Meta, keyState))
	if err != nil {
		c.problem("meta state: %v", err)
	}
	c.last = state
	for _, v := range state.Active {
		c.version(v)
	}
}

// version loads a version of a flow once. It returns nil when loading fails.
func (c *checker) version(v engine.FlowVersion) *flows.Flow {
	f, seen := c.flows[v]
	if seen {
		return f
	}
	if record := c.r.Get(Versions, versionKey(v)); record == nil {
		c.problem("version %s of flow %s is in use but not there", v.Version, v.Flow)
	} else if loaded, err := decodeFlow(record); err != nil {
		c.problem("version %s of flow %s: %v", v.Version, v.Flow, err)
	} else {
		f = loaded
	}
	c.flows[v] = f
	return f
}

func (c *checker) numbers() {
	c.r.Ascend(Counts, nil, func(key, record []byte) bool {
		stored, err := decodeCounts(record)
		if err != nil {
			c.problem("counts %x: %v", key, err)
			return true
		}
		counted := c.counts[string(key)]
		delete(c.counts, string(key))
		if counted == nil {
			counted = newCounts(engine.FlowVersion{Flow: stored.Flow, Version: stored.Version})
		}
		counted.addPurged(stored.Purged)
		if stored.Live != counted.Live || !maps.Equal(stored.Parked, counted.Parked) || !maps.Equal(stored.Outcomes, counted.Outcomes) || stored.Started != counted.Started {
			c.problem("counts of flow %s %s: stored %+v, counted %+v", stored.Flow, stored.Version, *stored, *counted)
		}
		return true
	})
	for _, v := range c.counts {
		c.problem("flow %s %s has runs but no counts", v.Flow, v.Version)
	}
}

func (c *checker) journal() {
	var last engine.Journaled
	purged, err := readPurged(c.r)
	if err != nil {
		c.problem("meta purged: %v", err)
	}
	c.r.Ascend(Journal, nil, func(key, record []byte) bool {
		j, err := decodeJournaled(record)
		switch {
		case err != nil:
			c.problem("journal %x: %v", key, err)
			return true
		case len(key) != 8 || j.Seq != binary.BigEndian.Uint64(key):
			c.problem("journal %x: the record is of input %d", key, j.Seq)
		case c.report.Journal == 0 && j.Seq != purged.Journal+1:
			c.problem("journal begins at input %d, the one before it that was dropped is %d", j.Seq, purged.Journal)
		case c.report.Journal > 0 && j.Seq != last.Seq+1:
			c.problem("journal: input %d comes after %d", j.Seq, last.Seq)
		case j.Stamp < last.Stamp:
			c.problem("journal: input %d is stamped %s, before the one before it", j.Seq, j.Stamp)
		}
		c.report.Journal++
		last = *j
		return true
	})
	if last.Seq != c.last.Seq {
		c.problem("journal ends at input %d, the state is of input %d", last.Seq, c.last.Seq)
	}
}

func (c *checker) people() {
	c.r.Ascend(Profiles, nil, func(key, record []byte) bool {
		p, err := decodePerson(record)
		if err != nil {
			c.problem("profiles %q: %v", key, err)
		} else if string(personPrefix(p.ID)) != string(key) {
			c.problem("profiles %q: the record is of %q", key, p.ID)
		}
		return true
	})
}

func (c *checker) derived() {
	c.r.Ascend(Derived, nil, func(key, record []byte) bool {
		j, err := decodeJournaled(record)
		if err != nil {
			c.problem("derived %x: %v", key, err)
		} else if len(key) != 8 || j.Input.Derived != binary.BigEndian.Uint64(key) || j.Input.Derived > c.last.Derived {
			c.problem("derived %x: the record is of input %d, the last is %d", key, j.Input.Derived, c.last.Derived)
		}
		return true
	})
}

func (c *checker) ids() {
	c.r.Ascend(IDs, nil, func(key, record []byte) bool {
		answer, err := decodeAnswer(record)
		switch {
		case err != nil:
			c.problem("ids %q: %v", key, err)
		case answer.ID != string(key):
			c.problem("ids %q: the record is of %q", key, answer.ID)
		case c.r.Get(IDTimes, idTimeKey(answer)) == nil:
			c.problem("ids %q would never be forgotten", key)
		}
		return true
	})
	c.r.Ascend(IDTimes, nil, func(key, _ []byte) bool {
		if len(key) < 8 || c.r.Get(IDs, key[8:]) == nil {
			c.problem("idtimes %q has no id", strings.ToValidUTF8(string(key), "?"))
		}
		return true
	})
}

func (c *checker) orphans() {
	n := 0
	c.r.Ascend(Orphans, nil, func(key, record []byte) bool {
		n++
		o, err := decodeOrphan(record)
		if err != nil {
			c.problem("orphans %q: %v", key, err)
		} else if string(providerPrefix(o.ProviderID)) != string(key) {
			c.problem("orphans %q: the record is of %q", key, o.ProviderID)
		}
		return true
	})
	if n != c.last.Orphans {
		c.problem("receipts wait for %d messages, the state says for %d", n, c.last.Orphans)
	}
}
