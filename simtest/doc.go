// Package simtest is the fault simulator. It drives the real loop (runner) through whole days
// of bad luck, and judges every commit. One seed gives one history. The seed draws the flows,
// the events and the people, and also a disk that fails, a provider that lies, operators who
// interfere, a clock that jumps and a process that dies. The simulator has one goroutine and
// no clock of its own, so the same seed gives the same history, byte for byte.
//
//	world ── events · receipts · replies · operators ──▶ machine ── groups ──▶ runner.Loop
//	  ▲      (heap of virtual time, all from one seed)      │                      │
//	  └──── answers, posts, fetches ────────────────────────┤◀── faultyDisk ◀──────┘
//	                                                        ▼
//	                                        model: a second reading of the language
//
// A [machine] is the system under test with its judges. Its only input is a list of moves.
// The world draws the moves. When a list breaks a rule, the simulator makes it shorter: it
// leaves out moves for as long as the same rule breaks. Then it prints the list as a story,
// in the words of the engine's scripts.
//
// Three ledgers are kept: what clients were answered, what the provider saw, and what was
// committed. Package model says what the committed inputs must have led to.
package simtest
