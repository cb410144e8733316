package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nudge/engine"
)

// moveRule says what becomes of the records of a bucket when a store is moved.
type moveRule struct {
	// deal puts a record, as the joined source has it, where it belongs. Nil: nothing of the bucket is read.
	deal func(mv *mover, r Reader, key, value []byte) error
	// counts says that deal also counts, so that it has to see every record, also one that an earlier move has written.
	counts bool
	// why is for a bucket of which nothing is read.
	why string
}

const (
	follows = "follows from other records, and is written with them"
	awaited = "is empty when a store may be moved"
	addedUp = "is added up at the end"
)

// moveRules has a rule for every bucket; a test fails for a bucket without one.
var moveRules = [bucketCount]moveRule{
	Meta: {why: "is written at the end"},

	// Of a person or a run: to the partition of the person.
	Runs: {deal: dealLive, counts: true}, Ended: {deal: dealEnded, counts: true},
	Profiles: {deal: dealProfile}, People: {deal: dealHistory}, Members: {deal: dealMember},
	Notices: {deal: dealNotice(noticeKey, Notices)}, FailedNotices: {deal: dealNotice(failedKey, FailedNotices)},
	Refusals: {deal: dealRefusal, counts: true}, Journal: {deal: dealInput}, Audit: {deal: dealAudit}, Orphans: {deal: dealOrphan},

	// Known to all partitions, or kept by the first.
	IDs: {deal: dealID}, Versions: {deal: dealToAll(Versions)}, Settled: {deal: dealSettled}, Deploys: {deal: dealDeploy},
	Jobs: {deal: dealToFirst(Jobs)}, Proposed: {deal: dealToFirst(Proposed)}, Proposals: {deal: dealProposal}, Quarantine: {deal: dealQuarantined},
	EventTypes: {deal: dealEventType}, EventSeries: {deal: dealToFirst(EventSeries)},

	Campaigns: {why: addedUp}, Tallies: {why: addedUp}, Counts: {why: addedUp}, FlowSpans: {why: addedUp}, FlowHours: {why: addedUp}, FailureGroups: {why: addedUp},

	Keys: {why: follows}, Timers: {why: follows}, Outbox: {why: follows}, Sent: {why: follows}, Asks: {why: follows}, Failures: {why: follows}, FailedRuns: {why: follows},
	CampaignRuns: {why: follows}, IDTimes: {why: follows}, Fields: {why: follows}, CampaignIDs: {why: follows}, CampaignFlows: {why: follows}, RefusedPeople: {why: follows},

	Derived: {why: awaited}, Erasures: {why: awaited}, Owed: {why: awaited}, Commands: {why: awaited},
}

// moveOrder is the order in which the buckets are read.
var moveOrder = [...]Bucket{Runs, Ended, Profiles, Journal, People, IDs, Versions, Audit, Members, Settled, Orphans, Quarantine, Notices, FailedNotices,
	Jobs, Proposals, Proposed, Deploys, Refusals, EventTypes, EventSeries}

// MovedBuckets are the buckets that a move reads, for those who show how far it is.
func MovedBuckets() []Bucket { return slices.Clone(moveOrder[:]) }

func dealToAll(b Bucket) func(*mover, Reader, []byte, []byte) error {
	return func(mv *mover, _ Reader, key, value []byte) error {
		mv.putAll(b, bytes.Clone(key), bytes.Clone(value))
		return nil
	}
}

func dealToFirst(b Bucket) func(*mover, Reader, []byte, []byte) error {
	return func(mv *mover, _ Reader, key, value []byte) error {
		mv.put(0, b, bytes.Clone(key), bytes.Clone(value))
		return nil
	}
}

// dealEventType keeps what arrived in the first partition. With several parts, the hours that are over for some of them are only in the
// sum by hours.
func dealEventType(mv *mover, r Reader, key, value []byte) error {
	mv.put(0, EventTypes, bytes.Clone(key), bytes.Clone(value))
	if series := r.Get(EventSeries, key); series != nil {
		mv.put(0, EventSeries, bytes.Clone(key), bytes.Clone(series))
	}
	return nil
}

// home is the partition of a person, a flow or an ID.
func (mv *mover) home(name string) int { return engine.PartitionOf(name, len(mv.to)) }

// cachedHomes is how many runs are remembered that were looked up.
const cachedHomes = 1 << 16

// homeOfRun is the partition of a run; the first one if the run is not there any more.
func (mv *mover) homeOfRun(r Reader, id engine.RunID) (int, error) {
	if home, known := mv.homes[id]; known {
		return home, nil
	}
	run, err := readRun(r, id)
	if err != nil {
		return 0, err
	}
	home := 0
	if run != nil {
		home = mv.home(run.Profile)
	}
	if len(mv.homes) >= cachedHomes {
		clear(mv.homes)
	}
	mv.homes[id] = home
	return home, nil
}

// number is the new number of a campaign.
func (mv *mover) number(old uint64) uint64 {
	if n, ok := mv.campaigns[old]; ok {
		return n
	}
	return old
}

func dealLive(mv *mover, _ Reader, key, value []byte) error {
	if isSign(value) {
		return nil // it comes with the record of the run
	}
	run, err := decodeRun(key, value)
	if err != nil {
		return damaged(Runs, key, err)
	}
	mv.run(run)
	return nil
}

func dealEnded(mv *mover, r Reader, key, value []byte) error {
	run, err := decodeEnded(key, value)
	if err != nil {
		return err
	}
	if !isSign(r.Get(Runs, run.ID[:])) {
		return nil // it was set apart
	}
	mv.run(run)
	return nil
}

// run deals a run, with all index entries that follow from it.
func (mv *mover) run(run *engine.Run) {
	run.Campaign = mv.number(run.Campaign)
	home := mv.home(run.Profile)
	mv.sums.run(home, run)
	derive(engine.Change{After: run}, func(w write) { mv.put(home, w.bucket, bytes.Clone(w.key), w.value) })
}

func dealProfile(mv *mover, _ Reader, key, value []byte) error {
	p, err := decodePerson(value)
	if err != nil {
		return damaged(Profiles, key, err)
	}
	home := mv.home(p.ID)
	mv.put(home, Profiles, bytes.Clone(key), bytes.Clone(value))
	for _, entry := range foundBy(p, mv.sums.search) {
		mv.put(home, Fields, entry, nil)
	}
	return nil
}

func dealInput(mv *mover, r Reader, key, value []byte) error {
	j, err := decodeJournaled(value)
	if err != nil {
		return damaged(Journal, key, err)
	}
	if mv.src.isCopy(j) {
		return nil
	}
	if rows, ok := j.Input.Payload.(*engine.Rows); ok {
		mv.rows(j, rows)
		return nil
	}
	home, err := mv.homeOfInput(r, j.Input)
	if err != nil {
		return err
	}
	mv.input(home, j)
	return nil
}

// input puts an input into the journal of a partition. Of the old partitions it only says whether it came from another one.
func (mv *mover) input(home int, j *engine.Journaled) {
	one, in := *j, *j.Input
	one.Seq, one.Input = mv.ranks.of(j.Seq), &in
	if in.Elsewhere = nil; in.Origin != nil {
		if in.Origin = new(engine.Origin); j.Input.Origin.From == len(mv.from) { // a command for all
			in.Origin = nil
		}
	}
	mv.put(home, Journal, be(one.Seq), encodeJournaled(&one))
}

// rows divides the rows of a campaign as its people are.
func (mv *mover) rows(j *engine.Journaled, rows *engine.Rows) {
	parts := map[int][]engine.Row{}
	for _, row := range rows.Rows {
		home := mv.home(row.Profile)
		parts[home] = append(parts[home], row)
	}
	if len(parts) == 0 {
		parts[0] = nil
	}
	for home := range mv.to {
		people, some := parts[home]
		if !some {
			continue
		}
		own, in, entry := *rows, *j.Input, *j
		own.Rows, own.Campaign = people, mv.number(rows.Campaign)
		in.Payload, entry.Input = &own, &in
		mv.input(home, &entry)
	}
}

// homeOfInput is the partition in whose journal an input is read, and gives campaigns that it names their new numbers.
func (mv *mover) homeOfInput(r Reader, in *engine.Input) (int, error) {
	switch p := in.Payload.(type) {
	case *engine.Snapshot:
		p.Campaign = mv.number(p.Campaign)
	case *engine.CampaignControl:
		p.Campaign = mv.number(p.Campaign)
	case *engine.Sweep:
		p.Campaign = mv.number(p.Campaign)
	case *engine.Quarantine:
		p.Campaign = mv.number(p.Campaign)
	}
	route := engine.RouteOf(in, len(mv.to))
	if len(mv.to) > 1 && route.Run != (engine.RunID{}) {
		return mv.homeOfRun(r, route.Run)
	}
	return route.Partition, nil
}

// dealHistory deals what a person's history has of inputs. The history shows the input itself, so the journal of its partition has it, too.
func dealHistory(mv *mover, r Reader, key, value []byte) error {
	if _, ok := pastSeq(key); !ok {
		return nil // of a run
	}
	e, err := decodeHistory(value)
	if err != nil {
		return damaged(People, key, err)
	}
	if err := mv.shownHere(r, e); err != nil {
		return err
	}
	home := mv.home(e.Profile)
	e.Seq, e.Campaign = mv.ranks.of(e.Seq), mv.number(e.Campaign)
	mv.put(home, People, pastInputKey(e), encodeHistory(e))
	return nil
}

// shownHere puts the input of an entry also into the journal of the entry's partition, if it is not dealt there.
func (mv *mover) shownHere(r Reader, e *engine.HistoryEntry) error {
	record := r.Get(Journal, be(e.Seq))
	if record == nil || len(mv.to) == 1 {
		return nil
	}
	j, err := decodeJournaled(record)
	if err != nil {
		return damaged(Journal, be(e.Seq), err)
	}
	if _, ok := j.Input.Payload.(*engine.Rows); ok {
		return nil // the row of the person is there
	}
	home, err := mv.homeOfInput(r, j.Input)
	own := mv.home(e.Profile)
	if err != nil || own == home {
		return err
	}
	if ev, ok := j.Input.Payload.(*engine.Event); ok && ev.Passed == nil { // as a divided store has it in all partitions but the first
		passed := *ev
		passed.Passed = &engine.Passed{ID: j.Input.ID}
		j.Input.Payload, j.Input.Origin = &passed, new(engine.Origin)
	}
	mv.input(own, j)
	return nil
}

func dealMember(mv *mover, r Reader, key, value []byte) error {
	k, err := parseMemberKey(key)
	if err != nil {
		return damaged(Members, key, err)
	}
	home := hashHome(k.Person[0], len(mv.to))
	if k.Campaign = mv.number(k.Campaign); len(value) > 0 && r.Get(Runs, value) == nil {
		value = nil // the run was set apart
	}
	if home != engine.CampaignHome(k.Campaign) && mv.sums.tallies[home][k.Campaign] == nil {
		return nil // the person was left out, and nobody else is there: all rows are taken, so it says nothing any more
	}
	mv.put(home, Members, memberKey(k), append([]byte{}, value...))
	return nil
}

func dealNotice(keyOf func(*Notice) []byte, b Bucket) func(*mover, Reader, []byte, []byte) error {
	return func(mv *mover, _ Reader, key, value []byte) error {
		n, err := decodeNotice(value)
		if err != nil {
			return damaged(b, key, err)
		}
		home := 0
		if n.Profile != "" {
			home = mv.home(n.Profile)
		}
		mv.put(home, b, keyOf(n), bytes.Clone(value))
		return nil
	}
}

func dealRefusal(mv *mover, _ Reader, key, value []byte) error {
	x, err := decodeRefusal(value)
	if err != nil {
		return damaged(Refusals, key, err)
	}
	home := 0
	if x.Profile != "" {
		home = mv.home(x.Profile)
	}
	if mv.refused[home]++; len(mv.from) > 1 { // else the numbers rise in every partition
		x.Number = mv.refused[home]
	}
	mv.put(home, Refusals, be(x.Number), encodeRefusal(x))
	if x.Profile != "" {
		mv.put(home, RefusedPeople, refusedKey(x), nil)
	}
	return nil
}

func dealAudit(mv *mover, r Reader, key, value []byte) error {
	e, err := decodeAudit(value)
	if err != nil {
		return damaged(Audit, key, err)
	}
	home, err := mv.homeOfAudit(r, e)
	e.Seq = mv.ranks.of(e.Seq)
	mv.put(home, Audit, be(e.Seq), encodeAudit(e))
	return err
}

func (mv *mover) homeOfAudit(r Reader, e *engine.AuditEntry) (int, error) {
	if e.Profile != "" {
		return mv.home(e.Profile), nil
	}
	if e.On == "" || e.Common() {
		return 0, nil
	}
	if id, err := engine.ParseRunID(e.On); err == nil {
		return mv.homeOfRun(r, id)
	}
	flow, _, _ := strings.Cut(e.On, "@") // of a campaign
	return mv.home(flow), nil
}

func dealOrphan(mv *mover, _ Reader, key, value []byte) error {
	o, err := decodeOrphan(value)
	if err != nil {
		return damaged(Orphans, key, err)
	}
	home := mv.home(o.ProviderID)
	mv.sums.orphans[home]++
	mv.put(home, Orphans, bytes.Clone(key), bytes.Clone(value))
	return nil
}

func dealID(mv *mover, _ Reader, key, value []byte) error {
	answer, err := decodeAnswer(value)
	if err != nil {
		return damaged(IDs, key, err)
	}
	mv.putAll(IDs, bytes.Clone(key), bytes.Clone(value))
	mv.putAll(IDTimes, idTimeKey(answer), nil)
	return nil
}

func dealSettled(mv *mover, _ Reader, key, _ []byte) error {
	if len(key) != 8 {
		return damaged(Settled, key, errDamaged)
	}
	mv.putAll(Settled, be(mv.number(campaignOf(key))), nil)
	return nil
}

func dealDeploy(mv *mover, _ Reader, key, value []byte) error {
	d, err := decodeDeploy(value)
	if err != nil {
		return damaged(Deploys, key, err)
	}
	d.Seq = mv.ranks.of(d.Seq)
	mv.putAll(Deploys, be(d.Seq), encodeDeploy(d))
	return nil
}

func dealProposal(mv *mover, _ Reader, key, value []byte) error {
	p, err := decodeProposal(value)
	if err != nil {
		return damaged(Proposals, key, err)
	}
	if p.Seq != 0 {
		p.Seq = mv.ranks.of(p.Seq)
	}
	mv.put(0, Proposals, bytes.Clone(key), encodeProposal(p))
	return nil
}

// dealQuarantined keeps damaged runs in the first partition: whose they are may not be known, and the counts of that partition have them.
func dealQuarantined(mv *mover, _ Reader, key, value []byte) error {
	q := new(Quarantined)
	if err := decode(value, lostVersion, q.fields); err != nil {
		return damaged(Quarantine, key, err)
	}
	q.Campaign = mv.number(q.Campaign)
	mv.put(0, Quarantine, bytes.Clone(key), encode(lostVersion, q.fields))
	return nil
}

// finish writes what the engine knows apart from its runs, and lets the store be opened.
func (mv *mover) finish() error {
	metas, err := mv.metas()
	if err != nil {
		return err
	}
	for p := len(mv.to) - 1; p >= 0; p-- {
		state := mv.stateOf(p)
		if err := mv.to[p].Update(func(w Writer) (err error) {
			for _, m := range metas {
				err = errors.Join(err, w.Put(Meta, m.key, m.value))
			}
			return errors.Join(err, w.Put(Meta, keyState, encodeState(&state)), w.Delete(Meta, keyMoving), w.Put(Meta, keyFormat, []byte{Format}))
		}); err != nil {
			return fmt.Errorf("end the move: %w", err)
		}
	}
	return nil
}

// metas are the records about the store as a whole that are the same in all partitions.
func (mv *mover) metas() (all []write, err error) {
	purged, err := mv.src.Purged()
	if err != nil {
		return nil, err
	}
	if len(mv.from) > 1 && purged.Journal > 0 {
		purged.Journal = mv.ranks.dropped
	}
	purged.Moved, purged.MovedAt = mv.last, mv.state.Stamp
	all = append(all, write{key: keyPurged, value: encodePurged(&purged)})
	err = mv.src.kv.View(func(r Reader) error {
		for _, key := range [...][]byte{keyAudit, keyMarks, keyHeld} {
			if value := r.Get(Meta, key); value != nil {
				all = append(all, write{key: key, value: bytes.Clone(value)})
			}
		}
		search, err := readSearch(r)
		if r.Get(Meta, keySearch) != nil {
			search = searchState{fields: search.fields, ready: true} // what was found anew is complete
			all = append(all, write{key: keySearch, value: encodeSearch(&search)})
		}
		return err
	})
	return all, err
}

// stateOf is the state of a partition.
func (mv *mover) stateOf(p int) engine.State {
	s, part := mv.state, engine.Partition{}
	if len(mv.to) > 1 {
		part = engine.Partition{Number: p, Of: len(mv.to)}
	}
	s.Installation, s.Partition = mv.plan.installation.In(part), part
	s.Former = append(slices.Clone(mv.state.Former), mv.state.Installation)
	s.Seq, s.Surveyed, s.Forgot = mv.last, engine.RunID{}, 0
	s.Open, s.Firings, s.Owed, s.Seen = nil, nil, nil, nil
	s.Orphans, s.Schedules = mv.sums.orphans[p], nil
	for _, x := range mv.state.Schedules {
		if mv.home(x.Flow) == p {
			x.Installation = mv.now(x.Installation, p)
			s.Schedules = append(s.Schedules, x)
		}
	}
	return s
}

// now is the installation that may go on with what another one could: only the source's own becomes the new one.
func (mv *mover) now(in engine.Installation, p int) engine.Installation {
	if in != mv.state.Installation {
		return in
	}
	part := engine.Partition{Number: p, Of: len(mv.to)}
	return mv.plan.installation.In(part)
}
