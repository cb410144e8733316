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
// thin shell around it. It applies all inputs that arrived during a commit in the next
// one, and acknowledges them after it. It never waits to fill a batch.
//
// # Accounts
//
// Each account has its own senders and a limiter, which says how many of its messages may
// be claimed. The limiter looks at the free places, the account's rate, a wait that the
// provider asked for, and a circuit breaker. The breaker opens when requests fail in a row
// and then lets one message try from time to time. Messages that the limiter holds back
// stay planned. A free sender takes all messages that are ready: one message when there is
// little to do, and a full request under load. A message that is claimed and not yet posted
// when the limiter closes, or when the process stops, is planned again in its place.
//
// # Several processes
//
// A store in a database has partitions, and each process has some of them, which it opens and closes while it runs
// ([Runner.Open], [Runner.Close], [Runner.Drop]). What is for a partition of another process goes there, in its order, one request
// after the other ([Elsewhere]). Senders belong to the process: what became of a message reaches the loop that has its run,
// whichever process has it by then. Before an answer and before a post the process looks whether it still has the partition.
//
// # Promises
//
//   - An answer is given only after the commit of its input. A post is begun only
//     after the commit that claimed its message.
//   - After an error of the store nothing is acknowledged and nothing is posted. The
//     runner stops, and the next start settles the messages that were under way.
//   - A claim needs a place at the message's account: as many messages as its free
//     senders take, and where a request takes several, two requests' worth behind them.
//     So after a crash no more than those are unknown.
//   - The messages of one account are posted in the order in which they were planned,
//     whatever happens at the others.
//   - Queues are bounded. A full one refuses with ErrBusy; memory does not
//     grow with the number of callers that wait.
package runner
