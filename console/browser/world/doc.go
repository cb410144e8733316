// Package world makes servers for the tests of the console: Nudge with the sandbox, in this process, filled with what
// a shop would have after two weeks, empty, or full of hostile texts.
package world
