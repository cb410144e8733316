package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Kinds of problems. The list is not complete: a server may know more.
const (
	KindInvalid   = "invalid"   // something that can be put right; Detail says what
	KindShape     = "shape"     // the data breaks its declared shape
	KindLimit     = "limit"     // something is too large, or there is too much of it
	KindConflict  = "conflict"  // the ID was used before, with other content
	KindUnderWay  = "under-way" // a campaign of the flow still takes people
	KindNotFound  = "not-found" // there is no such run, flow, campaign or profile
	KindEnded     = "ended"     // the run has ended
	KindProject   = "project"   // the project does not load; see Diagnostics
	KindUnchanged = "unchanged" // the flows that are proposed are the active ones already
	KindBusy      = "busy"      // the server has too much to do; try again
	KindStopped   = "stopped"   // the server is stopping; whether the change was made is not known
	KindMoving    = "moving"    // another node takes over what it concerns; nothing was changed: try again
	KindUnsure    = "unsure"    // another node took over before the answer; whether the change was made is not known
	KindDatabase  = "database"  // the database does not answer; try again
	KindSlow      = "slow"      // no answer in time; whether the change was made is not known
	KindInternal  = "internal"  // the server failed; its log says why
)

// kindPrefix stands before the kind in the type of a problem.
const kindPrefix = "urn:nudge:problem:"

// Problem is an error that the server answered with (RFC 9457).
type Problem struct {
	Type   string       `json:"type"` // urn:nudge:problem: and the kind
	Title  string       `json:"title"`
	Status int          `json:"status"` // of HTTP
	Detail string       `json:"detail,omitempty"`
	Errors []FieldError `json:"errors,omitempty"`

	Diagnostics []Diagnostic `json:"diagnostics,omitempty"` // of a project that does not load
}

// FieldError is what is wrong with one field of a request.
type FieldError struct {
	Field  string `json:"field"` // its path, for example data.total
	Detail string `json:"detail"`
}

// Diagnostic is one mistake, or one warning, in the files of a project.
type Diagnostic struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Span     Span   `json:"span"`
	Hint     string `json:"hint,omitempty"`
	Severity string `json:"severity"` // error or warning
}

// Span is a piece of a file, from Start up to but without End.
type Span struct {
	File  string   `json:"file"`
	Start Position `json:"start"` // zero: the whole file
	End   Position `json:"end"`
}

// Position is a line and a column in characters, both from 1.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Kind is why the request was not carried out, in a word for programs: one of the constants
// such as [KindShape]. It is empty where something else than Nudge answered, a proxy say.
func (p *Problem) Kind() string {
	kind, ok := strings.CutPrefix(p.Type, kindPrefix)
	if !ok {
		return ""
	}
	return kind
}

// Field is the first field that is wrong, or "".
func (p *Problem) Field() string {
	if len(p.Errors) == 0 {
		return ""
	}
	return p.Errors[0].Field
}

// Temporary reports whether the same request may succeed a little later. Whether it was
// carried out already is not always known, so only a request with an ID should be sent again.
func (p *Problem) Temporary() bool {
	return p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable ||
		p.Status == http.StatusBadGateway || p.Status == http.StatusGatewayTimeout
}

// Error is the detail, after the fields that it does not name itself.
func (p *Problem) Error() string {
	text := p.Detail
	for _, e := range p.Errors {
		if e.Field != "" && !strings.Contains(p.Detail, e.Field) {
			text = e.Field + ": " + text
		}
	}
	return text
}

// problemOf reads the problem in an answer.
func problemOf(response *http.Response) error {
	p := &Problem{}
	raw, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer)) // half a problem is still worth reading
	if json.Unmarshal(raw, p) != nil || p.Detail == "" {
		p = &Problem{Title: http.StatusText(response.StatusCode), Detail: "the server answered " + response.Status}
	}
	p.Status = response.StatusCode
	return p
}

// UnreachableError is a request that got no answer. Whether the server carried it out is not
// known.
type UnreachableError struct {
	Server string
	Err    error // of the connection, or of the context
}

// Error says which server did not answer and why.
func (e *UnreachableError) Error() string {
	switch {
	case errors.Is(e.Err, context.Canceled):
		return "interrupted before " + e.Server + " answered"
	case errors.Is(e.Err, context.DeadlineExceeded):
		return e.Server + " did not answer in time"
	case errors.Is(e.Err, io.EOF), errors.Is(e.Err, io.ErrUnexpectedEOF):
		return e.Server + " closed the connection without an answer"
	}
	return fmt.Sprintf("no answer from %s: %v", e.Server, e.Err)
}

// Unwrap returns the error of the connection, or of the context.
func (e *UnreachableError) Unwrap() error { return e.Err }

// AnswerError is an answer that broke off, or that no Nudge server gives.
type AnswerError struct {
	Server string
	Detail string // what is wrong with the answer
	Err    error  // of the connection; may be nil
}

// Error says what is wrong with whose answer.
func (e *AnswerError) Error() string { return e.Server + ": " + e.Detail }

// Unwrap returns the error of the connection, or nil.
func (e *AnswerError) Unwrap() error { return e.Err }
