package trace

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The headers of the W3C Trace Context. It asks to send them in lower case.
const (
	ParentHeader = "traceparent"
	StateHeader  = "tracestate"
)

// The headers in the form in which Go keeps those of a request that was received.
var receivedParent, receivedState = http.CanonicalHeaderKey(ParentHeader), http.CanonicalHeaderKey(StateHeader)

// Limits of a tracestate, which are those of the specification.
const (
	maxState   = 512 // bytes of a tracestate; of a longer one the entries at its end are dropped
	maxEntry   = 128 // bytes of an entry of a tracestate that is too long; longer ones are the first to be dropped
	maxEntries = 32  // entries of a tracestate; with more it counts as none
)

// Context says where in which trace something happens. The zero value is no trace.
type Context struct {
	Parent string `json:"traceparent,omitempty"` // 55 bytes of version 00: 00-TRACE-SPAN-FLAGS
	State  string `json:"tracestate,omitempty"`  // of other vendors; at most 512 bytes
}

// IsZero reports whether there is no trace.
func (c Context) IsZero() bool { return c == Context{} }

// idDigits is how many digits the ID of a trace has.
const idDigits = 32

// ID returns the ID of the trace, 32 hex digits; empty for none.
func (c Context) ID() string {
	if len(c.Parent) < len("00-")+idDigits {
		return ""
	}
	return c.Parent[len("00-"):][:idDigits]
}

// sampled is the flag of a trace that is recorded: the only one of every version.
const sampled = 1

// parentForm is a traceparent of any version: what follows the flags belongs to later ones.
var parentForm = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$`)

// Parse reads a traceparent and a tracestate. A wrong traceparent is no trace, and a wrong
// tracestate is left out: the specification knows no errors. Of a later version it takes what it
// knows, as version 00.
func Parse(parent, state string) Context {
	m := parentForm.FindStringSubmatch(strings.Trim(parent, " \t"))
	if m == nil || m[1] == "ff" || m[1] == "00" && m[5] != "" || strings.Trim(m[2], "0") == "" || strings.Trim(m[3], "0") == "" {
		return Context{}
	}
	flags := m[4]
	if m[1] != "00" {
		bits, _ := strconv.ParseUint(flags, 16, 8)
		flags = fmt.Sprintf("%02x", bits&sampled)
	}
	return Context{Parent: "00-" + m[2] + "-" + m[3] + "-" + flags, State: parseState(state)}
}

// entryForm is an entry of a tracestate.
var entryForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$`)

// parseState returns a tracestate without its empty entries, cut to maxState; empty for a wrong
// one.
func parseState(state string) string {
	var entries []string
	seen := map[string]bool{}
	for entry := range strings.SplitSeq(state, ",") {
		if entry = strings.Trim(entry, " \t"); entry == "" {
			continue
		}
		key, _, _ := strings.Cut(entry, "=")
		if !entryForm.MatchString(entry) || seen[key] || len(entries) == maxEntries {
			return ""
		}
		seen[key], entries = true, append(entries, entry)
	}
	return strings.Join(fitting(entries), ",")
}

// fitting returns the entries that fit into maxState.
func fitting(entries []string) []string {
	size := func() (n int) {
		for _, e := range entries {
			n += len(e) + len(",")
		}
		return n - len(",")
	}
	for i := len(entries) - 1; i >= 0 && size() > maxState; i-- {
		if len(entries[i]) > maxEntry {
			entries = slices.Delete(entries, i, i+1)
		}
	}
	for size() > maxState {
		entries = entries[:len(entries)-1]
	}
	return entries
}

// FromHeader reads the trace of a request. Two traceparents are none.
func FromHeader(h http.Header) Context {
	parents := h[receivedParent]
	if len(parents) != 1 {
		return Context{}
	}
	return Parse(parents[0], strings.Join(h[receivedState], ","))
}

// AddTo adds the trace to the headers of a request; without a trace it changes nothing.
func (c Context) AddTo(h http.Header) {
	if c.Parent == "" {
		return
	}
	h[ParentHeader] = []string{c.Parent}
	if c.State != "" {
		h[StateHeader] = []string{c.State}
	}
}

type contextKey struct{}

// With returns a context whose requests carry the trace; without a trace ctx itself.
func With(ctx context.Context, c Context) context.Context {
	if c.IsZero() {
		return ctx
	}
	return context.WithValue(ctx, contextKey{}, c)
}

// From returns the trace that requests under a context carry.
func From(ctx context.Context) Context {
	c, _ := ctx.Value(contextKey{}).(Context)
	return c
}
