// Package explain answers why a run went as it did, and why somebody did or did not get
// something: it replays a journal and watches, so every condition is told with the values
// that it saw at the time.
//
//	answer, err := explain.Ask(ctx, journal, explain.Question{Profile: "ann", Flow: "cart"}, tick)
//
// The replay is exact: the same inputs in the same order make the same runs, and it stops
// with an error where they do not. A journal that no longer reaches back to its first input
// cannot be replayed, and that is said plainly (ErrCut).
//
// Fork replays up to the moment at which a run began to wait, and gives back a world in
// virtual time (whatif/story) in which something else may happen then.
package explain
