package server_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"nudge/server"
)

// TestRequestsAreObserved holds that every request is counted under the pattern of its route, has an
// ID in its answer and in the log, and is logged at the level debug.
func TestRequestsAreObserved(t *testing.T) {
	log := &lockedBuffer{}
	s := start(t, shop, func(c *server.Config) {
		c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	s.event(order("", "1"), "X-Request-Id", "mine-7").is(200)
	s.do("GET", "/v1/runs/nobody", "").is(404)
	s.do("GET", "/v1/nothing/4711", "").is(404)
	s.do("GET", "/-/ready", "").is(200)
	s.webhook("[]").is(200)
	if id := s.do("GET", "/v1/runs", "", "X-Request-Id", "a b").is(200).header.Get("X-Request-Id"); len(id) < 14 || strings.Contains(id, " ") {
		t.Errorf("an ID that cannot be used is answered with %q", id)
	}
	metrics := s.do("GET", "/metrics", "").is(200).body
	for _, want := range []string{
		`nudge_http_requests_total{route="POST /v1/events",status="200"} 1`, `nudge_http_requests_total{route="GET /v1/runs/{id}",status="404"} 1`,
		`nudge_http_requests_total{route="other",status="404"} 1`, `nudge_http_requests_total{route="GET /-/ready",status="200"} 1`,
		`nudge_http_requests_total{route="POST /webhooks/comapi",status="200"} 1`, `nudge_http_request_seconds_count{route="POST /v1/events"} 1`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics have no %s", want)
		}
	}
	if strings.Contains(metrics, "4711") {
		t.Error("the metrics have a path in them")
	}
	if line := "level=DEBUG msg=request method=POST path=/v1/events status=200"; !strings.Contains(log.String(), line) || !strings.Contains(log.String(), "request=mine-7") {
		t.Errorf("the log has no %s\n%s", line, log.String())
	}
}

// TestTooLargeBodiesAreAnswered holds that the caller of a body that is too large gets the answer, and not
// a connection that is cut.
func TestTooLargeBodiesAreAnswered(t *testing.T) {
	s := start(t, shop)
	body := strings.Repeat(" ", 11<<20)
	for range 6 {
		s.event(body).is(413, "the body is larger than 10 MB")
	}
}

// lockedBuffer is a buffer that is written to and read at once.
type lockedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}
