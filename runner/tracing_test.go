package runner

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/trace"
)

// traceOf returns the nth trace.
func traceOf(n int) trace.Context {
	return trace.Context{Parent: fmt.Sprintf("00-4bf92f3577b34da6a3ce929d0e0e%04x-00f067aa0ba902b7-01", n)}
}

func postsOf(traces ...trace.Context) (posts []engine.Post) {
	for _, c := range traces {
		posts = append(posts, engine.Post{Trace: c})
	}
	return posts
}

// TestTraceOfRequests holds which trace a request to the provider carries, without a tracer and
// with one: that of its runs, or if they differ that of a span which names them.
func TestTraceOfRequests(t *testing.T) {
	a, b, own := traceOf(1), traceOf(2), traceOf(3)
	many := make([]trace.Context, 200)
	for i := range many {
		many[i] = traceOf(i + 10)
	}
	for _, test := range []struct {
		name           string
		runs           []trace.Context
		passed, parent trace.Context
		links          []trace.Context
	}{
		{"one", []trace.Context{a}, a, a, nil},
		{"one without", []trace.Context{{}}, trace.Context{}, trace.Context{}, nil},
		{"of the same", []trace.Context{a, a, a}, a, a, nil},
		{"of two", []trace.Context{a, b, a}, trace.Context{}, trace.Context{}, []trace.Context{a, b}},
		{"of one and none", []trace.Context{{}, a}, trace.Context{}, trace.Context{}, []trace.Context{a}},
		{"of many", many, trace.Context{}, trace.Context{}, many[:maxLinks]},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, end := new(Runner).traced(t.Context(), Account{}, postsOf(test.runs...))
			if got := trace.From(ctx); got != test.passed || end != nil {
				t.Errorf("without a tracer it carries %v, want %v", got, test.passed)
			}
			var begun trace.Start
			r := &Runner{config: Config{Tracer: func(s trace.Start) (trace.Context, trace.End) {
				begun = s
				return own, func(string, ...slog.Attr) {}
			}}}
			ctx, end = r.traced(t.Context(), Account{}, postsOf(test.runs...))
			end(make([]channels.Result, len(test.runs)))
			if got := trace.From(ctx); got != own || begun.Parent != test.parent {
				t.Errorf("it carries %v below %v, want %v below %v", got, begun.Parent, own, test.parent)
			}
			if diff := cmp.Diff(test.links, begun.Links); diff != "" {
				t.Errorf("its links (-want +got)\n%s", diff)
			}
		})
	}
}

// TestEndOfSpans holds what the span of a request says of its end, which is nothing of what the
// provider wrote.
func TestEndOfSpans(t *testing.T) {
	var got string
	r := &Runner{config: Config{Tracer: func(trace.Start) (trace.Context, trace.End) {
		return trace.Context{}, func(failed string, attributes ...slog.Attr) { got = fmt.Sprintf("%q %v", failed, attributes) }
	}}}
	for _, test := range []struct {
		name, want string
		results    []channels.Result
	}{
		{"accepted", `"" [nudge.outcome=accepted]`, []channels.Result{{Outcome: channels.Accepted}, {Outcome: channels.Accepted}}},
		{"in part", `"refused" [nudge.outcome=accepted refused]`, []channels.Result{{Outcome: channels.Accepted}, {Outcome: channels.Refused, Reason: "ann is unknown"}}},
	} {
		_, end := r.traced(t.Context(), Account{}, postsOf(make([]trace.Context, len(test.results))...))
		if end(test.results); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	for _, test := range []struct {
		name, want string
		result     engine.FetchResult
	}{
		{"answered", `"" [http.response.status_code=200]`, engine.FetchResult{Status: 200}},
		{"refused", `"status 404" [http.response.status_code=404]`, engine.FetchResult{Status: 404}},
		{"not answered", `"GET https://x.example: no answer" []`, engine.FetchResult{Error: "GET https://x.example: no answer"}},
	} {
		_, end := r.tracedFetch(t.Context(), &engine.FetchPost{Request: flows.FetchRequest{Method: "GET", URL: "https://x.example/secret"}})
		if end(&test.result); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
