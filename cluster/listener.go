package cluster

import (
	"errors"
	"log/slog"
	"net"
	"sync"
)

const maxUnproven = 128 // connections from nodes that are not proved yet; one more is closed

// listener gives out the connections of which the other side has proved that it belongs to the cluster.
type listener struct {
	net.Listener
	identity *Identity
	log      *slog.Logger
	proven   chan net.Conn
	over     chan struct{}
	failed   error // why, once over is closed
	places   chan struct{}
	work     sync.WaitGroup
}

func (id *Identity) listen(l net.Listener, log *slog.Logger) *listener {
	p := &listener{Listener: l, identity: id, log: log, proven: make(chan net.Conn), over: make(chan struct{}), places: make(chan struct{}, maxUnproven)}
	p.work.Go(p.accept)
	return p
}

// accept takes connections, and proves each beside the others: one that says nothing holds nobody up.
func (l *listener) accept() {
	defer close(l.over)
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			l.failed = err
			return
		}
		select {
		case l.places <- struct{}{}:
			l.work.Go(func() { l.prove(c) })
		default:
			c.Close()
		}
	}
}

func (l *listener) prove(raw net.Conn) {
	c, err := l.identity.prove(raw)
	<-l.places
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
