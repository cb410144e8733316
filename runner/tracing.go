package runner

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"nudge/channels"
	"nudge/engine"
	"nudge/lang/trace"
)

// maxLinks is how many traces the span of one request names; more are left out. It is the default
// limit of OpenTelemetry.
const maxLinks = 128

// traced returns ctx with the trace that a request with posts of an account carries, and what ends
// its span. That is the trace of their runs if they have the same. Otherwise one header cannot
// say it: a span begins a trace of its own and names those of the runs, and without spans the
// request carries none.
func (r *Runner) traced(ctx context.Context, a Account, posts []engine.Post) (context.Context, func([]channels.Result)) {
	common := posts[0].Trace
	for i := range posts {
		if posts[i].Trace != common {
			common = trace.Context{}
			break
		}
	}
	if r.config.Tracer == nil {
		return trace.With(ctx, common), nil
	}
	start := trace.Start{Name: "send", Parent: common, Attributes: []slog.Attr{slog.String("nudge.account", a.Name), slog.Int("nudge.messages", len(posts))}}
	if len(posts) == 1 {
		start.Attributes = append(start.Attributes, slog.String("nudge.run", posts[0].Run.String()))
	}
	if common.IsZero() {
		start.Links = linksOf(posts)
	}
	own, end := r.config.Tracer(start)
	return trace.With(ctx, own), func(results []channels.Result) { endSend(end, results) }
}

// linksOf returns the traces of posts, each once.
func linksOf(posts []engine.Post) (links []trace.Context) {
	seen := map[trace.Context]bool{{}: true}
	for i := range posts {
		if c := posts[i].Trace; !seen[c] && len(links) < maxLinks {
			seen[c], links = true, append(links, c)
		}
	}
	return links
}

// endSend ends the span of a request with its outcomes, each named once. It has failed if a
// message was not accepted.
func endSend(end trace.End, results []channels.Result) {
	var outcomes []string
	failed, known := "", map[channels.Outcome]bool{}
	for i := range results {
		if o := results[i].Outcome; !known[o] {
			known[o], outcomes = true, append(outcomes, o.String())
		}
		if failed == "" && results[i].Outcome != channels.Accepted {
			failed = results[i].Outcome.String() // its reason is the provider's, and may name a person
		}
	}
	end(failed, slog.String("nudge.outcome", strings.Join(outcomes, " ")))
}

// tracedFetch returns ctx with the trace that a fetch carries, and what ends its span.
func (r *Runner) tracedFetch(ctx context.Context, p *engine.FetchPost) (context.Context, func(*engine.FetchResult)) {
	if r.config.Tracer == nil {
		return trace.With(ctx, p.Trace), nil
	}
	own, end := r.config.Tracer(trace.Start{Name: "fetch", Parent: p.Trace, Attributes: []slog.Attr{
		slog.String("http.request.method", p.Request.Method), slog.String("server.address", hostOf(p.Request.URL)),
		slog.String("nudge.run", p.Run.String()), slog.Int("nudge.attempt", p.Attempt),
	}})
	return trace.With(ctx, own), func(result *engine.FetchResult) { endFetch(end, result) }
}

// hostOf returns the part of a URL that may be shown: paths and queries can hold secrets.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// endFetch ends the span of a fetch. As of every client, an answer of 400 or more is a failure.
func endFetch(end trace.End, result *engine.FetchResult) {
	switch {
	case result.Status == 0:
		end(result.Error)
	case result.Status >= 400:
		end(fmt.Sprintf("status %d", result.Status), slog.Int("http.response.status_code", result.Status))
	default:
		end("", slog.Int("http.response.status_code", result.Status))
	}
}
