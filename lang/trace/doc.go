// Package trace is the W3C trace context (www.w3.org/TR/trace-context) as text: what one service
// tells the next, so that what both record of one thing can be found together. It records nothing
// itself: a [Tracer] does, and there may be none.
package trace
