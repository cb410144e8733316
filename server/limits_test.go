package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/runner"
	"nudge/runner/live"
	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// stopped is a runner that takes nothing.
type stopped struct{}

func (stopped) Submit(context.Context, ...*engine.Input) ([]engine.Answer, error) {
	return nil, runner.ErrStopped
}
func (stopped) Health() runner.Health                              { return runner.Health{} }
func (stopped) Standing() time.Duration                            { return 0 }
func (stopped) Begin(...*engine.Input) (*runner.Ticket, error)     { return nil, runner.ErrStopped }
func (stopped) Suspect(...engine.RunID)                            {}
func (stopped) Refuse(*store.Refusal)                              {}
func (stopped) Live() *live.Hub                                    { return fullHub() }
func (stopped) Behind() []int                                      { return nil }
func (stopped) Settle(context.Context, []store.NoticeResult) error { return runner.ErrStopped }

// bare is a server without a running engine, for requests that never come so far.
func bare(t *testing.T, limits server.Limits) *server.Server {
	t.Helper()
	kept, err := store.Open(new(memory.KV))
	must(t, err)
	s, err := server.New(server.Config{
		Runner: stopped{}, Store: kept, Tokens: func() []server.Token { return []server.Token{server.NewToken("all", "token")} }, Limits: limits,
		Receivers: []channels.Receiver{appmessaging.Webhook{Secrets: []appmessaging.Secret{secret}}},
	})
	must(t, err)
	return s
}

// unreadable is a body that nobody may read.
type unreadable struct{ t *testing.T }

func (b unreadable) Read([]byte) (int, error) {
	b.t.Error("the body was read")
	return 0, io.EOF
}

// A webhook whose header shows that it is not the provider's is refused unread.
func TestUnsignedBodiesAreNotRead(t *testing.T) {
	h := bare(t, server.Limits{}).WebhookHandler()
	for name, header := range map[string]http.Header{
		"missing":   {},
		"malformed": {appmessaging.SignatureHeader: {"00"}},
		"two":       {appmessaging.SignatureHeader: {strings.Repeat("0", 40), strings.Repeat("0", 40)}},
	} {
		r := httptest.NewRequest("POST", "/webhooks/comapi", unreadable{t})
		r.Header, r.ContentLength = header, 4<<20
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized {
			t.Errorf("%s: status %d, want 401", name, w.Code)
		}
	}
}

// Bodies whose signature is not proven yet share a budget of bytes, and give it back.
func TestUnprovenBodiesShareABudget(t *testing.T) {
	s := start(t, shop, func(c *server.Config) { c.Limits.Unproven = 1000 })
	body := `{"name": "new.thing"}`
	if got := s.webhook(body+strings.Repeat(" ", 2000)).is(503, "too many webhooks wait for their signature").header.Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After is %q, want 1", got)
	}
	for range 100 {
		s.webhook(body + strings.Repeat(" ", 500)).is(200)
	}
	s.do("POST", "/webhooks/comapi", strings.Repeat(" ", 900), appmessaging.SignatureHeader, strings.Repeat("0", 40)).is(401)
	s.do("GET", "/metrics", "").is(200, `nudge_http_refused_total{limit="unproven_bytes"} 1`, "nudge_webhook_unproven_bytes 0")
}

// connect serves in memory, where deadlines are virtual, and returns a connection.
func connect(t *testing.T) net.Conn {
	t.Helper()
	network := newPipes()
	web := network.serve(bare(t, server.Limits{}).Handler())
	client, err := network.dial(t.Context(), "", "")
	must(t, err)
	t.Cleanup(func() { client.Close(); web.Close() })
	return client
}

// A body that comes a byte at a time is cut off, on every route and whether or not anybody
// reads it.
func TestSlowBodies(t *testing.T) {
	for _, pattern := range server.Patterns(bare(t, server.Limits{})) {
		method, path, _ := strings.Cut(pattern, " ")
		synctest.Test(t, func(t *testing.T) {
			client, begun := connect(t), time.Now()
			answered := make(chan string, 1)
			go func() {
				answer, _ := bufio.NewReader(client).ReadString('\n')
				answered <- answer
				io.Copy(io.Discard, client)
			}()
			fmt.Fprintf(client, "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token\r\nContent-Length: 100000\r\n\r\n", method, path)
			for err := error(nil); err == nil; _, err = client.Write([]byte(" ")) {
				time.Sleep(5 * time.Second)
				if time.Since(begun) > 10*time.Minute {
					t.Fatalf("%s: still there after ten minutes", pattern)
				}
			}
			answer := <-answered
			if took := time.Since(begun); took > time.Minute {
				t.Errorf("%s: cut off after %s with %q", pattern, took, answer)
			}
		})
	}
}

// stalling is a runner that stands still at the fifth line of a stream.
type stalling struct {
	stopped
	lines *int
}

func (s stalling) Begin(...*engine.Input) (*runner.Ticket, error) {
	if *s.lines++; *s.lines == 5 {
		time.Sleep(10 * time.Minute)
	}
	return nil, runner.ErrStopped
}

// What the server takes its time for is not the fault of who sends a body.
func TestStalledServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, err := store.Open(new(memory.KV))
		must(t, err)
		s, err := server.New(server.Config{Runner: stalling{lines: new(int)}, Store: kept, Tokens: func() []server.Token { return []server.Token{server.NewToken("all", "token")} }})
		must(t, err)
		network := newPipes()
		web := network.serve(s.Handler())
		client, err := network.dial(t.Context(), "", "")
		must(t, err)
		defer func() { client.Close(); web.Close() }()
		body := strings.Repeat(`{"type": "x"}`+"\n", 20)
		go func() {
			fmt.Fprintf(client, "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:100])
			time.Sleep(time.Minute) // the rest waits until the server reads on
			io.WriteString(client, body[100:])
		}()
		answer, err := http.ReadResponse(bufio.NewReader(client), nil)
		must(t, err)
		text, err := io.ReadAll(answer.Body)
		must(t, err)
		if n := strings.Count(string(text), `"line":`); n != 20 || strings.Contains(string(text), "slowly") {
			t.Errorf("%d lines are answered: %s", n, text)
		}
	})
}

// A stream may take its time between two lines, but not within one.
func TestSlowStreams(t *testing.T) {
	const lines = "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token\r\nContent-Type: application/x-ndjson\r\nContent-Length: 100000\r\n\r\n"
	for name, test := range map[string]struct {
		piece string
		most  time.Duration
	}{"lines": {"{}\n", 0}, "bytes": {" ", 2 * time.Minute}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, begun := connect(t), time.Now()
				go io.Copy(io.Discard, client)
				io.WriteString(client, lines)
				var err error
				for err == nil && time.Since(begun) < time.Hour {
					time.Sleep(25 * time.Second)
					_, err = io.WriteString(client, test.piece)
				}
				if took := time.Since(begun); (test.most == 0) != (err == nil) || err != nil && took > test.most {
					t.Errorf("after %s: %v", took, err)
				}
			})
		})
	}
}

// arrivals is a listener with the connections that have arrived.
type arrivals chan net.Conn

func (l arrivals) Accept() (net.Conn, error) {
	if c, ok := <-l; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l arrivals) Close() error   { close(l); return nil }
func (l arrivals) Addr() net.Addr { return &net.TCPAddr{} }

// from is a connection of an address.
type from struct {
	net.Conn
	address net.Addr
	closed  *int
}

func (c from) RemoteAddr() net.Addr { return c.address }
func (c from) Close() error         { *c.closed++; return nil }

// A listener has no more connections than allowed, in all and from one address. What is
// closed gives its place to the next.
func TestConnectionsAreLimited(t *testing.T) {
	for _, test := range []struct {
		name   string
		from   []string // one connection each
		closed int      // of them by the listener
	}{
		{"one address", []string{"10.0.0.1", "10.0.0.1", "10.0.0.1"}, 1},
		{"one network", []string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"}, 1},
		{"mapped", []string{"10.0.0.1", "::ffff:10.0.0.1", "10.0.0.1"}, 1},
		{"all", []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			accept := make(arrivals, 10)
			l := bare(t, server.Limits{Connections: 4, PerAddress: 2}).Listener(accept)
			closed := 0
			for _, address := range test.from {
				accept <- from{address: &net.TCPAddr{IP: net.ParseIP(address), Port: 5000}, closed: &closed}
			}
			accept.Close()
			var open []net.Conn
			for c, err := l.Accept(); err == nil; c, err = l.Accept() {
				open = append(open, c)
			}
			if closed != test.closed || len(open)+closed != len(test.from) {
				t.Fatalf("%d are open, %d were closed; want %d closed", len(open), closed, test.closed)
			}
		})
	}
	accept := make(arrivals, 2)
	l := bare(t, server.Limits{Connections: 1}).Listener(accept)
	for range 3 {
		closed := 0
		accept <- from{address: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}, closed: &closed}
		c, err := l.Accept()
		must(t, err)
		c.Close()
		c.Close() // counts once
	}
}

// fullHub is a hub that takes no more readers.
var fullHub = sync.OnceValue(func() *live.Hub {
	h := live.New()
	for range live.MaxReaders {
		h.Read(0)
	}
	return h
})

// answering is a runner that takes nothing.
type answering struct{ err error }

func (a answering) Submit(context.Context, ...*engine.Input) ([]engine.Answer, error) {
	return nil, a.err
}
func (a answering) Begin(...*engine.Input) (*runner.Ticket, error)     { return nil, a.err }
func (answering) Health() runner.Health                                { return runner.Health{} }
func (answering) Standing() time.Duration                              { return 0 }
func (answering) Suspect(...engine.RunID)                              {}
func (answering) Refuse(*store.Refusal)                                {}
func (answering) Live() *live.Hub                                      { return fullHub() }
func (answering) Behind() []int                                        { return nil }
func (a answering) Settle(context.Context, []store.NoticeResult) error { return a.err }
