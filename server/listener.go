package server

import (
	"net"
	"net/netip"
	"sync"
)

// Listener returns a listener that accepts no more connections than the limits allow, in all and
// from one address. It closes those beyond at once, so that they hold up nobody else.
func (s *Server) Listener(l net.Listener) net.Listener {
	return &limitedListener{Listener: l, limits: s.limits, metrics: s.limitMetrics, from: map[netip.Addr]int{}}
}

type limitedListener struct {
	net.Listener
	limits  Limits
	metrics *limitMetrics

	mu   sync.Mutex
	open int
	from map[netip.Addr]int // open ones by address; none of zero
}

// Accept returns the next connection that the limits allow.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		who := remote(c)
		if limit := l.admit(who); limit != "" {
			l.metrics.refused.WithLabelValues(limit).Inc()
			c.Close()
			continue
		}
		l.metrics.connections.Inc()
		return &limitedConn{Conn: c, leave: sync.OnceFunc(func() { l.leave(who) })}, nil
	}
}

// admit counts a connection, or names the limit that does not allow it.
func (l *limitedListener) admit(who netip.Addr) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.open >= l.limits.Connections:
		return limitConnections
	case l.from[who] >= l.limits.PerAddress:
		return limitPerAddress
	}
	l.open++
	l.from[who]++
	return ""
}

func (l *limitedListener) leave(who netip.Addr) {
	l.metrics.connections.Dec()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if l.from[who]--; l.from[who] == 0 {
		delete(l.from, who)
	}
}

// remote is the address of the other side; of IPv6, its network of 64 bits, as one machine has
// all of those.
func remote(c net.Conn) netip.Addr {
	from, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	addr := from.Addr().Unmap().WithZone("")
	if addr.Is6() {
		network, _ := addr.Prefix(64) // 64 is in range
		addr = network.Addr()
	}
	return addr
}

// limitedConn is a connection that counts until it is closed.
type limitedConn struct {
	net.Conn
	leave func()
}

// Close closes the connection and gives its place back.
func (c *limitedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}
