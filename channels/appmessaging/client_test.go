package appmessaging

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nudge/channels"
)

const token = "not-a-real-token"

func newClient(t *testing.T, url string, change func(*Config)) *Client {
	t.Helper()
	config := Config{BaseURL: url, PathPrefix: "/apispaces/space-1", Token: token}
	if change != nil {
		change(&config)
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func hello() channels.Message { return channels.Message{To: "dave", Body: "Hello", Ref: ref} }

func checkResult(t *testing.T, got channels.Result, want channels.Outcome, reason string) {
	t.Helper()
	if got.Outcome != want || !strings.Contains(got.Reason, reason) {
		t.Errorf("got %v (%s), want %v (%s)", got.Outcome, got.Reason, want, reason)
	}
	if strings.Contains(got.Reason, token) {
		t.Errorf("the reason shows the token: %s", got.Reason)
	}
}

func TestSendRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"messageId":"m1"}`)
	}))
	defer server.Close()

	checkResult(t, newClient(t, server.URL, nil).Send(t.Context(), hello()), channels.Accepted, "")
	if got.Method != http.MethodPost || got.URL.Path != "/apispaces/space-1/messages" {
		t.Errorf("got %s %s", got.Method, got.URL.Path)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer " + token, "Content-Type": "application/json",
		"Accept": "application/json", "Idempotency-Key": "", "Accept-Encoding": "",
	} {
		if got := got.Header.Get(name); got != want {
			t.Errorf("header %s: got %q, want %q", name, got, want)
		}
	}
	if want, _ := encode(hello()); string(body) != string(want) || got.ContentLength != int64(len(want)) {
		t.Errorf("got body %s of length %d, want %s", body, got.ContentLength, want)
	}

	basic := func(c *Config) { c.Token, c.User, c.Password, c.PathPrefix = "", "u", "p:w", "/cpaas" }
	newClient(t, server.URL, basic).Send(t.Context(), hello())
	user, password, _ := got.BasicAuth()
	if user != "u" || password != "p:w" || got.URL.Path != "/cpaas/messages" {
		t.Errorf("got user %q, password %q, path %s", user, password, got.URL.Path)
	}
}

func TestSendFollowsNoRedirect(t *testing.T) {
	var posts atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		posts.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	checkResult(t, newClient(t, server.URL, nil).Send(t.Context(), hello()), channels.Refused, "redirect")
	if n := posts.Load(); n != 1 {
		t.Errorf("got %d requests, want 1", n)
	}
}

func TestSendShowsNoToken(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "bad header "+r.Header.Get("Authorization"), http.StatusBadRequest)
	}))
	defer server.Close()
	checkResult(t, newClient(t, server.URL, nil).Send(t.Context(), hello()), channels.Refused, "Bearer [redacted]")
}

// rawServer accepts connections and hands each to serve, which owns it.
func rawServer(t *testing.T, serve func(n int, c net.Conn)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // ends when the listener closes
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(n, c) // ends with its connection, which the client closes
		}
	}()
	return "http://" + l.Addr().String()
}

func readRequest(c net.Conn) {
	if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
}

func TestSendLosesConnection(t *testing.T) {
	url := rawServer(t, func(_ int, c net.Conn) {
		readRequest(c)
		c.Close()
	})
	checkResult(t, newClient(t, url, nil).Send(t.Context(), hello()), channels.Unknown, "sent, but")
}

func TestSendLosesAnswer(t *testing.T) {
	url := rawServer(t, func(_ int, c net.Conn) {
		readRequest(c)
		fmt.Fprint(c, "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"messageId\":\"m1\"")
		c.Close()
	})
	checkResult(t, newClient(t, url, nil).Send(t.Context(), hello()), channels.Unknown, "could not be read")

	url = rawServer(t, func(_ int, c net.Conn) { // it has not taken the message, whatever else it says
		readRequest(c)
		fmt.Fprint(c, "HTTP/1.1 300 Multiple Choices\r\nContent-Length: 100\r\n\r\n<html>")
		c.Close()
	})
	checkResult(t, newClient(t, url, nil).Send(t.Context(), hello()), channels.Refused, "redirect")
}

func TestSendTimesOut(t *testing.T) {
	url := rawServer(t, func(_ int, c net.Conn) {
		readRequest(c)
		_, _ = io.Copy(io.Discard, c) // until the client hangs up
		c.Close()
	})
	c := newClient(t, url, func(c *Config) { c.Timeout = 20 * time.Millisecond })
	checkResult(t, c.Send(t.Context(), hello()), channels.Unknown, "sent, but no answer within 20ms")
}

func TestSendIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := rawServer(t, func(_ int, c net.Conn) {
		readRequest(c)
		cancel()
		_, _ = io.Copy(io.Discard, c)
		c.Close()
	})
	checkResult(t, newClient(t, url, nil).Send(ctx, hello()), channels.Unknown, "stopped")
	checkResult(t, newClient(t, url, nil).Send(ctx, hello()), channels.Deferred, "not sent")
}

func TestSendDoesNotConnect(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	l.Close()
	checkResult(t, newClient(t, url, nil).Send(t.Context(), hello()), channels.Deferred, "connection refused")

	plain := rawServer(t, func(_ int, c net.Conn) {
		fmt.Fprint(c, "this is not TLS\r\n")
		c.Close()
	})
	url = strings.Replace(plain, "http", "https", 1)
	checkResult(t, newClient(t, url, nil).Send(t.Context(), hello()), channels.Deferred, "not sent")
}

// TestSendNeverPostsTwice lets the server close a connection that was kept alive
// just as the second request arrives on it: the case in which Go's transport
// would post again by itself, were it allowed to.
func TestSendNeverPostsTwice(t *testing.T) {
	var requests atomic.Int32
	url := rawServer(t, func(_ int, c net.Conn) {
		defer c.Close()
		in := bufio.NewReader(c)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			if requests.Add(1) > 1 {
				return // no answer to the second
			}
			const body = `{"messageId":"m1"}`
			fmt.Fprintf(c, "HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}
	})
	c := newClient(t, url, nil)
	checkResult(t, c.Send(t.Context(), hello()), channels.Accepted, "")
	checkResult(t, c.Send(t.Context(), hello()), channels.Unknown, "sent, but")
	if n := requests.Load(); n != 2 {
		t.Errorf("got %d requests, want 2", n)
	}
}

func TestParcel(t *testing.T) {
	p := &parcel{data: []byte("abc")}
	if n, err := p.Read(make([]byte, 2)); n != 2 || err != nil {
		t.Errorf("first read: got %d, %v", n, err)
	}
	if p.seal() {
		t.Error("it is whole, though its last byte was not handed out")
	}
	if n, err := p.Read(make([]byte, 2)); n != 0 || err != errSealed {
		t.Errorf("read after seal: got %d, %v, want nothing", n, err)
	}
	p = &parcel{data: []byte("abc")}
	if all, err := io.ReadAll(p); string(all) != "abc" || err != nil || !p.seal() {
		t.Errorf("got %q, %v, want a whole parcel", all, err)
	}
}
