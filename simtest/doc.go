// Package simtest drives the real loop (runner) through whole days of bad luck, and
// judges every commit. One seed gives one history: the flows, the events and the
// people are drawn from it, and so are a disk that fails, a provider that lies,
// operators who meddle, a clock that jumps and a process that dies. It has one
// goroutine and no clock of its own, so the same seed gives the same history to the
// byte.
//
//	world ── events · receipts · replies · operators ──▶ machine ── groups ──▶ runner.Loop
//	  ▲      (heap of virtual time, all from one seed)      │                      │
//	  └──── answers, posts, fetches ────────────────────────┤◀── faultyDisk ◀──────┘
//	                                                        ▼
//	                                        model: a second reading of the language
//
// A [machine] is the system under test with its judges; all it is given is a list of
// moves. The world draws moves; a failing list of them is made shorter by leaving
// moves out for as long as the same rule is still broken, and is told as a story in
// the words of the engine's scripts.
//
// Three ledgers are kept, of what clients were told, what the provider saw and what
// was committed; package model says what must have come of the latter.
package simtest
