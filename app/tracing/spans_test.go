package tracing

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"nudge/lang/trace"
)

func TestCollector(t *testing.T) {
	const all, traces = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	for _, test := range []struct {
		name        string
		env         map[string]string
		want, wrong string
	}{
		{"nothing", nil, "", ""},
		{"one for everything", map[string]string{all: "http://collector:4318"}, "collector:4318", ""},
		{"one for traces", map[string]string{traces: "https://traces.example/v1/traces"}, "traces.example", ""},
		{"both", map[string]string{all: "http://collector:4318", traces: "http://traces:4318"}, "traces:4318", ""},
		{"turned off", map[string]string{all: "http://collector:4318", "OTEL_SDK_DISABLED": "True"}, "", ""},
		{"not turned off", map[string]string{all: "http://collector:4318", "OTEL_SDK_DISABLED": "1"}, "collector:4318", ""},
		{"no traces", map[string]string{all: "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, "", ""},
		{"by name", map[string]string{all: "http://collector:4318", "OTEL_TRACES_EXPORTER": "otlp"}, "collector:4318", ""},
		{"another exporter", map[string]string{all: "http://collector:4318", "OTEL_TRACES_EXPORTER": "zipkin"}, "", "OTEL_TRACES_EXPORTER"},
		{"gRPC", map[string]string{all: "http://collector:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "", "OTEL_EXPORTER_OTLP_PROTOCOL"},
		{"gRPC, but not for traces", map[string]string{all: "http://collector:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, "collector:4318", ""},
		{"no URL", map[string]string{all: "collector:4318"}, "", all},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := collector(func(name string) string { return test.env[name] })
			if got != test.want || (err != nil) != (test.wrong != "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("it is %q, %v; want %q, %q", got, err, test.want, test.wrong)
			}
		})
	}
}

// off turns traces off, whatever the environment of the test says.
func off(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
}

// TestOff holds that without a collector there is no tracer, and nothing runs.
func TestOff(t *testing.T) {
	off(t)
	before := runtime.NumGoroutine()
	s, err := Open(t.Context(), slog.New(slog.DiscardHandler))
	if s != nil || err != nil || s.Tracer() != nil {
		t.Errorf("there is %v, %v", s, err)
	}
	if after := runtime.NumGoroutine(); after != before {
		t.Errorf("there are %d goroutines, and were %d", after, before)
	}
}

// TestContextOfSpans holds that a span is part of its parent's trace and has an ID of its own.
func TestContextOfSpans(t *testing.T) {
	s, _ := open(t, func(http.ResponseWriter, *http.Request) {})
	parent := trace.Parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "a=1")
	own, end := s.Tracer()(trace.Start{Name: "n", Parent: parent, Links: []trace.Context{parent}})
	end("")
	if own.ID() != parent.ID() || own.Parent == parent.Parent || own.State != "a=1" || own != trace.Parse(own.Parent, own.State) {
		t.Errorf("the span of %v is %v", parent, own)
	}
	root, end := s.Tracer()(trace.Start{Name: "n"})
	end("")
	if root.ID() == "" || root.ID() == own.ID() {
		t.Errorf("a span without a parent is %v", root)
	}
	not, end := s.Tracer()(trace.Start{Name: "n", Parent: trace.Parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", "")})
	end("")
	if not.ID() != parent.ID() || !strings.HasSuffix(not.Parent, "-00") {
		t.Errorf("the span of a trace that nobody records is %v", not)
	}
	s.Stop()
}

// open opens spans for a collector, with a log.
func open(t *testing.T, collector http.HandlerFunc) (*Spans, *lines) {
	t.Helper()
	web := httptest.NewServer(collector)
	t.Cleanup(web.Close)
	off(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", web.URL)
	log := &lines{}
	s, err := Open(t.Context(), slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

// lines is a log that is written to and read at once.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// TestCollectorRefuses holds that spans that the collector does not take cost one line in the log.
func TestCollectorRefuses(t *testing.T) {
	t.Setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")
	s, log := open(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	for range 10 {
		_, end := s.Tracer()(trace.Start{Name: "n"})
		end("")
	}
	s.Stop()
	if n := strings.Count(log.String(), "did not take spans"); n != 1 {
		t.Errorf("%d lines say so:\n%s", n, log.String())
	}
}

// TestCollectorHangs holds that a stop does not wait for a collector that never answers, and
// leaves no request behind.
func TestCollectorHangs(t *testing.T) {
	gone := make(chan struct{}, 1)
	s, log := open(t, func(_ http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 1<<20)
		for { // a server sees that its caller has gone only once it has read the body
			if _, err := r.Body.Read(buf); err != nil {
				break
			}
		}
		<-r.Context().Done()
		gone <- struct{}{}
	})
	s.patience = 50 * time.Millisecond
	_, end := s.Tracer()(trace.Start{Name: "n"})
	end("")
	s.Stop()
	<-gone
	if !strings.Contains(log.String(), "the last traces are lost") {
		t.Errorf("the log is\n%s", log.String())
	}
}
