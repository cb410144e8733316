// Package diag says where something is wrong, what, and what would be right.
//
// A [Diagnostic] points at a [Span] of a file. Diagnostics are gathered in a
// [List], so that an author sees everything that is wrong at once, and written by
// [Render] with an excerpt of the file and a caret under the exact span. The same
// fields are its JSON form.
package diag
