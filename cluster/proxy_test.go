package cluster

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"nudge/runner"
)

// front is the API of the node that a client asks: it passes everything on.
func front(t *testing.T, x *link, failed *error) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := x.Proxy(w, r, 0); err != nil {
			*failed = err
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// TestProxy holds that a request comes to the owner as it is, and its answer back.
func TestProxy(t *testing.T) {
	var seen *http.Request
	var body string
	x := connect(t, func(c *ServerConfig) {
		c.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			seen, body = r, string(b)
			w.Header().Set("Nudge-Request", "r1")
			w.WriteHeader(http.StatusTeapot)
			io.WriteString(w, "short and stout")
		})
	})
	var failed error
	s := front(t, x, &failed)
	r, _ := http.NewRequest("PUT", s.URL+"/v1/jobs/a%2Fb?x=1;2&y", strings.NewReader("the body"))
	r.Header.Set("Authorization", "Bearer t")
	r.Header.Set("X-Forwarded-For", "192.0.2.1")
	r.Header.Set("Nudge-Caller", "127.0.0.1:1")
	r.Host = "nudge.example"
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusTeapot || string(text) != "short and stout" || answer.Header.Get("Nudge-Request") != "r1" {
		t.Errorf("answer: %d %q %v", answer.StatusCode, text, answer.Header)
	}
	for what, got := range map[string][2]string{
		"method": {seen.Method, "PUT"}, "path": {seen.URL.EscapedPath(), "/v1/jobs/a%2Fb"}, "query": {seen.URL.RawQuery, "x=1;2&y"}, "body": {body, "the body"},
		"token": {seen.Header.Get("Authorization"), "Bearer t"}, "proxy": {seen.Header.Get("X-Forwarded-For"), "192.0.2.1"},
		"host": {seen.Host, "nudge.example"}, "caller": {seen.Header.Get(callerHeader), ""},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: got %q, want %q", what, got[0], got[1])
		}
	}
	if !strings.HasPrefix(seen.RemoteAddr, "127.0.0.1:") || seen.RemoteAddr == "127.0.0.1:1" || !PassedOn(seen) {
		t.Errorf("from %s, passed on: %v", seen.RemoteAddr, PassedOn(seen))
	}
	if err := x.Proxy(nil, seen, 0); !errors.Is(err, runner.ErrElsewhere) {
		t.Errorf("passed on again: %v", err)
	}
	if s.Close(); x.forwards(callProxy, resultDone) != 1 {
		t.Error("the request is not counted")
	}
}

// TestProxyStreams holds that an answer comes line by line.
func TestProxyStreams(t *testing.T) {
	next := make(chan struct{})
	x := connect(t, func(c *ServerConfig) {
		c.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for i := range 3 {
				fmt.Fprintln(w, i)
				http.NewResponseController(w).Flush()
				<-next
			}
		})
	})
	var failed error
	answer, err := http.Get(front(t, x, &failed).URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for i := range 3 {
		if !lines.Scan() || lines.Text() != fmt.Sprint(i) {
			t.Fatalf("line %d: %q", i, lines.Text())
		}
		next <- struct{}{}
	}
}

// TestProxyMoved holds what follows when the owner is another node now: a request without a body is passed on to that one.
func TestProxyMoved(t *testing.T) {
	x := connect(t, func(c *ServerConfig) {
		c.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "here") })
	})
	old := serve(t, ServerConfig{Identity: identity(t, "s", secret), Directory: &directory{}, Local: &local{}, API: http.NotFoundHandler()})
	var failed error
	s := front(t, x, &failed)
	for name, test := range map[string]struct {
		owner, body string
		status      int
	}{
		"has it no more":              {old, "", http.StatusOK},
		"has it no more, with a body": {old, "body", http.StatusServiceUnavailable},
		"is gone":                     {closedAddress(t), "", http.StatusOK},
	} {
		x.asks.owner, x.asks.found = test.owner, x.address
		answer, err := http.Post(s.URL, "text/plain", strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != test.status {
			t.Errorf("%s: status %d, want %d", name, answer.StatusCode, test.status)
		}
		if test.status != http.StatusOK && !errors.Is(failed, runner.ErrElsewhere) {
			t.Errorf("%s: %v", name, failed)
		}
	}
}

// TestProxyCut holds that an answer which ends too early ends too early for the caller.
func TestProxyCut(t *testing.T) {
	x := connect(t, func(c *ServerConfig) {
		c.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, strings.Repeat("x", 100_000)) })
	})
	var cut atomic.Int64
	cut.Store(50_000)
	x.asks.owner = cutter(t, x.address, &cut)
	var failed error
	answer, err := http.Get(front(t, x, &failed).URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.ReadAll(answer.Body); err == nil {
		t.Error("the answer looks whole")
	}
	cut.Store(20)
	if answer, err = http.Get(front(t, x, &failed).URL); err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable || !errors.Is(failed, runner.ErrElsewhere) {
		t.Errorf("a connection that is never proved: %d, %v", answer.StatusCode, failed)
	}
}
