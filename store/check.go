package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"nudge/engine"
	"nudge/flows"
)

// Report is the result of a store check.
type Report struct {
	Live    int    `json:"live"`    // runs
	Ended   int    `json:"ended"`   // runs
	Timers  int    `json:"timers"`  // of live runs
	Stale   int    `json:"stale"`   // cancelled timers still in the index
	Outbox  int    `json:"outbox"`  // messages planned or claimed
	Journal uint64 `json:"journal"` // inputs

	Quarantined int      `json:"quarantined,omitempty"` // runs whose records were damaged, and that were set apart
	Problems    []string `json:"problems"`
}

// maxProblems is how many problems `nudge store check` lists; of more it only says that there are
// more.
const maxProblems = 100

// Check reads every record and verifies the rules between records: every record is whole;
// every live run can be woken, and every wait has its timer; every index entry follows
// from its run or is a cancelled timer; the counts match the runs; the journal has no gap. Of a joined store it checks each part.
// An error means that the store could not be read at all.
func (s *Store) Check() (*Report, error) {
	if s.parts != nil {
		return s.checkParts((*Store).Check)
	}
	c := &checker{report: &Report{Problems: []string{}}, flows: map[engine.FlowVersion]*flows.Flow{}, sums: &sums{
		counts: map[string]*VersionCounts{}, results: results{}, flows: map[engine.FlowVersion][]engine.Count{}, whole: map[engine.FlowVersion]bool{}, settled: map[engine.FlowVersion]bool{}, tally: map[uint64]*Tally{}, liveOf: map[uint64]int{}, failures: map[FailureID]uint64{}, months: map[engine.CountsKey][]engine.Count{},
	}}
	err := s.kv.View(func(r Reader) error {
		c.begin(r)
		c.activeVersions()
		for _, p := range c.parts() {
			r.Ascend(p.bucket, nil, func(key, record []byte) bool {
				p.visit(key, record)
				return true
			})
		}
		c.journalEnd()
		c.compareSums()
		return nil
	})
	return c.report, err
}

// checker verifies records one by one. What it says of a record holds within one transaction.
type checker struct {
	r       Reader
	report  *Report
	last    engine.State
	purged  Purged
	search  searchState
	entered engine.Journaled // the last input of the journal so far; number 0: none
	flows   map[engine.FlowVersion]*flows.Flow
	sums    *sums // nil: they are not counted
}

// sums are what all records of one transaction add up to.
type sums struct {
	counts   map[string]*VersionCounts
	results  results
	flows    map[engine.FlowVersion][]engine.Count // as they are stored
	whole    map[engine.FlowVersion]bool           // no run of the version was purged
	settled  map[engine.FlowVersion]bool           // some of their counts may be without runs
	tally    map[uint64]*Tally
	failures map[FailureID]uint64                // entries by group
	months   map[engine.CountsKey][]engine.Count // of days, without what is stored of the month
	liveOf   map[uint64]int                      // runs by campaign
	open     []uint64
	firings  []engine.Firing
	orphans  int
	missing  uint64 // ended runs that counts have and records have not
}

// checkedPart is a bucket, and how each of its records is verified.
type checkedPart struct {
	bucket Bucket
	visit  func(key, record []byte)
}

// parts are all buckets that are verified record by record.
func (c *checker) parts() []checkedPart {
	parts := []checkedPart{{Quarantine, c.quarantined}, {Runs, c.runRecord}, {Ended, c.endedRecord}}
	for _, b := range indexes {
		visit := func(key, _ []byte) { c.indexed(b, key) }
		if b == People {
			visit = c.personEntry
		}
		parts = append(parts, checkedPart{b, visit})
	}
	return append(parts, []checkedPart{
		{Counts, c.count}, {Journal, c.journaled}, {IDs, c.id}, {IDTimes, c.idTime}, {Profiles, c.person},
		{Derived, c.derived}, {Campaigns, c.campaignRecord}, {Members, c.member}, {Orphans, c.orphan}, {Audit, c.audit},
		{Notices, func(key, record []byte) { c.notice(Notices, noticeKey, key, record) }},
		{Jobs, c.job},
		{Fields, c.found},
		{FailedNotices, func(key, record []byte) { c.notice(FailedNotices, failedKey, key, record) }},
		{FlowSpans, c.flowCounts}, {FlowHours, c.flowHours}, {FailureGroups, c.failureGroup},
		{EventTypes, c.eventType}, {EventSeries, c.eventSeries}, {Refusals, c.refusal},
		{CampaignIDs, c.campaignEntry}, {CampaignFlows, c.campaignEntry}, {RefusedPeople, c.refusedPerson},
		{Owed, c.owed}, {Commands, c.command}, {Deploys, c.own(Deploys)}, {Proposals, c.own(Proposals)}, {Proposed, c.own(Proposed)},
	}...)
}

func (c *checker) problem(format string, args ...any) {
	switch n := len(c.report.Problems); {
	case n < maxProblems:
		c.report.Problems = append(c.report.Problems, fmt.Sprintf(format, args...))
	case n == maxProblems:
		c.report.Problems = append(c.report.Problems, "and more")
	}
}

// begin makes the checker go on in a transaction.
func (c *checker) begin(r Reader) {
	state, err := decodeState(r.Get(Meta, keyState))
	if err != nil {
		c.problem("meta state: %v", err)
	}
	purged, err := readPurged(r)
	if err != nil {
		c.problem("meta purged: %v", err)
	}
	if c.search, err = readSearch(r); err != nil {
		c.problem("meta search: %v", err)
	}
	c.r, c.last, c.purged = r, state, purged
}

func (c *checker) activeVersions() {
	for _, v := range c.last.Active {
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

func (c *checker) count(key, record []byte) {
	stored, err := decodeCounts(record)
	if err != nil {
		c.problem("counts %x: %v", key, err)
		return
	}
	if c.sums != nil {
		c.sums.compareCounts(c, key, stored)
	}
}

func (c *checker) flowCounts(key, record []byte) {
	f, err := decodeFlowCounts(record)
	switch {
	case err != nil:
		c.problem("counts by hour %x: %v", key, err)
	case !bytes.Equal(key, f.key()):
		c.problem("counts by hour %x: the record is of %s", key, f.key())
	case f.Span == SpanHour && !slices.Contains(c.hoursOf(f.FlowVersion, f.Start), sumsOf(f)):
		c.problem("counts by hour %x: the sums of the hour are not those of its counts", key)
	case c.sums != nil && f.Span == SpanMonth:
		c.sums.month(f, -1)
	case c.sums != nil:
		if f.Span == SpanDay {
			c.sums.month(f, 1)
		}
		c.sums.flows[f.FlowVersion] = SumCounts(c.sums.flows[f.FlowVersion], f.Counts)
		c.sums.settled[f.FlowVersion] = c.sums.settled[f.FlowVersion] || f.Span == SpanBefore
	}
}

func (c *checker) journaled(key, record []byte) {
	j, err := decodeJournaled(record)
	last := c.entered
	begins := c.purged.begins()
	if last.Seq < begins { // dropped, lost, or moved
		last = engine.Journaled{Seq: begins, Stamp: max(c.purged.Stamp, c.purged.MovedAt)}
	}
	switch {
	case err != nil:
		c.problem("journal %x: %v", key, err)
		return
	case len(key) != 8 || j.Seq != binary.BigEndian.Uint64(key):
		c.problem("journal %x: the record is of input %d", key, j.Seq)
	case j.Seq <= begins: // a repair keeps what is before a gap, and a move what it finds
		c.report.Journal++
		return
	case j.Seq != last.Seq+1 && last.Seq == begins:
		c.problem("journal begins at input %d, the one before it that was dropped or moved is %d", j.Seq, begins)
	case j.Seq != last.Seq+1:
		c.problem("journal: input %d comes after %d", j.Seq, last.Seq)
	case j.Stamp < last.Stamp:
		c.problem("journal: input %d is stamped %s, before the one before it", j.Seq, j.Stamp)
	}
	c.report.Journal++
	c.entered = *j
}

// journalEnd holds the end of the journal against the state of the same transaction.
func (c *checker) journalEnd() {
	if ends := max(c.entered.Seq, c.purged.begins()); ends != c.last.Seq {
		c.problem("journal ends at input %d, the state is of input %d", ends, c.last.Seq)
	}
}

func (c *checker) person(key, record []byte) {
	p, err := decodePerson(record)
	if err != nil {
		c.problem("profiles %q: %v", key, err)
	} else if string(personPrefix(p.ID)) != string(key) {
		c.problem("profiles %q: the record is of %q", key, p.ID)
	} else if c.search.ready {
		for _, entry := range foundBy(p, c.search.fields) {
			if !has(c.r, Fields, entry) {
				c.problem("profiles %q: the index of searchable fields lacks %q", key, entry)
			}
		}
	}
}

// found verifies that an entry of a searchable field follows from a profile.
func (c *checker) found(key, _ []byte) {
	field, rest, ok := unsized(key)
	if ok && slices.Contains(c.search.drop, field) {
		return // it goes soon
	}
	if ok {
		_, rest, ok = unsized(rest)
	}
	if ok {
		p, err := readPerson(c.r, string(rest))
		ok = err == nil && slices.ContainsFunc(foundBy(p, c.search.fields), func(k []byte) bool { return bytes.Equal(k, key) })
	}
	if !ok {
		c.problem("fields %q: no profile that it follows from", key)
	}
}

func (c *checker) derived(key, record []byte) {
	j, err := decodeJournaled(record)
	if err != nil {
		c.problem("derived %x: %v", key, err)
	} else if len(key) != 8 || j.Input.Derived != binary.BigEndian.Uint64(key) || j.Input.Derived > c.last.Derived {
		c.problem("derived %x: the record is of input %d, the last is %d", key, j.Input.Derived, c.last.Derived)
	}
}

func (c *checker) owed(key, record []byte) {
	if err := fitsOwed(key, record); err != nil {
		c.problem("owed %x: %v", key, err)
		return
	}
	to, number := int(binary.BigEndian.Uint16(key)), binary.BigEndian.Uint64(key[2:])
	if last := c.last.OwedTo(to); number > last {
		c.problem("owed %x: the record is of input %d, the last is %d", key, number, last)
	}
}

func (c *checker) command(key, record []byte) {
	if err := fitsCommand(key, record); err != nil {
		c.problem("commands %x: %v", key, err)
	}
}

func (c *checker) id(key, record []byte) {
	answer, err := decodeAnswer(record)
	switch {
	case err != nil:
		c.problem("ids %q: %v", key, err)
	case answer.ID != string(key):
		c.problem("ids %q: the record is of %q", key, answer.ID)
	case c.r.Get(IDTimes, idTimeKey(answer)) == nil:
		c.problem("ids %q would never be forgotten", key)
	}
}

func (c *checker) idTime(key, _ []byte) {
	if len(key) < 8 || c.r.Get(IDs, key[8:]) == nil {
		c.problem("idtimes %q has no id", strings.ToValidUTF8(string(key), "?"))
	}
}

func (c *checker) notice(b Bucket, keyOf func(*Notice) []byte, key, record []byte) {
	n, err := decodeNotice(record)
	if err != nil {
		c.problem("%s %x: %v", b, key, err)
	} else if !bytes.Equal(keyOf(n), key) {
		c.problem("%s %x: the record is of %s", b, key, n.ID)
	}
}

// own verifies that the records of a bucket are whole and under their own keys.
func (c *checker) own(b Bucket) func(key, record []byte) {
	return func(key, record []byte) {
		if err := fits(b, key, record); err != nil {
			c.problem("%s %x: %v", b, key, err)
		}
	}
}

func (c *checker) job(key, record []byte) {
	j, err := decodeJob(record)
	if err != nil {
		c.problem("jobs %q: %v", key, err)
	} else if j.ID != string(key) {
		c.problem("jobs %q: the record is of %q", key, j.ID)
	}
}

func (c *checker) audit(key, record []byte) {
	e, err := decodeAudit(record)
	switch {
	case err != nil:
		c.problem("audit %x: %v", key, err)
	case len(key) != 8 || e.Seq != binary.BigEndian.Uint64(key) || e.Seq > c.last.Seq:
		c.problem("audit %x: the record is of input %d, the last is %d", key, e.Seq, c.last.Seq)
	}
}

func (c *checker) orphan(key, record []byte) {
	if c.sums != nil {
		c.sums.orphans++
	}
	o, err := decodeOrphan(record)
	if err != nil {
		c.problem("orphans %q: %v", key, err)
	} else if string(providerPrefix(o.ProviderID)) != string(key) {
		c.problem("orphans %q: the record is of %q", key, o.ProviderID)
	}
}
