package server

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"nudge/lang/trace"
)

// traced records a span for each request of a route of the API. Metrics, health and webhooks have
// none: what asks for them asks all the time, and what a stranger sends must not start a trace.
// The path is not in the span, because it may name a person.
func (s *Server) traced(route route) http.HandlerFunc {
	if s.config.Tracer == nil || route.scope == "" || route.pattern == metricsRoute {
		return route.handle
	}
	method, path, _ := strings.Cut(route.pattern, " ")
	return func(w http.ResponseWriter, r *http.Request) {
		own, end := s.config.Tracer(trace.Start{Name: route.pattern, Incoming: true, Parent: trace.FromHeader(r.Header),
			Attributes: []slog.Attr{slog.String("http.request.method", method), slog.String("http.route", path)}})
		record := recordOf(w)
		record.trace = own
		defer func() { // also of an answer that was cut
			status, failed := cmp.Or(record.status, http.StatusOK), ""
			if status >= http.StatusInternalServerError {
				failed = "status " + strconv.Itoa(status)
			}
			end(failed, slog.Int("http.response.status_code", status))
		}()
		route.handle(w, r.WithContext(trace.With(r.Context(), own)))
	}
}

// traceOf returns the trace of a request: that of its span, or without spans that of its headers.
func traceOf(r *http.Request) trace.Context {
	if c := trace.From(r.Context()); !c.IsZero() {
		return c
	}
	return trace.FromHeader(r.Header)
}

// traceText is a text of a CloudEvent about its trace. Other JSON is no trace, and no mistake.
type traceText string

// UnmarshalJSON reads a text, and nothing of other JSON.
func (t *traceText) UnmarshalJSON(raw []byte) error {
	_ = json.Unmarshal(raw, (*string)(t))
	return nil
}
