// Package backtest says what an edited project would have done: it takes what really
// happened out of a journal, lets the deployed flows and the edited ones live through
// it again in virtual time, and compares the messages.
//
//	journal ──▶ recording          what people and the provider did, message by message
//	   │            │
//	   │            ├──▶ world of the deployed flows ──┐
//	   └─ outside ──┴──▶ world of the edited flows  ───┴──▶ Report
//
// Everything before the window is replayed exactly, once; both worlds begin with a copy
// of that. From there on they are given what came from outside (events, replies, calls,
// changes of profiles), and make the rest themselves: timers, claims, schedules over the
// audiences that were recorded, and what follows
// from other inputs.
//
// What the provider and the people did with a message is taken from the recording where
// the message is the same: the same template, for the nth time in the same run, where a
// run is the same when its flow, person, key and start are. Where there was no such
// message, an assumption takes its place, and the report counts how often.
//
// # Promises
//
//   - The same journal and the same project give the same report, byte for byte.
//   - Flows that have not changed send the same messages in both worlds.
//   - Nothing is sent, stored or asked: fetches get their recorded answers.
package backtest
