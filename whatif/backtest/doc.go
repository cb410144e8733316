// Package backtest shows what an edited project would have done. It reads from a journal
// what really happened, plays it again in virtual time with the deployed flows and with the
// edited ones, and compares the messages.
//
//	journal ──▶ recording          what people and the provider did, message by message
//	   │            │
//	   │            ├──▶ world of the deployed flows ──┐
//	   └─ outside ──┴──▶ world of the edited flows  ───┴──▶ Report
//
// Everything before the window is replayed exactly, once. What concerned people who were forgotten since is not in the
// journal any more, so it is left out, and counted. Both worlds begin with a copy of
// the result. From there on they get the inputs from outside: events, replies, calls and
// changes of profiles. They make the rest themselves: timers, claims, campaigns over the
// recorded audiences, and the inputs that follow from other inputs.
//
// A message gets the answers of provider and person that were recorded for the same message.
// Two messages are the same if they have the same template, for the nth time in the same
// run. Two runs are the same if they have the same flow, person and key, and begin within a
// minute of each other. If there was no such message, an [Assumption] takes its place, and
// the report counts how often.
//
// # Promises
//
//   - The same journal and the same project give the same report, byte for byte.
//   - Flows that have not changed send the same messages in both worlds.
//   - Nothing is sent, stored or asked: fetches get their recorded answers.
//   - A panic of the engine fails the backtest.
package backtest
