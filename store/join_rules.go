package store

import (
	"math/bits"

	"nudge/engine"
)

// ofRun is the rule of keys that end in a run ID.
var ofRun = disjoint{home: runHome, moved: true}

// joinRules has a rule for every bucket; a test fails for a bucket without one.
var joinRules = [bucketCount]joinRule{
	Meta: joinedMeta{},

	// What belongs to a person or a run is in one part, and its key is in no other. Some keys are known in several parts, which
	// mean the same.
	Runs: ofRun, Ended: ofRun, FailedRuns: ofRun, Asks: ofRun, Quarantine: ofRun,
	Keys: ofRun, Timers: ofRun, Sent: ofRun, Failures: ofRun, CampaignRuns: ofRun,
	Outbox: disjoint{home: outboxHome, moved: true}, Profiles: disjoint{home: profileHome}, Members: disjoint{home: memberHome}, People: joinedPeople{},
	Fields: disjoint{}, IDs: disjoint{}, IDTimes: disjoint{}, Erasures: disjoint{}, Settled: disjoint{}, Orphans: disjoint{}, Notices: disjoint{}, FailedNotices: disjoint{},
	CampaignIDs: disjoint{}, CampaignFlows: disjoint{},

	// All parts have the same, or only the first one has any.
	Versions: copies{}, Jobs: firstPart{}, Proposed: firstPart{}, Proposals: joinedProposals{},

	// What is counted is added up.
	Counts: summed{sumOf(decodeCounts, encodeCounts, (*VersionCounts).addAll)}, Tallies: summed{sumOf(decodeTally, encodeTally, (*Tally).addAll)},
	FlowSpans: summed{sumFlowCounts}, FlowHours: summed{sumFlowHours}, EventTypes: summed{sumOf(decodeEventType, encodeEventType, (*EventType).addAll)},
	EventSeries: joinedSeries{}, FailureGroups: summed{sumFailureGroups},

	// What happened is in the order of time.
	Journal: &logRule{numbers: inTurn{}, dropped: true, entry: logOf(decodeJournaled, encodeJournaled, func(x *engine.Journaled, _ int) (*uint64, engine.Instant, bool) {
		return &x.Seq, x.Stamp, false
	})},
	Audit: &logRule{numbers: inTurn{}, dropped: true, entry: logOf(decodeAudit, encodeAudit, func(x *engine.AuditEntry, part int) (*uint64, engine.Instant, bool) {
		return &x.Seq, x.At, part > 0 && x.Common()
	})},
	Deploys: &logRule{numbers: inTurn{}, onlyFirst: true, entry: logOf(decodeDeploy, encodeDeploy, func(x *Deploy, _ int) (*uint64, engine.Instant, bool) {
		return &x.Seq, x.At, false
	})},
	Refusals: &logRule{numbers: inTurn{}, entry: logOf(decodeRefusal, encodeRefusal, func(x *Refusal, _ int) (*uint64, engine.Instant, bool) {
		return &x.Number, x.At, false
	})},
	RefusedPeople: &logRule{numbers: inTurn{}, before: personHashBytes, entry: refusedPerson},
	Campaigns:     &logRule{numbers: byHome{}, entry: campaignOfParts},

	// These are only between the parts, and the loop of each.
	Derived: hidden{}, Owed: hidden{}, Commands: hidden{},
}

// hidden shows nothing of a bucket.
type hidden struct{}

func (hidden) get(joinedReader, Bucket, []byte) []byte                               { return nil }
func (hidden) walk(joinedReader, Bucket, []byte, bool, func(key, value []byte) bool) {}

// firstPart shows what the first part has.
type firstPart struct{}

func (firstPart) get(j joinedReader, b Bucket, key []byte) []byte { return j[0].Get(b, key) }

func (firstPart) walk(j joinedReader, b Bucket, place []byte, down bool, visit func(key, value []byte) bool) {
	walk(j[0], b, place, down, visit)
}

// copies shows what the first part has. A record that is still on its way to it is read from another part, as a version that was
// deployed a moment ago.
type copies struct{}

func (copies) get(j joinedReader, b Bucket, key []byte) []byte { return disjoint{}.get(j, b, key) }

func (copies) walk(j joinedReader, b Bucket, place []byte, down bool, visit func(key, value []byte) bool) {
	firstPart{}.walk(j, b, place, down, visit)
}

// joinedProposals shows what the first part has. The number of a proposal's deploy is that of the joined journal.
type joinedProposals struct{}

func (x joinedProposals) get(j joinedReader, b Bucket, key []byte) []byte {
	return x.shown(j, j[0].Get(b, key))
}

func (x joinedProposals) walk(j joinedReader, b Bucket, place []byte, down bool, visit func(key, value []byte) bool) {
	walk(j[0], b, place, down, func(key, value []byte) bool { return visit(key, x.shown(j, value)) })
}

func (joinedProposals) shown(j joinedReader, record []byte) []byte {
	p, err := decodeProposal(record)
	if err != nil || p.Seq == 0 {
		return record
	}
	p.Seq = inTurn{}.shown(0, p.Seq, len(j))
	return encodeProposal(p)
}

// disjoint merges keys of which each is in one part, or means the same in all that have it.
type disjoint struct {
	// home returns the part of a key, or one that is not there if the key does not tell. Nil: no key tells.
	home func(key []byte, n int) int
	// moved says that a key which is not there may be in another part: its run was started before the store was moved.
	moved bool
}

func (a disjoint) get(j joinedReader, b Bucket, key []byte) []byte {
	if a.home != nil {
		if part := a.home(key, len(j)); part < len(j) {
			if value := j[part].Get(b, key); value != nil || !a.moved {
				return value
			}
		}
	}
	for _, r := range j {
		if value := r.Get(b, key); value != nil {
			return value
		}
	}
	return nil
}

func (a disjoint) walk(j joinedReader, b Bucket, place []byte, down bool, visit func(key, value []byte) bool) {
	mergeKeys(j, b, place, down, func(all []*joinedEntry) bool { return visit(all[0].key, all[0].value) })
}

// runHome is the part of a key that ends in a run ID.
func runHome(key []byte, n int) int {
	if id, err := runAt(key); err == nil {
		return id.Partition()
	}
	return n
}

func outboxHome(key []byte, n int) int {
	if r, err := parseOutboxKey(key); err == nil {
		return r.Run.Partition()
	}
	return n
}

func profileHome(key []byte, n int) int {
	if profile, _, ok := unsized(key); ok {
		return engine.PartitionOf(profile, n)
	}
	return n
}

func memberHome(key []byte, n int) int {
	if k, err := parseMemberKey(key); err == nil {
		return hashHome(k.Person[0], n)
	}
	return n
}

// hashHome is the part of a person whose hash begins with a byte.
func hashHome(first byte, n int) int { return int(first) >> (8 - bits.Len(uint(n-1))) }

// joinedPeople shows the bucket of people. Its keys begin with the hash of a person, so the parts follow one behind the other. The
// number of an input, at the end of a key and in its record, is that of the joined journal.
type joinedPeople struct{}

func (x joinedPeople) get(j joinedReader, b Bucket, key []byte) []byte {
	if len(key) == 0 {
		return nil
	}
	part := hashHome(key[0], len(j))
	own, record := x.own(key, part, len(j)), j[part].Get(b, x.own(key, part, len(j)))
	_, record = x.shown(own, record, part, len(j))
	return record
}

func (x joinedPeople) walk(j joinedReader, b Bucket, place []byte, down bool, visit func(key, value []byte) bool) {
	part, step, more := 0, 1, true
	if down {
		part, step = len(j)-1, -1
	}
	if len(place) > 0 {
		part = hashHome(place[0], len(j))
		place = x.own(place, part, len(j))
	}
	for ; more && part >= 0 && part < len(j); part += step {
		walk(j[part], b, place, down, func(key, record []byte) bool {
			more = visit(x.shown(key, record, part, len(j)))
			return more
		})
		place = nil
	}
}

// own returns the key that a part has.
func (joinedPeople) own(key []byte, part, n int) []byte {
	shown, ok := pastSeq(key)
	if !ok || key[personHashBytes] != pastMark {
		return key
	}
	home, number := inTurn{}.part(shown, n)
	if home > part { // no entry has the number; the next one in this part comes behind it
		number++
	}
	return append(key[:pastInputBytes-8:pastInputBytes-8], be(number)...)
}

// shown returns the key and the record of the joined store.
func (joinedPeople) shown(key, record []byte, part, n int) (_, _ []byte) {
	number, ok := pastSeq(key)
	if !ok || record == nil {
		return key, record
	}
	number = inTurn{}.shown(part, number, n)
	if e, err := decodeHistory(record); err == nil {
		e.Seq = number
		record = encodeHistory(e)
	}
	return append(key[:pastInputBytes-8:pastInputBytes-8], be(number)...), record
}

// logOf returns how entries of a log are read whose records have their number. The function returns the number in a record, its
// instant, and whether another part shows it.
func logOf[T any](decoded func([]byte) (*T, error), encoded func(*T) []byte, of func(x *T, part int) (*uint64, engine.Instant, bool)) func(joinedReader, int, []byte, []byte) loggedEntry {
	return func(_ joinedReader, part int, _, record []byte) loggedEntry {
		x, err := decoded(record)
		if err != nil {
			return unreadable(record)
		}
		number, at, elsewhere := of(x, part)
		return loggedEntry{at, elsewhere, func(shown uint64) []byte {
			*number = shown
			return encoded(x)
		}}
	}
}

// unreadable shows a damaged record as it is, so that its reader says so.
func unreadable(record []byte) loggedEntry {
	return loggedEntry{at: -1, record: func(uint64) []byte { return record }}
}

// refusedPerson reads an entry that leads from a person to a refusal.
func refusedPerson(j joinedReader, part int, key, record []byte) loggedEntry {
	e := unreadable(record)
	if x, err := decodeRefusal(j[part].Get(Refusals, be(lastNumber(key)))); err == nil {
		e.at = x.At
	}
	return e
}
