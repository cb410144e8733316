package cluster

import (
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
)

const maxUnproven = 128 // connections from nodes that are not proved yet; for one more the oldest is closed

// listener gives out the connections of which the other side has proved that it belongs to the cluster.
type listener struct {
	net.Listener
	identity *Identity
	log      *slog.Logger
	proven   chan net.Conn
	over     chan struct{}
	failed   error // why, once over is closed
	work     sync.WaitGroup

	mu       sync.Mutex // guards unproven
	unproven []net.Conn // oldest first
}

func (id *Identity) listen(l net.Listener, log *slog.Logger) *listener {
	p := &listener{Listener: l, identity: id, log: log, proven: make(chan net.Conn), over: make(chan struct{})}
	p.work.Go(p.accept)
	return p
}

// accept takes connections, and proves each beside the others: one that says nothing holds nobody up. Nor do many: a node proves
// itself in a moment, so the oldest ones make room.
func (l *listener) accept() {
	defer close(l.over)
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			l.failed = err
			return
		}
		l.mu.Lock()
		if len(l.unproven) == maxUnproven {
			l.unproven[0].Close()
			l.unproven = slices.Delete(l.unproven, 0, 1)
		}
		l.unproven = append(l.unproven, c)
		l.mu.Unlock()
		l.work.Go(func() { l.prove(c) })
	}
}

// leave takes a connection off the ones that are not proved; false if it was closed to make room.
func (l *listener) leave(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.Index(l.unproven, c)
	if at >= 0 {
		l.unproven = slices.Delete(l.unproven, at, at+1)
	}
	return at >= 0
}

func (l *listener) prove(raw net.Conn) {
	c, err := l.identity.prove(raw)
	if !l.leave(raw) {
		return
	}
	if err != nil {
		raw.Close()
		if errors.Is(err, ErrStranger) {
			l.log.Warn("a connection of a stranger was closed", "from", raw.RemoteAddr().String(), "error", err)
		} else { // it ended before it said who it is, as that of a node which gave up waiting
			l.log.Debug("a connection ended early", "from", raw.RemoteAddr().String(), "error", err)
		}
		return
	}
	select {
	case l.proven <- c:
	case <-l.over:
		raw.Close()
	}
}

// Accept returns the next connection that is proved.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.proven:
		return c, nil
	case <-l.over:
		return nil, l.failed
	}
}
