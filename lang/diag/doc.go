// Package diag reports mistakes: where they are, what is wrong, and what would be right.
//
// A [Diagnostic] points at a [Span] of a file. A [List] collects diagnostics, so that an
// author sees all mistakes at once, and [Render] writes them with an excerpt of the file
// and carets under the exact span. The same fields are the JSON form.
package diag
