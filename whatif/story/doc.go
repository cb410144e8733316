// Package story plays stories: tests of flows, told in the flows' own words, in virtual
// time.
//
//	file, list := story.Parse(project, "tests/cart.yaml", text)
//	for _, t := range file.Tests {
//		result, err := story.Play(t, story.Options{})
//		…
//	}
//
// A story is a list of moves. An expectation says what must have come of the moves
// before it; every other move is an input: an event, a receipt, a reply, time that
// passes. The world it plays in is the real loop (runner) over a store in memory,
// a clock that goes from timer to timer, and a provider that takes every message at
// once and says that it was sent. What becomes of it then, the story says or the person's
// script (sandbox); nobody reads or answers by themselves.
//
// # What a story promises
//
//   - The same story gives the same timeline, byte for byte, whoever plays it.
//   - Expectations of messages are complete: a message that no expectation names fails
//     the story, and so does a run that breaks.
//   - Nothing outside is touched: no network, no disk, no clock. What a fetch step asks is
//     answered by the story.
//
// # Why this way
//
// Expectations that follow each other without an input between them are one, so that
// an author may put each message on a line of its own. A message is not delivered by
// itself, because a story could not let it fail any more: what was delivered has arrived.
package story
