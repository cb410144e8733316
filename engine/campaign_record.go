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

// Campaign is one firing of a schedule over its audience, or one that an operator
// started. A stored firing is never changed in place; apply works on a clone.
type Campaign struct {
	Number  uint64 // rises with time; its own in this store
	ID      string // the flow and the scheduled instant: weekly_report@2026-03-09T09:00
	Flow    string
	Version string // of the flow: the firing is pinned to it
	Trigger int    // index of the flow's trigger
	Due     Instant
	Begun   Instant
	Local   bool    // it comes to each person when their own clock shows Due
	Since   Instant // a person whose own time lies before it is left out; 0 for none

	Status       CampaignStatus
	Paused       bool
	Reason       string       // why it is skipped, failed, cancelled or paused
	Installation Installation // that may go on with it: a restored backup may not

	Audience string      // name of the frozen audience; empty before it is frozen
	Rows     int         // of the frozen audience, those that cannot be read aside
	Bad      int         // rows that cannot be read
	BadRows  []BadRow    // the first of them
	Walked   int         // rows taken, in order
	Offset   int64       // in the frozen audience, behind the last row taken
	Live     int         // runs it has started that have not ended
	Next     Instant     // when the rate lets more rows in
	Excluded []Excluded  // rows taken for which no run was started, by reason
	Lanes    []LocalSlot // of a local firing with a rate: how many come at each instant
	EndRuns  bool        // of one that is cancelled: runs in flight end, too

	Missed int     // of one that is skipped: how many firings it stands for
	Until  Instant // when the last of those was due
}

// BadRow is a row of an audience that cannot be read.
type BadRow struct {
	Line int    `json:"line"` // of the file, from 1; of pages, the number of the row
	What string `json:"what"`
}

// Excluded is how many rows started no run for a reason.
type Excluded struct {
	Reason string
	Rows   int
}

// Why a row starts no run: a closed list.
const (
	LeftDuplicate = "duplicate" // the firing had the person already
	LeftCondition = "if"        // the trigger's if is false
	LeftBroken    = "broken"    // the trigger's if cannot be evaluated
	LeftRunning   = "running"   // a run is live, and the entry says skip or queue
	LeftLimit     = "limit"     // at_most of the entry, or the most live runs of a person
	LeftLate      = "late"      // the person's own time is longer ago than max_delay
	LeftPast      = "past"      // the person's own time was past when the schedule was taken up
	LeftFault     = "fault"     // ours
)

// LocalSlot is how many people of a local firing come at one instant.
type LocalSlot struct {
	At     Instant
	People int
}

// CampaignStatus is how far a firing has come.
type CampaignStatus uint8

const (
	Freezing          CampaignStatus = iota + 1 // its audience is being copied
	Walking                                     // its rows are being taken
	Walked                                      // all rows are taken; runs may live
	CampaignCancelled                           // by an operator
	CampaignFailed                              // its audience could not be read
	CampaignSkipped                             // it was missed, or is later than max_delay
)

var campaignStatusNames = [...]string{Freezing: "freezing", Walking: "walking", Walked: "walked",
	CampaignCancelled: "cancelled", CampaignFailed: "failed", CampaignSkipped: "skipped"}

// String is the word for a status in the API.
func (s CampaignStatus) String() string { return word(campaignStatusNames[:], int(s), "status") }

// Open reports whether rows are still to be taken.
func (f *Campaign) Open() bool { return f.Status == Freezing || f.Status == Walking }

// Finished reports whether nothing more comes of it: no row is to be taken, and no run
// of it lives.
func (f *Campaign) Finished() bool { return !f.Open() && f.Live == 0 }

// Held reports whether nothing begins for it, in an installation, before somebody lets it
// go on: it is paused, or the store was restored from a backup.
func (f *Campaign) Held(in Installation) bool { return f.Paused || f.Installation != in }

// MayWalk reports whether rows may be taken at an instant, in an installation.
func (f *Campaign) MayWalk(now Instant, in Installation) bool {
	return f.Status == Walking && !f.Held(in) && f.Next <= now
}

func (f *Campaign) clone() *Campaign {
	c := *f
	c.BadRows, c.Excluded, c.Lanes = slices.Clone(f.BadRows), slices.Clone(f.Excluded), slices.Clone(f.Lanes)
	return &c
}

// leave counts a row that starts no run.
func (f *Campaign) leave(reason string) {
	i, found := slices.BinarySearchFunc(f.Excluded, reason, func(l Excluded, r string) int { return cmp.Compare(l.Reason, r) })
	if !found {
		f.Excluded = slices.Insert(f.Excluded, i, Excluded{Reason: reason})
	}
	f.Excluded[i].Rows++
}

// join adds a person to those who come at an instant, and returns how many come before
// them.
func (f *Campaign) join(at Instant) int {
	i, found := slices.BinarySearchFunc(f.Lanes, at, func(l LocalSlot, at Instant) int { return cmp.Compare(l.At, at) })
	if !found {
		f.Lanes = slices.Insert(f.Lanes, i, LocalSlot{At: at})
	}
	f.Lanes[i].People++
	return f.Lanes[i].People - 1
}

// campaignID names a firing: the flow, and when it is due, on the wall where it follows
// each person's own clock.
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

// MemberKey names a person within a firing. It does not tell who the person is.
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

// MemberOf is the key of a person within a firing.
func MemberOf(campaign uint64, profile string) MemberKey {
	sum := sha256.Sum256([]byte(profile))
	return MemberKey{campaign, PersonHash(sum[:16])}
}

// Compare orders keys by firing and then as their bytes.
func (k MemberKey) Compare(other MemberKey) int {
	return cmp.Or(cmp.Compare(k.Campaign, other.Campaign), slices.Compare(k.Person[:], other.Person[:]))
}

// Member is a person whom a firing has had.
type Member struct {
	MemberKey
	Run RunID // that was started; zero for none
}

// Standing is where one person of a firing stands: the best that became of the
// messages of the run, in a word. Every run has exactly one.
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

// standings are the words of messages that are no longer with us.
var standings = map[MessageStatus]string{
	Planned: "planned", Retrying: "planned", Claimed: "planned", Unknown: "unknown", Accepted: "sent", Sent: "sent",
	Delivered: "delivered", Read: "read", Failed: "failed", Expired: "failed",
}

// standingOrder is statuses from the worst to the best.
var standingOrder = []MessageStatus{Unsent, Expired, Failed, Planned, Retrying, Claimed, Unknown, Accepted, Sent, Delivered, Read}

func standingRank(s MessageStatus) int { return slices.Index(standingOrder, s) }
