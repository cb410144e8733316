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
// # Promises
//
//   - An answer is given only after the commit of its input. A post is begun only
//     after the commit that claimed its message.
//   - After an error of the store nothing is acknowledged and nothing is posted: the
//     runner stops, and what was under way is settled at the next start.
//   - Only as many messages are claimed as there are free senders, so after a crash
//     no more than those are unknown.
//   - Queues are bounded. A full one refuses with ErrBusy; memory never grows with
//     what waits outside.
package runner
