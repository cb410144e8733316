package engine

import "nudge/flows"

// Batch is everything that one commit stores, all or nothing.
type Batch struct {
	State     State           // after the batch
	Journal   []Journaled     // the inputs taken, in order
	Changes   []Change        // runs before and after
	Answers   []*Remembered   // ids to remember
	People    []*Person       // what is known about them now; zero for nothing
	Derived   []*Input        // inputs to be applied before newer ones from outside
	Done      []uint64        // numbers of derived inputs that were applied
	Owed      []Owed          // inputs for other partitions
	Delivered []Delivery      // what other partitions have taken, to be deleted
	Campaigns []*Campaign     // as they are now
	Orphans   []*Orphan       // as they are now
	Members   []*Member       // people who are in a campaign for the first time
	Forgotten []string        // people whose stored data must be erased
	Notices   []*NoticeTo     // for other systems
	History   []*HistoryEntry // of people
	Audit     []*AuditEntry   // of the commands among the inputs
	Arrivals  []*Arrivals     // events by type, for readers
	Met       []Timer         // timers that fired and need not be kept
	Versions  []*flows.Flow   // versions not stored before
}

// NoticeTo is a notice for one endpoint.
type NoticeTo struct {
	Endpoint string // its name
	Notice
}

// Journaled is an accepted input with everything an exact replay needs.
type Journaled struct {
	Seq   uint64  `json:"seq,omitempty"`
	Stamp Instant `json:"stamp,omitzero"`
	Slots Slots   `json:"slots,omitempty"` // the slots that were free for claims
	Input *Input  `json:"input,omitempty"`
}

// OutboxEntry is a message in the outbox.
type OutboxEntry struct {
	OutboxRef
	Account string // the account that sends it; empty for the default one
	Claimed bool   // it was passed to the channel, and has no outcome yet
}
