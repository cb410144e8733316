// Package story plays stories in virtual time. A story is a test of flows, written in the
// words of the flows.
//
//	file, list := story.Parse(project, "tests/cart.yaml", text)
//	for _, t := range file.Tests {
//		result, err := story.Play(t, story.Options{})
//		…
//	}
//
// A story is a list of moves. A move is either an input (an event, a receipt, a reply, time
// that passes) or an expectation, which says what the moves before it must have led to.
// The story plays in a [World]: the real loop (runner) over a store in memory, a clock that
// jumps from timer to timer (whatif/virtual), and a provider that accepts every message at
// once and reports it as sent. The story, or the person's script (sandbox/people), says
// what happens to a message after that. Nobody reads or answers by themselves.
//
// # What a story promises
//
//   - The same story gives the same timeline, byte for byte, on every machine.
//   - Expectations of messages are complete: a message that no expectation names fails
//     the story, and so does a run that fails.
//   - Nothing outside is touched: no network, no disk, no clock. The story answers what a
//     fetch step asks.
//
// # Why this way
//
// Expectations without an input between them count as one, so that each message can stand
// on a line of its own. No message is delivered by itself, because a delivered message can
// no longer fail, and a story must be able to let it fail.
package story
