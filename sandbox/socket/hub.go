// Package socket sends frames to the open websockets of people's apps. Sending never
// waits: each socket has a queue of its own and is closed when the queue is full. A slow or
// dead one delays nobody.
package socket

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Limits of a [Hub].
const (
	maxSockets = 10_000   // sockets open at once; one more is answered 503
	MaxQueued  = 256      // frames that wait in one socket; one more closes it
	maxFrame   = 64 << 10 // bytes that a client may send at once; more closes the socket
)

// writeTimeout is how long a client may take to accept one frame; then its socket is closed.
const writeTimeout = 10 * time.Second

// Hub holds all open sockets, by the key of their listener. It is safe for concurrent use.
type Hub struct {
	group sync.WaitGroup // Serve

	mu     sync.Mutex // guards the rest
	open   map[string]map[*socket]struct{}
	count  int
	closed bool
}

// Listener is the owner of a socket.
type Listener struct {
	Key   string // who it is: frames are sent to keys
	Label string // frames are encoded once for each label
}

// socket is one client's.
type socket struct {
	Listener
	frames chan []byte
	end    context.CancelFunc // cuts it off
}

// New is a hub without sockets.
func New() *Hub { return &Hub{open: map[string]map[*socket]struct{}{}} }

// Count is how many sockets are open.
func (h *Hub) Count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// Listening reports whether a key has a socket.
func (h *Hub) Listening(key string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.open[key]) > 0
}

// Send queues a frame at all sockets of a key, and cuts off sockets that are full. encode runs
// once for each label.
func (h *Hub) Send(key string, encode func(label string) []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	frames := map[string][]byte{}
	for s := range h.open[key] {
		if frames[s.Label] == nil {
			frames[s.Label] = encode(s.Label)
		}
		select {
		case s.frames <- frames[s.Label]:
		default:
			h.remove(s)
			s.end()
		}
	}
}

// Drop cuts off all sockets of a key.
func (h *Hub) Drop(key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.open[key] {
		h.remove(s)
		s.end()
	}
}

// Serve turns a request into a websocket and keeps it open for a listener, until the client
// leaves or is cut off. It sends first first. It reads and drops everything that the client
// sends, which keeps the connection alive.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, who Listener, first []byte) {
	ctx, end := context.WithCancel(context.WithoutCancel(r.Context()))
	defer end()
	s := &socket{who, make(chan []byte, MaxQueued), end}
	s.frames <- first
	if !h.add(s) {
		http.Error(w, "too many sockets are open", http.StatusServiceUnavailable)
		return
	}
	defer h.group.Done()
	defer h.leave(s)
	// Apps come from any origin, as at the provider; it is the token that counts.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // it was answered
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(maxFrame)
	h.group.Go(func() { // ended by ctx, or by the client
		defer end()
		for {
			if _, _, err := conn.Read(ctx); err != nil {
				return
			}
		}
	})
	s.write(ctx, conn)
}

// write writes frames until ctx ends or the client takes too long.
func (s *socket) write(ctx context.Context, conn *websocket.Conn) {
	for {
		select {
		case <-ctx.Done():
			return
		case frame := <-s.frames:
			within, cancel := context.WithTimeout(ctx, writeTimeout)
			err := conn.Write(within, websocket.MessageText, frame)
			cancel()
			if err != nil {
				return
			}
		}
	}
}

// add adds a socket, unless there are too many.
func (h *Hub) add(s *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.count >= maxSockets {
		return false
	}
	if h.open[s.Key] == nil {
		h.open[s.Key] = map[*socket]struct{}{}
	}
	h.open[s.Key][s] = struct{}{}
	h.count++
	h.group.Add(1)
	return true
}

func (h *Hub) leave(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(s)
}

// remove takes a socket out, when it is still in. The caller holds the lock.
func (h *Hub) remove(s *socket) {
	if _, ok := h.open[s.Key][s]; !ok {
		return
	}
	h.count--
	if delete(h.open[s.Key], s); len(h.open[s.Key]) == 0 {
		delete(h.open, s.Key)
	}
}

// Close cuts off all sockets, accepts no more, and waits until they are gone.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	for _, all := range h.open {
		for s := range all {
			s.end()
		}
	}
	h.mu.Unlock()
	h.group.Wait()
}
