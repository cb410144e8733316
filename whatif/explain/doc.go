// Package explain answers why a run went as it did, and why somebody did or did not get a
// message. It replays a journal and watches, so that every condition is shown with the
// values that it saw at the time.
//
//	answer, err := explain.Ask(ctx, journal, explain.Question{Profile: "ann", Flow: "cart"}, tick)
//
// The replay is exact: the same inputs in the same order make the same runs. If they do not,
// it stops with an error. A journal that has lost its first inputs cannot be replayed
// ([ErrCut]). What concerned people who were forgotten since is left out, and the last line says so.
//
// [Fork] replays up to the moment at which a run began to wait, and returns a world in
// virtual time (whatif/story) in which something else may happen from there on.
//
// [Record] takes down one run, which [Recording.Test] writes as a test without anything that
// says whose run it was.
package explain
