package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"nudge/engine"
	"nudge/lang/diag"
	"nudge/lang/trace"
	"nudge/server"
)

const (
	aTraceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	aParent  = "00-" + aTraceID + "-00f067aa0ba902b7-01"
	another  = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-01"
)

// TestTraceOfRuns sends events and a call with a trace in each form, and looks at the runs that
// they start. A wrong trace is none.
func TestTraceOfRuns(t *testing.T) {
	s := start(t, welcome)
	const native = `{"type": "signed.up", "profile": "ann", "data": {"plan": "pro"}}`
	cloud := func(attributes string) string {
		return `{"specversion": "1.0", "id": "7", "source": "s", "type": "signed.up", "subject": "ann", "data": {"plan": "pro"}` + attributes + `}`
	}
	binary := []string{"Ce-Specversion", "1.0", "Ce-Id", "8", "Ce-Source", "s", "Ce-Type", "signed.up", "Ce-Subject", "ann"}
	for _, test := range []struct {
		name, path, body, want string
		headers                []string
	}{
		{"event", "/v1/events", native, aTraceID, []string{"traceparent", aParent}},
		{"array", "/v1/events", "[" + native + "]", aTraceID, []string{"traceparent", aParent}},
		{"lines", "/v1/events", native + "\n", "", []string{"traceparent", aParent, "Content-Type", "application/x-ndjson"}},
		{"call", "/v1/flows/welcome/runs", `{"profile": "ann", "data": {"plan": "pro"}}`, aTraceID, []string{"traceparent", aParent}},
		{"none", "/v1/events", native, "", nil},
		{"a wrong one", "/v1/events", native, "", []string{"traceparent", strings.ToUpper(aParent)}},
		{"of a CloudEvent", "/v1/events", cloud(`, "traceparent": "` + aParent + `", "tracestate": "a=1"`), aTraceID, []string{"Content-Type", structured, "traceparent", another}},
		{"of the request of a CloudEvent", "/v1/events", cloud(""), aTraceID, []string{"Content-Type", structured, "traceparent", aParent}},
		{"a wrong one of a CloudEvent", "/v1/events", cloud(`, "traceparent": "?"`), "", []string{"Content-Type", structured}},
		{"a number of a CloudEvent", "/v1/events", cloud(`, "traceparent": 7, "tracestate": {}`), "", []string{"Content-Type", structured}},
		{"batch", "/v1/events", "[" + cloud(`, "traceparent": "`+aParent+`"`) + "]", aTraceID, []string{"Content-Type", batched}},
		{"headers of a CloudEvent", "/v1/events", `{"plan": "pro"}`, aTraceID, append([]string{"Ce-Traceparent", aParent, "traceparent", another}, binary...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, welcome)
			s.do("POST", test.path, test.body, test.headers...).is(200)
			var page struct{ Runs []server.Run }
			s.do("GET", "/v1/runs", "").is(200).decode(&page)
			if len(page.Runs) != 1 || page.Runs[0].Trace != test.want {
				t.Errorf("the runs are %+v, want one with the trace %q", page.Runs, test.want)
			}
		})
	}
	var first engine.Answer
	s.event(native, "traceparent", aParent).is(200).decode(&first)
	s.do("GET", "/v1/runs/"+first.Decisions[0].Run, "").is(200, `"trace":"`+aTraceID+`"`)
}

// spans is a tracer that keeps what it is given. Its spans have one trace, that of another.
type spans struct {
	mu    sync.Mutex
	all   []trace.Start
	ended []string
}

func (s *spans) begin(x trace.Start) (trace.Context, trace.End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, x)
	return trace.Context{Parent: another}, func(failed string, attributes ...slog.Attr) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended = append(s.ended, x.Name+" "+attributes[0].String()+failed)
	}
}

// TestSpansOfRequests holds that requests of the API have a span each, under the pattern of their
// route and with the trace of their headers, and that the runs are part of it. Health, metrics,
// webhooks and strangers have none.
func TestSpansOfRequests(t *testing.T) {
	kept, log := &spans{}, &lockedBuffer{}
	s := start(t, shop, func(c *server.Config) {
		c.Tracer = kept.begin
		c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	s.event(order("", "1"), "traceparent", aParent).is(200)
	s.do("GET", "/v1/runs/nobody", "").is(404)
	s.do("GET", "/-/ready", "").is(200)
	s.do("GET", "/metrics", "").is(200)
	s.do("GET", "/nothing", "").is(404)
	s.do("GET", "/v1/runs", "", "Via", "a proxy").is(403)
	s.webhook("[]").is(200)
	kept.mu.Lock()
	want := []string{"POST /v1/events http.response.status_code=200", "GET /v1/runs/{id} http.response.status_code=404"}
	if !slices.Equal(kept.ended, want) || kept.all[0].Parent.Parent != aParent || !kept.all[0].Incoming || !kept.all[1].Parent.IsZero() {
		t.Errorf("the spans are %q of %+v, want %q", kept.ended, kept.all, want)
	}
	kept.mu.Unlock()
	var page struct{ Runs []server.Run }
	s.do("GET", "/v1/runs", "").is(200).decode(&page)
	if id := another[3:35]; len(page.Runs) != 1 || page.Runs[0].Trace != id || !strings.Contains(log.String(), "trace="+id) {
		t.Errorf("the runs are %+v, and the log is\n%s", page.Runs, log.String())
	}
}

// TestTraceInTheLog holds that the line of a request names the trace of its headers.
func TestTraceInTheLog(t *testing.T) {
	log := &lockedBuffer{}
	s := start(t, shop, func(c *server.Config) {
		c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	s.do(http.MethodGet, "/v1/runs", "", "traceparent", aParent).is(200)
	s.do(http.MethodGet, "/v1/runs", "").is(200)
	if n := strings.Count(log.String(), "trace="); n != 1 || !strings.Contains(log.String(), "trace="+aTraceID) {
		t.Errorf("the log is\n%s", log.String())
	}
}

// TestSpanOfAFault: the span of a request that the server could not answer says so; one whose sender was wrong does not.
func TestSpanOfAFault(t *testing.T) {
	var mu sync.Mutex
	var failed []string
	s := start(t, shop, func(c *server.Config) {
		c.Reload = func(context.Context, *engine.Actor) (diag.List, error) { return nil, errors.New("a fault of ours") }
		c.Tracer = func(trace.Start) (trace.Context, trace.End) {
			return trace.Context{}, func(text string, _ ...slog.Attr) {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, text)
			}
		}
	})
	s.do("GET", "/v1/runs/nobody", "").is(404)
	s.do("POST", "/-/reload", "").is(500)
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(failed, []string{"", "status 500"}) {
		t.Errorf("the spans ended with %q", failed)
	}
}
