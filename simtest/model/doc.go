// Package model is a second reading of the flow language, by which the simulator
// judges the engine. It takes what was committed, input by input, and says what must
// have come of it: which runs were started, where each of them stands, when it wakes
// next, what was handed to the channel, and what follows.
//
// It shares only types with the engine and is built the other way round on purpose.
// The engine keeps a record of each run and moves it along a flat program. The model
// keeps nothing of a run but what happened to it; whenever anything happens, it reads
// the flow's YAML tree from its first step again and lives through the whole history
// (see walk), with waits that are plain calls which return when something ends them.
// So a mistake has to be made twice, in two shapes, to go unseen.
//
// What the language leaves to the engine (the arm that a split deals to a person, the
// jitter of a pause) is learned where it is first seen, and held against its bounds
// and against every later sight of it.
package model
