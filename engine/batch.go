package engine

import "nudge/flows"

// Batch is everything one commit makes durable, or nothing of it.
type Batch struct {
	State     State         // after the batch
	Journal   []Journaled   // the inputs taken, in order
	Changes   []Change      // runs before and after
	Answers   []*Remembered // ids to remember
	People    []*Person     // what is known of them now; zero for nothing
	Derived   []*Input      // inputs to be applied before newer ones from outside
	Done      []uint64      // numbers of derived inputs that were applied
	Campaigns []*Campaign   // as they are now
	Orphans   []*Orphan     // as they are now
	Members   []*Member     // people whom firings have had for the first time
	Forgotten []string      // people of whom what is stored is to be erased
	Met       []Timer       // timers that were met and need not be kept
	Versions  []*flows.Flow // versions not stored before
}

// Journaled is an accepted input with what makes its replay exact.
type Journaled struct {
	Seq   uint64  `json:"seq,omitempty"`
	Stamp Instant `json:"stamp,omitzero"`
	Slots Slots   `json:"slots,omitempty"` // that were free for claims
	Input *Input  `json:"input,omitempty"`
}

// OutboxEntry is a message in the outbox.
type OutboxEntry struct {
	OutboxRef
	Account string // that carries it; empty for the default one
	Claimed bool   // it was handed to the channel, and no outcome is known yet
}
