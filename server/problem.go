package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"nudge/engine"
	"nudge/lang/diag"
	"nudge/runner"
	"nudge/store"
)

// problem is an error as RFC 9457 has it, with the fields concerned.
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail,omitempty"`
	Errors []fieldProblem `json:"errors,omitempty"`

	Diagnostics diag.List `json:"diagnostics,omitempty"` // of a project that does not load
}

type fieldProblem struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

func (p *problem) Error() string { return p.Detail }

// problemOf makes a problem of a kind: a word that stays the same, for programs.
func problemOf(status int, kind, detail string, fields ...fieldProblem) *problem {
	return &problem{Type: problemURN + kind, Title: http.StatusText(status), Status: status, Detail: detail, Errors: fields}
}

// refusalStatus maps the engine's reasons to statuses. A test holds it to be complete.
var refusalStatus = map[engine.RefusalReason]int{
	engine.RefusedShape:    http.StatusUnprocessableEntity,
	engine.RefusedLimit:    http.StatusRequestEntityTooLarge,
	engine.RefusedConflict: http.StatusConflict,
	engine.RefusedUnderWay: http.StatusConflict,
	engine.RefusedNotFound: http.StatusNotFound,
	engine.RefusedEnded:    http.StatusConflict,
	engine.RefusedStale:    http.StatusConflict,
	engine.RefusedRetry:    http.StatusConflict,
	engine.RefusedBusy:     http.StatusTooManyRequests,
	engine.RefusedInvalid:  http.StatusBadRequest,
}

func refusalProblem(at string, r *engine.Refusal) *problem {
	p := problemOf(refusalStatus[r.Why], string(r.Why), r.Detail)
	if r.Field != "" {
		p.Errors = []fieldProblem{{Field: at + r.Field, Detail: r.Detail}}
	}
	return p
}

// runnerProblem says why the runner could not take an input.
func runnerProblem(err error) *problem {
	switch {
	case errors.Is(err, runner.ErrBusy):
		return problemOf(http.StatusTooManyRequests, "busy", err.Error())
	case errors.Is(err, errFull):
		return problemOf(http.StatusServiceUnavailable, "disk-full", err.Error())
	case errors.Is(err, runner.ErrElsewhere): // what is behind it names other nodes, which are nobody's business
		return problemOf(http.StatusServiceUnavailable, "moving", runner.ErrElsewhere.Error())
	case errors.Is(err, runner.ErrUnsure):
		return problemOf(http.StatusServiceUnavailable, "unsure", runner.ErrUnsure.Error())
	case errors.Is(err, runner.ErrStopped):
		return problemOf(http.StatusServiceUnavailable, "stopped", err.Error()+"; whether the input was taken is not known: send it again with the same id")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return problemOf(http.StatusServiceUnavailable, "slow", "no answer in time; whether the input was taken is not known: send it again with the same id")
	}
	return problemOf(http.StatusInternalServerError, "internal", "internal error")
}

// fail answers with an error. What is not a problem goes to the log, not to the
// caller.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var p *problem
	if !errors.As(err, &p) && errors.Is(err, store.ErrUnreachable) {
		s.config.Log.Warn("the database did not answer a request", "path", r.URL.Path, "error", err, "request", w.Header().Get(requestHeader))
		p = problemOf(http.StatusServiceUnavailable, "database", "the database does not answer; try again in a moment")
	}
	if p == nil && !errors.As(err, &p) {
		s.config.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err, "request", w.Header().Get(requestHeader))
		p = problemOf(http.StatusInternalServerError, "internal", "internal error")
	}
	s.noteRefusal(w, r, p)
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="nudge"`)
	}
	if unread(r) { // what is still on its way would be taken for the next request
		w.Header().Set("Connection", "close")
	}
	write(w, p.Status, "application/problem+json", p)
}

func reply(w http.ResponseWriter, status int, body any) { write(w, status, "application/json", body) }

func write(w http.ResponseWriter, status int, contentType string, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic("server: a response that does not encode: " + err.Error())
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	w.Write(append(raw, '\n'))
}

// nearName is a hint behind a name that nothing has: the nearest of those that there are, if one is near. Projects may
// have thousands of names, so the others are not listed.
func nearName(name string, known []string) string {
	if near := diag.Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
