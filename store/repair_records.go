package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"

	"nudge/engine"
)

// kept are the buckets whose records a repair reads. All others follow from them.
var kept = [...]Bucket{
	Versions, Campaigns, Ended, Runs, Journal, IDs, Counts, Profiles, Derived, Erasures, Tallies, Members,
	Orphans, Quarantine, Audit, Notices, FailedNotices, FlowSpans, Jobs, EventTypes, EventSeries, Refusals, Deploys, Proposals,
	Proposed, Owed, Commands,
}

// kinds are the words for their records.
var kinds = map[Bucket]string{
	Versions: "version", Campaigns: "campaign", Ended: "ended run", Runs: "run", Journal: "input",
	IDs: "id", Counts: "number", Profiles: "profile", Derived: "derived input", Erasures: "erasure",
	Tallies: "number", Members: "member", Orphans: "receipt", Quarantine: "quarantined run", Audit: "audit entry",
	Notices: "notice", FailedNotices: "failed notice", FlowSpans: "number", Jobs: "job", EventTypes: "event type",
	EventSeries: "event type's counts", Refusals: "refusal", Deploys: "deploy", Proposals: "proposal", Proposed: "proposal part",
	Owed: "owed input", Commands: "common command",
}

// errElsewhere means that a record is whole and under another key than its own.
var errElsewhere = errors.New("the record belongs elsewhere")

// errLost means that something leads to a record, and nothing is there.
var errLost = errors.New("the record is lost")

// fits returns what is wrong with a record at a place; nil if it is whole and belongs there.
func fits(b Bucket, key, value []byte) error {
	own, err := keyOf(b, key, value)
	if err == nil && !bytes.Equal(own, key) {
		err = errElsewhere
	}
	return err
}

// keyOf returns the key that a record says it has, or that it must have because its checksum
// starts with it.
func keyOf(b Bucket, key, value []byte) (own []byte, err error) {
	switch b {
	case Versions:
		f, err := decodeFlow(value)
		if err != nil {
			return nil, err
		}
		return versionKey(engine.FlowVersion{Flow: f.Name, Version: f.Version}), nil
	case Runs:
		run, err := decodeRun(key, value)
		if err == nil && !run.Live() {
			err = errElsewhere
		}
		return key, err
	case Ended:
		run, err := decodeEnded(key, value)
		if err != nil {
			return nil, err
		}
		if run.Live() {
			return nil, errElsewhere
		}
		return endedKey(run.ID, run.Ended), nil
	case Owed:
		return key, fitsOwed(key, value)
	case Commands:
		return key, fitsCommand(key, value)
	case Members:
		if _, err := parseMemberKey(key); err != nil || len(value) != 0 && len(value) != runIDBytes {
			return nil, errDamaged
		}
		return key, nil
	}
	return ownKey(b, value)
}

// ownKey returns the key that is in a record.
func ownKey(b Bucket, value []byte) (own []byte, err error) {
	switch b {
	case Campaigns:
		f, err := decodeCampaign(value)
		return be(f.Number), err
	case Journal, Derived:
		j, err := decodeJournaled(value)
		if err == nil && ((j.Stamp == 0) != (b == Derived) || b == Derived && j.Input.Derived == 0) { // an input that is not yet applied has no stamp
			err = errElsewhere
		}
		return be(j.Seq), err
	case IDs:
		answer, err := decodeAnswer(value)
		return []byte(answer.ID), err
	case Counts:
		c, err := decodeCounts(value)
		return versionKey(engine.FlowVersion{Flow: c.Flow, Version: c.Version}), err
	case Tallies:
		t, err := decodeTally(value)
		return be(t.Campaign), err
	case Profiles:
		p, err := decodePerson(value)
		return personPrefix(p.ID), err
	case Orphans:
		o, err := decodeOrphan(value)
		return providerPrefix(o.ProviderID), err
	case Erasures:
		e := new(erasure)
		err := decode(value, erasureVersion, e.fields)
		return personPrefix(e.profile), err
	case Quarantine:
		q := new(Quarantined)
		err := decode(value, lostVersion, q.fields)
		return q.Run[:], err
	}
	return ownKeyBeside(b, value)
}

// ownKeyBeside is ownKey for records that only readers need.
func ownKeyBeside(b Bucket, value []byte) (own []byte, err error) {
	switch b {
	case Audit:
		e, err := decodeAudit(value)
		return be(e.Seq), err
	case FlowSpans:
		f, err := decodeFlowCounts(value)
		return f.key(), err
	case Deploys, Proposals, Proposed:
		return deployKey(b, value)
	case Jobs:
		j, err := decodeJob(value)
		return []byte(j.ID), err
	case Notices, FailedNotices:
		n, err := decodeNotice(value)
		if (n.Failed != 0) != (b == FailedNotices) {
			return nil, errElsewhere
		}
		if b == FailedNotices {
			return failedKey(n), err
		}
		return noticeKey(n), err
	case EventTypes:
		t, err := decodeEventType(value)
		return eventTypeKey(t.Type), err
	case EventSeries:
		s, err := decodeEventSeries(value)
		return eventTypeKey(s.kind), err
	case Refusals:
		x, err := decodeRefusal(value)
		return be(x.Number), err
	}
	return nil, errElsewhere
}

// belongs returns the bucket that a record belongs to, by what it holds. Members have nothing
// that would tell it.
func belongs(key, value []byte) (Bucket, bool) {
	if len(value) < checksumBytes+1 {
		return 0, false
	}
	for _, b := range kept {
		if b != Members && fits(b, key, value) == nil {
			return b, true
		}
	}
	return 0, false
}

// records reads the buckets that can be reached.
func (r *repair) records() error {
	for _, b := range kept {
		if err := r.from.Bucket(b, func(key, value []byte) error { return r.take(b, key, value) }); err != nil {
			return err
		}
		if err := r.flush(); err != nil {
			return err
		}
	}
	return nil
}

// take keeps a record that was found in a bucket, if it is whole.
func (r *repair) take(b Bucket, key, value []byte) error {
	if b == Runs && len(value) <= signBytes {
		return r.followSign(key, value)
	}
	err := fits(b, key, value)
	if err == nil {
		return r.keep(b, key, value)
	}
	if other, ok := belongs(key, value); ok {
		return r.keep(other, key, value)
	}
	if there, failed := r.get(b, key); failed != nil || there != nil {
		return failed // it was found elsewhere
	}
	switch {
	case b == Runs && len(key) == runIDBytes:
		r.apart[engine.RunID(key)] = apart{bytes.Clone(value), err, false}
	case b == Ended && len(key) == 8+runIDBytes:
		r.apart[engine.RunID(key[8:])] = apart{bytes.Clone(value), err, true}
	case b != Journal: // whose gaps are found later
		r.lose(kinds[b], nameOf(key), err.Error())
	}
	return nil
}

// nameOf is what a key names, for people.
func nameOf(key []byte) string {
	switch len(key) {
	case runIDBytes:
		return engine.RunID(key).String()
	case 8:
		return strconv.FormatUint(binary.BigEndian.Uint64(key), 10)
	}
	return strings.ToValidUTF8(string(key), "?")
}

// followSign notes an ended run whose record is lost.
func (r *repair) followSign(key, sign []byte) error {
	id, to, err := follow(key, sign)
	if err != nil {
		return nil // the record itself says all
	}
	record, err := r.get(Ended, to)
	if _, known := r.apart[id]; err != nil || record != nil || known {
		return err
	}
	r.apart[id] = apart{nil, errLost, true}
	return nil
}

// keep keeps a whole record.
func (r *repair) keep(b Bucket, key, value []byte) error {
	r.out.Kept[kinds[b]]++
	switch b {
	case Runs:
		delete(r.apart, engine.RunID(key))
	case Versions:
		r.versions[string(key)] = true
	case Counts:
		r.stored[string(key)], _ = decodeCounts(value)
	case Tallies:
		r.storedTally[binary.BigEndian.Uint64(key)], _ = decodeTally(value)
		return nil
	case Campaigns:
		r.campaigns[binary.BigEndian.Uint64(key)], _ = decodeCampaign(value)
		return nil
	case Derived:
		r.derived = max(r.derived, binary.BigEndian.Uint64(key))
	case Orphans:
		r.orphans++
	case Profiles:
		if err := r.indexPerson(value); err != nil {
			return err
		}
	case Refusals:
		if x, err := decodeRefusal(value); err == nil && x.Profile != "" {
			if err := r.put(RefusedPeople, refusedKey(x), nil); err != nil {
				return err
			}
		}
	case IDs:
		answer, err := decodeAnswer(value)
		if err != nil {
			return err
		}
		if err := r.put(IDTimes, idTimeKey(answer), nil); err != nil {
			return err
		}
	}
	return r.put(b, key, value)
}

// rest takes what no bucket leads to. Of what may be from an earlier time it takes only what
// never changes, or at most grows.
func (r *repair) rest() error {
	return r.from.Rest(func(key, value []byte, stale bool) error {
		b, ok := belongs(key, value)
		if !ok || stale && b != Versions && b != Journal && b != Ended && b != Audit || (b == Journal || b == Audit) && binary.BigEndian.Uint64(key) <= r.purged.Journal {
			return nil
		}
		have, err := r.get(b, key)
		if err != nil || have != nil && (b != Ended || len(have) >= len(value)) || r.known(b, key) {
			return err
		}
		return r.keep(b, key, value)
	})
}

// known reports whether a record is there that is not written yet.
func (r *repair) known(b Bucket, key []byte) bool {
	switch b {
	case Counts:
		return r.stored[string(key)] != nil
	case Tallies:
		return r.storedTally[binary.BigEndian.Uint64(key)] != nil
	case Campaigns:
		return r.campaigns[binary.BigEndian.Uint64(key)] != nil
	}
	return false
}
