// Package engine is the pure core of Nudge. Its input is the known state, an input and an
// instant. Its output is the changes to the state and the effects to carry out. It has no
// goroutine, clock, random number, log or I/O, so the same inputs in the same order give the
// same bytes, on every machine and in every time zone.
//
//	                 Needs(input)            what the input can touch
//	                      │
//	store ── load ──▶ WorkingSet ── Apply(input, stamp) ──▶ Answer + Effects
//	  ▲                   │
//	  └──── commit ── Changes()              runs before and after
//
// A caller loads what a batch of inputs needs, applies the inputs one after the other, and
// commits the changes in one transaction. Only then does it acknowledge the inputs and carry
// out the effects. The core never asks the store a question in the middle. Applying n inputs
// in one batch gives exactly the same result as n batches of one; a property test checks it.
//
// # A message's life
//
//	planned ──claim──▶ claimed ──▶ accepted ─▶ sent ─▶ delivered ─▶ read
//	   ▲                  │  │        ▲           │
//	   │     deferred     │  └─▶ unknown          └──▶ failed, expired
//	   └──── retrying ◀───┘        (held, then continue | resend | fail)
//	claimed ──▶ planned: it was not posted after all
//	held: until its window opens or its cap has room; then planned again
//	unsent: the engine held it back
//	failed, expired, unsent ──▶ planned: an operator tries the ended run again
//
// Claiming is the last gate before the provider. It checks the outbound mode, the kill
// switch, exits, opt-outs, max_delay, hours and caps of the active flows. The input that
// claims a message also counts it under its cap, so no order of inputs and no batch can
// exceed the cap. The place is given back when the message was certainly not sent.
//
// Only a claimed message is posted, and the claim is committed before the post. So after a
// crash exactly the claimed messages are unknown. Statuses only move up. Any receipt proves
// acceptance, even one that arrives before the provider's own response.
//
// A receipt names its message by the data that was sent along. Some accounts do not return
// that data; their receipts name the message by the provider's ID. A receipt with an ID that
// is not known yet waits for the answer with that ID.
//
// Before a timer of a wait for a receipt fires, the run may start a status check: it asks
// the provider for the status of the message. Timers that become due meanwhile are held with
// their own instants. They fire in their own order when there is an answer, or when the time
// for an answer is over.
//
// # The order of things
//
// An event is applied to the exits of the runs it concerns, then to their loops and waits,
// then to triggers. The event that starts a run never satisfies that run's own waits. The
// mailbox of a run holds the signals that arrive while a send or a fetch is under way. They
// go to the next wait or collect that names them. The line of a wait that happens first
// wins. Everything that happened before the wait began counts as happening at its beginning,
// and then the first of the lines wins.
//
// A derived input follows from another input: an emitted event, a call, the next start in a
// queue, or the rest of an event that concerns very many runs. It is committed with that
// input and applied before newer inputs from outside.
package engine
