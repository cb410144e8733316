package app

import (
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"nudge/channels/appmessaging"
	"nudge/client"
	"nudge/lang/trace"
	"nudge/sandbox"
)

const (
	traceID   = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersID = "00f067aa0ba902b7"
	parent    = "00-" + traceID + "-" + callersID + "-01"
)

// outside are a provider, which the sandbox plays, and a service that a flow asks, with the traces
// of the requests that they got.
type outside struct {
	provider, service *httptest.Server

	mu     sync.Mutex
	traces map[string]trace.Context // by the first part of the path
}

func newOutside(t *testing.T) *outside {
	t.Helper()
	box, err := sandbox.New(sandbox.Config{Token: "sandbox", Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(box.Close)
	o := &outside{traces: map[string]trace.Context{}}
	o.provider = o.serve(t, box.Handler())
	o.service = o.serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{}`) }))
	return o
}

func (o *outside) serve(t *testing.T, next http.Handler) *httptest.Server {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.traces[strings.Split(r.URL.Path, "/")[1]] = trace.FromHeader(r.Header)
		o.mu.Unlock()
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	return web
}

// start starts an instance with a flow that asks the service and then sends a message.
func (o *outside) start(t *testing.T) *Instance {
	t.Helper()
	project := Read(fstest.MapFS{
		"nudge.yaml": {Data: []byte("project: shop\nfetch: { allow_private: 127.0.0.1 }\n")},
		"flows/told.yaml": {Data: []byte("flow: told\ntrigger: { event: told }\nsteps:\n  - fetch: { url: \"" + o.service.URL +
			"/service\" }\n  - send: { body: Hello }\n")},
	}, LocalSettings(os.LookupEnv))
	if project.List.HasErrors() {
		t.Fatal(project.List)
	}
	project.Settings.Accounts = []Account{{Config: appmessaging.Config{BaseURL: o.provider.URL, PathPrefix: "/cpaas", Token: "sandbox"}}}
	api, err := Listen(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	i, err := Start(t.Context(), Config{Project: project, DataDir: t.TempDir(), Listener: api, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Stop(); err != nil {
			t.Error(err)
		}
	})
	return i
}

// tell sends an event with headers, and waits for the end of the run that it starts.
func tell(t *testing.T, i *Instance, headers map[string]string) *client.Run {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, i.URL()+"/v1/events", strings.NewReader(`{"type": "told", "profile": "ann"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the event is answered with %s", answer.Status)
	}
	a := clientOf(t, i)
	page, err := a.Runs(t.Context(), client.RunQuery{})
	if err != nil || len(page.Runs) != 1 {
		t.Fatalf("the runs are %+v, %v", page, err)
	}
	return untilRun(t, a, page.Runs[0].ID, func(r *client.Run) bool { return r.Outcome != "" })
}

// withoutCollector turns traces off, whatever the environment of the test says.
func withoutCollector(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
}

// TestTraceIsPassedOn holds that without a collector the trace of an event goes on as it came, to
// the provider and to what a flow asks. A wrong one goes nowhere.
func TestTraceIsPassedOn(t *testing.T) {
	for _, test := range []struct {
		name    string
		headers map[string]string
		want    trace.Context
	}{
		{"a trace", map[string]string{"traceparent": parent, "tracestate": "congo=t61rcWkgMzE"}, trace.Context{Parent: parent, State: "congo=t61rcWkgMzE"}},
		{"none", nil, trace.Context{}},
		{"a wrong one", map[string]string{"traceparent": strings.ToUpper(parent), "tracestate": "congo=t61rcWkgMzE"}, trace.Context{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			withoutCollector(t)
			o := newOutside(t)
			i := o.start(t)
			if run := tell(t, i, test.headers); run.Trace != test.want.ID() || i.spans != nil {
				t.Errorf("the run has the trace %q, want %q", run.Trace, test.want.ID())
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			if len(o.traces) != 2 || o.traces["cpaas"] != test.want || o.traces["service"] != test.want {
				t.Errorf("what went out is %v, want %v twice", o.traces, test.want)
			}
		})
	}
}

// collector is one that keeps the spans that it gets.
type collector struct {
	*httptest.Server
	mu      sync.Mutex
	service string                 // that sent the last of them
	spans   map[string]*spans.Span // by their names
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{spans: map[string]*spans.Span{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		sent := new(v1.ExportTraceServiceRequest)
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(raw, sent) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, of := range sent.ResourceSpans {
			c.service = attribute(of.Resource.Attributes, "service.name")
			for _, scope := range of.ScopeSpans {
				for _, s := range scope.Spans {
					c.spans[s.Name] = s
				}
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// TestSpans holds that a collector gets a span for the request that brings an event, and below it
// one for what the flow asks and one for the post to the provider, which carry their IDs.
func TestSpans(t *testing.T) {
	c := newCollector(t)
	withoutCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	o := newOutside(t)
	i := o.start(t)
	run := tell(t, i, map[string]string{"traceparent": parent})
	if err := i.Stop(); err != nil { // sends what is not sent yet
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	request := c.spans["POST /v1/events"]
	if request == nil || c.service != "nudge" || run.Trace != traceID {
		t.Fatalf("the spans of %s are %v", c.service, c.spans)
	}
	for _, test := range []struct {
		name, parent, carried string
		kind                  spans.Span_SpanKind
		attributes            map[string]string
	}{
		{"POST /v1/events", callersID, "", spans.Span_SPAN_KIND_SERVER, map[string]string{"http.request.method": "POST", "http.route": "/v1/events", "http.response.status_code": "200"}},
		{"fetch", hex.EncodeToString(request.SpanId), "service", spans.Span_SPAN_KIND_CLIENT, map[string]string{"server.address": "127.0.0.1", "http.response.status_code": "200", "nudge.run": run.ID}},
		{"send", hex.EncodeToString(request.SpanId), "cpaas", spans.Span_SPAN_KIND_CLIENT, map[string]string{"nudge.account": "", "nudge.messages": "1", "nudge.outcome": "accepted", "nudge.run": run.ID}},
	} {
		s := c.spans[test.name]
		if s == nil {
			t.Errorf("there is no span %s", test.name)
			continue
		}
		if got := hex.EncodeToString(s.TraceId) + " " + hex.EncodeToString(s.ParentSpanId); got != traceID+" "+test.parent || s.Kind != test.kind {
			t.Errorf("%s is %s in %s, want %s in %s %s", test.name, s.Kind, got, test.kind, traceID, test.parent)
		}
		for name, want := range test.attributes {
			if got := attribute(s.Attributes, name); got != want {
				t.Errorf("%s: %s is %q, want %q", test.name, name, got, want)
			}
		}
		if want := "00-" + traceID + "-" + hex.EncodeToString(s.SpanId) + "-01"; test.carried != "" && o.traces[test.carried].Parent != want {
			t.Errorf("%s carried %v, want %s", test.name, o.traces[test.carried], want)
		}
	}
	if root := c.spans["GET /v1/runs/{id}"]; root == nil || len(root.ParentSpanId) > 0 {
		t.Errorf("a request without a trace has the span %v", root)
	}
}

// TestCollectorIsAway holds that a collector that is away costs no event.
func TestCollectorIsAway(t *testing.T) {
	withoutCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	o := newOutside(t)
	if run := tell(t, o.start(t), nil); run.Trace == "" {
		t.Error("the run has no trace")
	}
}

// attribute returns the value of an attribute as text; empty for none.
func attribute(list []*common.KeyValue, name string) string {
	for _, a := range list {
		if a.Key != name {
			continue
		}
		if n, ok := a.Value.Value.(*common.AnyValue_IntValue); ok {
			return fmt.Sprint(n.IntValue)
		}
		return a.Value.GetStringValue()
	}
	return ""
}
