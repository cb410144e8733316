// Package engine is the pure core of Nudge: what is known, an input and an instant
// go in; what changed and what is wanted done outside come out. It has no
// goroutine, clock, random number, log or I/O, so the same inputs in the same
// order give the same bytes, on every machine and in every time zone.
//
//	                 Needs(input)            what the input can touch
//	                      │
//	store ── load ──▶ WorkingSet ── Apply(input, stamp) ──▶ Answer + Effects
//	  ▲                   │
//	  └──── commit ── Changes()              runs before and after
//
// A caller loads what a batch of inputs needs, applies the inputs one after the
// other, commits the changes in one transaction, and only then acknowledges the
// inputs and carries out the effects. The core never asks the store a question in
// the middle. Applying n inputs in one batch gives exactly what n batches of one
// give; a property test holds it to that.
//
// # A message's life
//
//	planned ──claim──▶ claimed ──▶ accepted ─▶ sent ─▶ delivered ─▶ read
//	   ▲                  │  │        ▲           │
//	   │     deferred     │  └─▶ unknown          └──▶ failed, expired
//	   └──── retrying ◀───┘        (held, then continue | resend | fail)
//	claimed ──▶ planned: it was not posted after all
//	held: until its window opens, or there is room under its cap; then planned again
//	unsent: we held it back
//
// Claiming is the last gate before the provider: outbound mode, the kill switch, exits,
// opt-outs, max_delay, hours and caps are read there, as the active flows have them. A cap
// counts in the input that claims, so no order of inputs and no batch goes over it; the
// place is given back when it is sure that nothing was sent.
//
// Only a claimed message is posted, and the claim is committed before the post, so after
// a crash exactly the claimed ones are unknown. Statuses only move up; any receipt proves
// acceptance, also one that comes before the provider's own response.
//
// Receipts name their message by what a send carried along, or, for accounts that do not
// get that echoed, by the provider's ID: one whose ID is not known yet waits for the answer
// that tells it. A run may ask the provider how a message stands before a timer counts that
// waited for its receipt; what is due meanwhile is held with its own instant, and rings in
// its own order once there is an answer, or time enough has passed.
//
// # The order of things
//
// An event is applied to the exits of the runs it concerns, then to the loops they are
// in and their waits, then to triggers. The event that starts a run never satisfies
// that run's own waits. What comes for a run while a send or a fetch is under way is
// held in its mailbox and belongs to the next wait or collect that names it. The first
// line of a wait to happen wins; what happened before the wait began happened at its
// beginning, and there the upper line wins.
//
// What follows from an input (an emitted event, a call, the next of a queue, the rest
// of an event that concerns very many runs) is a derived input: committed with it, and
// applied before newer ones from outside.
package engine
