package appmessaging

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"nudge/channels"
)

// Requests share connections: HTTP/2 where it is offered, also by a transport that has
// TLS settings of its own, and else as many as there are senders.
func TestConnectionsAreShared(t *testing.T) {
	for _, offersHTTP2 := range []bool{true, false} {
		var connections atomic.Int32
		protocols := sync.Map{}
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			protocols.Store(r.Proto, true)
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"messageId":"m1"}`)
		}))
		server.EnableHTTP2 = offersHTTP2
		server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				connections.Add(1)
			}
		}
		server.StartTLS()
		roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		c := newClient(t, server.URL, func(c *Config) {
			c.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
		})
		for range 20 {
			checkResult(t, c.Send(t.Context(), hello()), channels.Accepted, "")
		}
		want := map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[offersHTTP2]
		if _, ok := protocols.Load(want); !ok {
			t.Errorf("no request went by %s", want)
		}
		if n := connections.Load(); n != 1 {
			t.Errorf("20 sends, one after the other, took %d connections by %s, want 1", n, want)
		}
		server.Close()
	}
}

// TestConnectionsAreKept: as many senders as there may be use the same connections again, each its own. Opening one takes longer than a
// send.
func TestConnectionsAreKept(t *testing.T) {
	const senders = 120 // more than Go's transport keeps
	var connections, posts atomic.Int32
	together := [2]chan bool{make(chan bool), make(chan bool)}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := posts.Add(1)
		round := together[(n-1)/senders]
		if n%senders == 0 {
			close(round)
		}
		<-round // so that each needs a connection of its own
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"messageId":"m1"}`)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := newClient(t, server.URL, func(c *Config) { c.Concurrency = senders })
	for range together {
		var all sync.WaitGroup
		for range senders {
			all.Go(func() { checkResult(t, c.Send(t.Context(), hello()), channels.Accepted, "") })
		}
		all.Wait()
	}
	if n := connections.Load(); n != senders {
		t.Errorf("%d senders opened %d connections", senders, n)
	}
}
