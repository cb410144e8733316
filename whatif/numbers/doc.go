// Package numbers makes the counts of a flow readable: where everybody is, what became of the
// messages, and how the arms of its splits differ.
package numbers
