package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Campaign is one start of a flow over an audience, by a schedule, an event or an operator. A stored
// campaign is never changed in place; apply works on a clone.
type Campaign struct {
	Number  uint64 // rises with time; unique in this store
	ID      string // the flow and the scheduled instant, or the event's id: weekly_report@2026-03-09T09:00
	Flow    string
	Version string // of the flow: the campaign is pinned to it
	Trigger int    // index of the flow's trigger
	Due     Instant
	Begun   Instant
	Local   bool    // it reaches each person when their own clock shows Due
	Since   Instant // a person whose own time is before it is left out; 0 for none

	Status       CampaignStatus
	Paused       bool
	Reason       string       // why it is skipped, failed, cancelled or paused
	Installation Installation // the installation that may continue it: a restored backup may not

	Audience string      // name of the snapshot; empty before it is taken
	Rows     int         // rows of the snapshot, without the unreadable ones
	Bad      int         // unreadable rows
	BadRows  []BadRow    // the first of them
	Walked   int         // rows taken, in order
	Offset   int64       // in the snapshot, behind the last row taken
	Live     int         // runs it has started that have not ended
	Next     Instant     // when the rate lets more rows in
	Excluded []Excluded  // rows taken for which no run was started, by reason
	Lanes    []LocalSlot // of a local campaign with a rate: how many people begin at each instant
	EndRuns  bool        // of a cancelled campaign: also end the runs in flight

	Event  Signal   // that fired it; its type is empty for one by the clock or by an operator
	Key    string   // of its runs; empty where the trigger has none
	Kept   []Signal // events for the rows to come, which an exit names with an if or by
	Exited bool     // an event has come that every run leaves by: the rows to come are left out

	Missed int     // of a skipped campaign: how many missed schedule times it records
	Until  Instant // when the last of those was due

	Wave  []LocalSlot // of a local campaign: how many of the rows taken begin in each hour, by where their people lived then
	Named []LeftOutOf // the first people whom each reason has left out

	// In a divided installation Rows and all that is counted are those of this partition.
	Total int   // rows of all partitions; 0 in an installation that is not divided, and before they are dealt
	Dealt []int // rows by partition; only at the partition that fired the campaign
	Await []int // the partitions that have not said that they have their rows; then those that have rows to take; likewise, without this one
	Busy  []int // the partitions that have rows to take or live runs, likewise
	Over  bool  // this partition had neither, and has said so
}

// LeftOutOf is a person whom a campaign left out. Once they are forgotten, their place is kept
// without a name.
type LeftOutOf struct {
	Reason  string
	Profile string
	Seq     uint64 // number of the input that left them out
}

const (
	// MaxNamed is how many people a campaign names for each reason to leave somebody out; the others are only counted.
	MaxNamed = 5
	// MaxWave is how many hours a wave has; people of further hours count in the last one. The clocks of the
	// world show an hour within 26 hours, and times of one's own are within a day of it.
	MaxWave = 100
)

// BadRow is an unreadable row of an audience.
type BadRow struct {
	Line int    `json:"line"` // of the file, from 1; of pages, the number of the row
	What string `json:"what"`
}

// Excluded counts the rows that started no run, by reason.
type Excluded struct {
	Reason string
	Rows   int
}

// The reasons why a row starts no run: a closed list.
const (
	LeftDuplicate = "duplicate" // the campaign had the person already
	LeftCondition = "if"        // the trigger's if is false
	LeftAudience  = "condition" // the audience's if is false at the person's own time
	LeftBroken    = "broken"    // one of the two cannot be evaluated
	LeftRunning   = "running"   // a run is live, and the entry says skip or queue
	LeftLimit     = "limit"     // at_most of the entry, or the most live runs of a person
	LeftLate      = "late"      // the person's own time is further back than max_delay
	LeftPast      = "past"      // the person's own time was past when the schedule became active
	LeftNoTime    = "no time"   // the person has no time of day of their own
	LeftExited    = "exited"    // an event has come that every run of the campaign leaves by
	LeftFault     = "fault"     // a fault of the engine
)

// LocalSlot is how many people of a local campaign begin at one instant.
type LocalSlot struct {
	At     Instant
	People int
}

// CampaignStatus is how far a campaign is.
type CampaignStatus uint8

const (
	Freezing          CampaignStatus = iota + 1 // its audience is being copied
	Walking                                     // its rows are being taken
	Walked                                      // all rows are taken; runs may still be live
	CampaignCancelled                           // by an operator
	CampaignFailed                              // its audience could not be read
	CampaignSkipped                             // it was missed, or is later than max_delay
	CampaignWaiting                             // an event fired it, and it waits for a place among those that take rows
)

var campaignStatusNames = [...]string{Freezing: "freezing", Walking: "walking", Walked: "walked",
	CampaignCancelled: "cancelled", CampaignFailed: "failed", CampaignSkipped: "skipped", CampaignWaiting: "waiting"}

// String is the word for a status in the API.
func (s CampaignStatus) String() string { return word(campaignStatusNames[:], int(s), "status") }

// Open reports whether the campaign still has rows to take.
func (f *Campaign) Open() bool {
	return f.Status == Freezing || f.Status == Walking || f.Status == CampaignWaiting
}

// Finished reports whether the campaign is over: it has no rows to take and no live runs.
func (f *Campaign) Finished() bool { return !f.Open() && f.Live == 0 }

// ended reports whether the campaign is over in all partitions, as far as this one has to say it: the one that fired it.
func (f *Campaign) ended() bool {
	return f.Finished() && (f.Total == 0 || len(f.Dealt) > 0 && len(f.Busy) == 0)
}

// Held reports whether the campaign may begin nothing in an installation until somebody
// resumes it: it is paused, or the store was restored from a backup.
func (f *Campaign) Held(in Installation) bool { return f.Paused || f.Installation != in }

// MayWalk reports whether rows may be taken at an instant, in an installation.
func (f *Campaign) MayWalk(now Instant, in Installation) bool {
	return f.Status == Walking && f.Walked < f.Rows && !f.Held(in) && f.Next <= now
}

func (f *Campaign) clone() *Campaign {
	c := *f
	c.BadRows, c.Excluded, c.Lanes = slices.Clone(f.BadRows), slices.Clone(f.Excluded), slices.Clone(f.Lanes)
	c.Wave, c.Named = slices.Clone(f.Wave), slices.Clone(f.Named)
	c.Kept = slices.Clip(f.Kept)
	return &c
}

// leave counts a row that starts no run, and names its person if few have been named.
func (f *Campaign) leave(reason, profile string, seq uint64) {
	named := 0
	for i := range f.Named {
		if f.Named[i].Reason == reason {
			named++
		}
	}
	if named < MaxNamed {
		f.Named = append(f.Named, LeftOutOf{reason, profile, seq})
	}
	i, found := slices.BinarySearchFunc(f.Excluded, reason, func(l Excluded, r string) int { return cmp.Compare(l.Reason, r) })
	if !found {
		f.Excluded = slices.Insert(f.Excluded, i, Excluded{Reason: reason})
	}
	f.Excluded[i].Rows++
}

// ride counts a person of a local campaign in the hour in which they begin.
func (f *Campaign) ride(at Instant) {
	if !f.Local {
		return
	}
	i, found := f.waveAt(at)
	switch {
	case !found && len(f.Wave) < MaxWave:
		f.Wave = slices.Insert(f.Wave, i, LocalSlot{At: at - at%hourLong})
	case !found:
		i = MaxWave - 1
	}
	f.Wave[i].People++
}

// rideLater moves a person to the hour of their own time, once that is known. Where they have moved to another
// zone meanwhile, they stay where they were counted.
func (f *Campaign) rideLater(from, to Instant) {
	if i, found := f.waveAt(from); found && f.Wave[i].People > 0 {
		f.Wave[i].People--
		f.ride(to)
	}
}

// hourLong is an hour.
const hourLong = Instant(60 * 60 * 1000)

// waveAt finds the hour of an instant among those of the wave.
func (f *Campaign) waveAt(at Instant) (i int, found bool) {
	return slices.BinarySearchFunc(f.Wave, at-at%hourLong, func(l LocalSlot, at Instant) int { return cmp.Compare(l.At, at) })
}

// join adds a person to those who begin at an instant, and returns how many begin before
// them.
func (f *Campaign) join(at Instant) int {
	i, found := slices.BinarySearchFunc(f.Lanes, at, func(l LocalSlot, at Instant) int { return cmp.Compare(l.At, at) })
	if !found {
		f.Lanes = slices.Insert(f.Lanes, i, LocalSlot{At: at})
	}
	f.Lanes[i].People++
	return f.Lanes[i].People - 1
}

// campaignID names a campaign by its flow and due time. A local campaign uses the wall clock
// time.
func campaignID(flow string, trigger int, due time.Time, local bool) string {
	form := "2006-01-02T15:04:05.999Z07:00"
	if local {
		form = "2006-01-02T15:04"
	}
	id := flow + "@" + due.UTC().Format(form)
	if trigger > 0 {
		id += fmt.Sprintf("#%d", trigger+1)
	}
	return id
}

// MemberKey names a person within a campaign. It does not reveal who the person is.
type MemberKey struct {
	Campaign uint64
	Person   PersonHash
}

// PersonHash is the beginning of the SHA-256 of a profile ID.
type PersonHash [16]byte

// MarshalText writes the hash in hex digits.
func (h PersonHash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads hex digits.
func (h *PersonHash) UnmarshalText(text []byte) error {
	if n, err := hex.Decode(h[:], text[:min(len(text), 2*len(h))]); err != nil || n != len(h) || len(text) != 2*len(h) {
		return errors.New("a person within a firing is 32 hex digits")
	}
	return nil
}

// MemberOf returns the key of a person within a campaign.
func MemberOf(campaign uint64, profile string) MemberKey {
	sum := sha256.Sum256([]byte(profile))
	return MemberKey{campaign, PersonHash(sum[:16])}
}

// Compare orders keys by campaign and then by their bytes.
func (k MemberKey) Compare(other MemberKey) int {
	return cmp.Or(cmp.Compare(k.Campaign, other.Campaign), slices.Compare(k.Person[:], other.Person[:]))
}

// Member is a person whom a campaign has handled.
type Member struct {
	MemberKey
	Run RunID // that was started; zero for none
}

// Standing returns the state of one person of a campaign in a word: the best status among
// the messages of the run. Every run has exactly one.
func (r *Run) Standing() string {
	best, reason := MessageStatus(0), ""
	for i := range r.Messages {
		if m := &r.Messages[i]; standingRank(m.Status) > standingRank(best) {
			best, reason = m.Status, m.Reason
		}
	}
	switch {
	case r.Replied:
		return "replied"
	case best == 0 && r.Live():
		return "planned"
	case best == 0:
		return "no message: " + r.Outcome
	case best == Unsent:
		return "unsent: " + reason
	}
	return standings[best]
}

// standings are the words for messages that are no longer pending.
var standings = map[MessageStatus]string{
	Planned: "planned", Retrying: "planned", Claimed: "planned", Unknown: "unknown", Accepted: "sent", Sent: "sent",
	Delivered: "delivered", Read: "read", Failed: "failed", Expired: "failed",
}

// standingOrder lists statuses from the worst to the best.
var standingOrder = []MessageStatus{Unsent, Expired, Failed, Planned, Retrying, Claimed, Unknown, Accepted, Sent, Delivered, Read}

func standingRank(s MessageStatus) int { return slices.Index(standingOrder, s) }
