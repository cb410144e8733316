package trace

import "log/slog"

// Tracer begins a span and returns its own context, for the requests that are part of it. A nil
// Tracer means that nobody records spans: then a trace is passed on as it came, as a service does
// that takes no part in it.
type Tracer func(Start) (Context, End)

// Start is a piece of work that begins now.
type Start struct {
	Name       string
	Incoming   bool        // it answers a request; else it makes one
	Parent     Context     // what it is part of; the zero value begins a trace
	Links      []Context   // what else it is about
	Attributes []slog.Attr // known from the start
}

// End ends a span. Failed says why the work failed; empty for success.
type End func(failed string, attributes ...slog.Attr)
