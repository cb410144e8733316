// Package model is a second reading of the flow language, by which the simulator judges the
// engine. It takes what was committed, input by input, and says what must have come of it:
// which runs started, where each of them stands, when it wakes next, what was handed to the
// channel, and which inputs follow.
//
// It shares only types with the engine and is built the other way round on purpose. The
// engine keeps a record of each run and moves it along a flat program. The model keeps only
// what happened to a run. Whenever something happens, it reads the flow's YAML tree again
// from the first step and plays the whole history (see walk), with waits that are plain
// calls: they return when something ends them. So a mistake has to be made twice, in two
// shapes, to go unseen.
//
// The language leaves some choices to the engine: the arm that a split gives to a person, the
// jitter of a pause. The model learns such a choice where it first sees it, and holds it
// against its bounds and against every later sight of it. It counts no steps of expressions and
// texts: no day that is simulated comes near their limits.
package model
