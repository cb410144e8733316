//go:build unix

package pgtest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy stands between a node and the server, as a network does: it may be slow, stand still, or be cut.
type Proxy struct {
	to       string
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	delay   time.Duration
	still   chan struct{} // closed while bytes flow
	cut     bool
	between map[net.Conn]bool
}

// Proxy starts a proxy that runs as long as the test, and returns it with the URL of the same database through it.
func (s *Server) Proxy(t testing.TB, of string) (p *Proxy, url string) {
	t.Helper()
	u := parse(t, of)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p = &Proxy{to: u.Host, listener: l, still: make(chan struct{}), between: map[net.Conn]bool{}}
	close(p.still)
	p.running.Go(p.accept)
	t.Cleanup(func() {
		p.listener.Close()
		p.Flow()
		p.Cut()
		p.running.Wait()
	})
	u.Host = l.Addr().String()
	return p, u.String()
}

// RoundTrip makes each trip take some time longer.
func (p *Proxy) RoundTrip(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d / 2
}

// Still lets no byte through until Flow, and ends no connection.
func (p *Proxy) Still() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.flows() {
		p.still = make(chan struct{})
	}
}

func (p *Proxy) flows() bool {
	select {
	case <-p.still:
		return true
	default:
		return false
	}
}

// Flow lets bytes through again, and takes connections again.
func (p *Proxy) Flow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
	if !p.flows() {
		close(p.still)
	}
}

// Cut ends all connections and takes none until Flow.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.between {
		c.Close()
	}
}

func (p *Proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.to)
		if err != nil {
			near.Close()
			continue
		}
		p.mu.Lock()
		cut := p.cut
		p.between[near], p.between[far] = true, true
		p.mu.Unlock()
		if cut {
			near.Close()
			far.Close()
		}
		p.running.Go(func() { p.pass(near, far) })
		p.running.Go(func() { p.pass(far, near) })
	}
}

// piece is some bytes on their way.
type piece struct {
	bytes []byte
	due   time.Time
}

// pass passes bytes on until one side ends.
func (p *Proxy) pass(from, to net.Conn) {
	pieces := make(chan piece, 1000)
	p.running.Go(func() {
		defer close(pieces)
		for {
			buffer := make([]byte, 16<<10)
			n, err := from.Read(buffer)
			p.mu.Lock()
			due := time.Now().Add(p.delay)
			p.mu.Unlock()
			if n > 0 {
				pieces <- piece{buffer[:n], due}
			}
			if err != nil {
				return
			}
		}
	})
	for x := range pieces {
		if wait := time.Until(x.due); wait > 0 {
			<-time.After(wait)
		}
		p.mu.Lock()
		still := p.still
		p.mu.Unlock()
		<-still
		to.Write(x.bytes) // if that fails, the other direction ends, too
	}
	from.Close()
	to.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.between, from)
	delete(p.between, to)
}
