package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"nudge/engine"
)

// Bucket is a named part of the store, with keys of its own.
type Bucket uint8

const (
	Meta Bucket = iota
	Runs
	Ended
	People
	Keys
	Timers
	Outbox
	Journal
	IDs
	IDTimes
	Versions
	Counts
	Profiles
	Derived
	Erasures
	Campaigns
	Members
	Tallies
	Settled
	Sent
	Orphans
	Asks
	Quarantine
	Audit
	Notices
	FailedNotices
	FlowSpans
	Jobs
	Failures
	Fields
	EventTypes
	EventSeries
	Refusals
	Deploys
	Proposals
	Proposed
	FailedRuns
	FailureGroups
	FlowHours
	CampaignRuns
	CampaignIDs
	CampaignFlows
	RefusedPeople
	Owed
	Commands
	bucketCount
)

// Buckets lists all buckets.
var Buckets = [bucketCount]Bucket{
	Meta, Runs, Ended, People, Keys, Timers, Outbox, Journal, IDs, IDTimes, Versions, Counts, Profiles, Derived, Erasures,
	Campaigns, Members, Tallies, Settled, Sent, Orphans, Asks, Quarantine, Audit, Notices, FailedNotices,
	FlowSpans, Jobs, Failures, Fields, Deploys, Proposals, Proposed, EventTypes,
	EventSeries, Refusals, FailedRuns, FailureGroups, FlowHours, CampaignRuns, CampaignIDs, CampaignFlows, RefusedPeople, Owed, Commands,
}

var bucketNames = [bucketCount]string{
	Meta: "meta", Runs: "runs", Ended: "ended", People: "people", Keys: "keys", Timers: "timers", Outbox: "outbox", Journal: "journal",
	IDs: "ids", IDTimes: "idtimes", Versions: "versions", Counts: "counts", Profiles: "profiles", Derived: "derived", Erasures: "erasures", Campaigns: "firings",
	Members: "members", Tallies: "tallies", Settled: "settled", Sent: "sent", Orphans: "orphans", Asks: "asks", Quarantine: "quarantine", Audit: "audit",
	Notices: "notices", FailedNotices: "failed", FlowSpans: "flowcounts", Jobs: "jobs", Failures: "failures", Fields: "fields", EventTypes: "eventtypes", EventSeries: "eventseries",
	Refusals: "refusals", Deploys: "deploys", Proposals: "proposals", Proposed: "proposed", FailedRuns: "failedruns",
	FailureGroups: "failuregroups", FlowHours: "flowhours", CampaignRuns: "campaignruns", CampaignIDs: "campaignids", CampaignFlows: "campaignflows", RefusedPeople: "refusedpeople", Owed: "owed", Commands: "commands",
}

// String returns the bucket's name in the file.
func (b Bucket) String() string { return bucketNames[b] }

// Young reports whether files may lack the bucket, because it came later or is needed by few. It is then
// empty to readers, and made when something is written into it.
func (b Bucket) Young() bool { return b >= Quarantine }

// Fill returns the share of a page that a backend should fill in this bucket before it
// begins a new page. It is 0 for buckets whose keys arrive in no order. In the other
// buckets keys rise, and the records of runs grow soon after they were written.
func (b Bucket) Fill() float64 {
	switch b {
	case Runs:
		return 0.85
	case Ended, Timers, Outbox, Journal, IDTimes, Derived, Campaigns, CampaignRuns, Tallies, Audit, Deploys:
		return 0.9
	}
	return 0
}

var (
	keyFormat = []byte("format")
	keyState  = []byte("state")
	keyPurged = []byte("purged")
	keyAudit  = []byte("audit")
	keyMarks  = []byte("marks")
	keySearch = []byte("search")

	keyReforget = []byte("reforget")
	keyBy       = []byte("by")
	keyHeld     = []byte("held")

	keyMoving    = []byte("moving")
	keyMovedAway = []byte("movedaway")
)

const runIDBytes = len(engine.RunID{})

func be(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// sized writes bytes with their length before them, so that no key is a prefix of another.
func sized(key []byte, s string) []byte {
	key = slices.Grow(key, binary.MaxVarintLen16+len(s))
	return append(binary.AppendUvarint(key, uint64(len(s))), s...)
}

// unsized reads what sized wrote at the beginning of a key.
func unsized(key []byte) (text string, rest []byte, ok bool) {
	n, used := binary.Uvarint(key)
	if used <= 0 || n > uint64(len(key)-used) {
		return "", nil, false
	}
	return string(key[used : used+int(n)]), key[used+int(n):], true
}

func personPrefix(profile string) []byte { return sized(nil, profile) }

const personHashBytes = 8

// personHash returns the first part of the keys for a person's live runs. It has a fixed
// length and is shorter than most profiles. Two people may share a hash, so a reader must
// check whose run it found.
func personHash(profile string) []byte {
	sum := sha256.Sum256([]byte(profile))
	return sum[:personHashBytes]
}

func peopleKey(r *engine.Run) []byte { return append(personHash(r.Profile), r.ID[:]...) }

func keyPrefix(k engine.FlowKey) []byte { return sized(sized(nil, k.Flow), k.Key) }

func versionKey(v engine.FlowVersion) []byte { return sized(sized(nil, v.Flow), v.Version) }

func timerKey(t engine.Timer) []byte { return numbered(uint64(t.Due), t.Run[:]) }

// owedKey is the key of what is owed to a partition under a number.
func owedKey(to int, number uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(make([]byte, 0, owedKeyBytes), uint16(to)), number)
}

const owedKeyBytes = 2 + 8

// numbered is a key of a number and some bytes.
func numbered(n uint64, b []byte) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(b)), n), b...)
}

func outboxKey(r engine.OutboxRef) []byte {
	key := binary.BigEndian.AppendUint64(make([]byte, 0, 8+runIDBytes+4), r.Order)
	return binary.BigEndian.AppendUint32(append(key, r.Run[:]...), uint32(r.Message))
}

func providerPrefix(id string) []byte { return sized(nil, id) }

func idTimeKey(r *engine.Remembered) []byte { return numbered(uint64(r.Stamp), []byte(r.ID)) }

func memberKey(k engine.MemberKey) []byte { return numbered(k.Campaign, k.Person[:]) }

const memberKeyBytes = 8 + len(engine.MemberKey{}.Person)

func parseMemberKey(key []byte) (k engine.MemberKey, err error) {
	if len(key) != memberKeyBytes {
		return k, fmt.Errorf("member key %x has %d bytes", key, len(key))
	}
	k.Campaign = binary.BigEndian.Uint64(key)
	copy(k.Person[:], key[8:])
	return k, nil
}

// runAt reads the run ID at the end of a key.
func runAt(key []byte) (id engine.RunID, err error) {
	if len(key) < runIDBytes {
		return id, fmt.Errorf("key %x is too short to end in a run ID", key)
	}
	copy(id[:], key[len(key)-runIDBytes:])
	return id, nil
}

func parseTimerKey(key []byte) (t engine.Timer, err error) {
	if len(key) != 8+runIDBytes {
		return t, fmt.Errorf("timer key %x has %d bytes", key, len(key))
	}
	t.Due = engine.Instant(binary.BigEndian.Uint64(key))
	copy(t.Run[:], key[8:])
	return t, nil
}

func parseOutboxKey(key []byte) (r engine.OutboxRef, err error) {
	if len(key) != 8+runIDBytes+4 {
		return r, fmt.Errorf("outbox key %x has %d bytes", key, len(key))
	}
	r.Order = binary.BigEndian.Uint64(key)
	copy(r.Run[:], key[8:])
	r.Message = int(binary.BigEndian.Uint32(key[8+runIDBytes:]))
	return r, nil
}
