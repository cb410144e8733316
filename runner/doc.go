// Package runner drives the engine with a clock, a store and a channel. It is the
// one place with goroutines:
//
//	Submit ─▶ queue ─▶ ┌──────────── Loop.Step ────────────┐ ─▶ answers
//	                   │ load ─▶ apply each ─▶ one commit   │
//	timers, claims ──▶ └───────────────────────────────────┘ ─▶ posts ─▶ senders ─▶ channel
//	                                  ▲                                      │
//	                                  └───────────── send results ◀──────────┘
//
// [Loop] is a value whose Step one goroutine calls; it has no goroutine of its own,
// so a seeded test can drive the very loop that production runs. [Runner] is the
// thin shell around it: all that has arrived while a commit was being synced is
// applied in the next one, and acknowledged after it. Nothing is held back to fill a
// batch.
//
// # Accounts
//
// Each account has senders of its own and a gate, which says how many of its messages
// may be claimed: its free places, its rate, a wait that the provider asked for, and a
// circuit breaker that opens when requests fail in a row and lets one message try from
// time to time. What the gate keeps back stays planned. A sender that comes free takes
// all that has gathered for it: one message where little goes on, and a full request
// under load. What was claimed and is not yet posted when the gate closes, or when the
// process stops, goes back to its place.
//
// # Promises
//
//   - An answer is given only after the commit of its input. A post is begun only
//     after the commit that claimed its message.
//   - After an error of the store nothing is acknowledged and nothing is posted: the
//     runner stops, and what was under way is settled at the next start.
//   - A claim needs a place at the message's account: as many messages as its free
//     senders take, and where a request takes several, two requests' worth behind them.
//     So after a crash no more than those are unknown.
//   - The messages of one account are posted in the order in which they were planned,
//     whatever happens at the others.
//   - Queues are bounded. A full one refuses with ErrBusy; memory never grows with
//     what waits outside.
package runner
