package server

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// paced bounds how slowly the body of any request may come: one byte every few seconds must
// not hold a connection for ever. What a handler leaves unread is bounded too.
func (s *Server) paced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			b := &pacedBody{ReadCloser: r.Body, control: http.NewResponseController(w), limits: &s.limits}
			b.timer = time.AfterFunc(b.rest(), b.cut)
			defer b.leave()
			r.Body = b
		}
		next.ServeHTTP(w, r)
	})
}

// pacedBody is a body that may be waited for only so long, and longer with every byte. It belongs to one goroutine.
// Only the time in which the handler waits for bytes counts: what the server does meanwhile is not its sender's
// fault. A timer sets a deadline of the connection when the time is over: to move that for every body costs
// several times as much. It also runs while nobody reads, because the server itself reads what a handler leaves before it
// answers; for a handler that reads on, the deadline is taken away again.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	limits  *Limits
	timer   *time.Timer
	waited  time.Duration // for bytes, since it was renewed
	read    int           // bytes since then

	mu    sync.Mutex // guards what follows, against the timer
	ended bool       // all of it was read
	left  bool       // its handler has returned
	late  bool       // the connection has a deadline that is over
}

// renew begins to count anew.
func (b *pacedBody) renew() { b.waited, b.read = 0, 0 }

// rest is how long the next bytes may still be waited for.
func (b *pacedBody) rest() time.Duration {
	return b.limits.BodyPatience + time.Duration(b.read)*time.Second/time.Duration(b.limits.BodyRate) - b.waited
}

// cut makes the connection give no more bytes. Writers that are no connection have no deadlines,
// and no slow senders either.
func (b *pacedBody) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended && !b.left {
		b.late = true
		b.control.SetReadDeadline(time.Unix(1, 0))
	}
}

// uncut takes a deadline away that is over.
func (b *pacedBody) uncut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.late {
		b.late = false
		b.control.SetReadDeadline(time.Time{})
	}
}

// Read reads bytes of the body.
func (b *pacedBody) Read(p []byte) (int, error) {
	began := time.Now()
	if !b.timer.Reset(b.rest()) {
		b.uncut()
	}
	n, err := b.ReadCloser.Read(p)
	b.read += n
	b.waited += time.Since(began)
	if err == io.EOF {
		b.end()
	} else if err == nil {
		b.timer.Reset(b.rest())
	}
	return n, err
}

// end takes the deadline away, as the server goes on to read: it watches for the client to hang up.
func (b *pacedBody) end() {
	b.timer.Stop()
	b.uncut()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
}

// leave leaves what the handler has not read to the server, which reads a part of it.
func (b *pacedBody) leave() {
	b.timer.Stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = true
	if !b.ended && !b.late {
		b.control.SetReadDeadline(time.Now().Add(b.rest()))
	}
}

// unread reports whether a part of the request's body was not read.
func unread(r *http.Request) bool {
	b, ok := r.Body.(*pacedBody)
	return ok && !b.ended // only its reader sets it
}

// renewPace lets a stream take its time until the next line. Lines may be of one byte, and a
// deadline is a hundred times the work of reading that, so it is not moved for all of them.
func renewPace(r *http.Request) {
	if b, ok := r.Body.(*pacedBody); ok && b.waited > b.limits.BodyPatience/paceParts {
		b.renew()
	}
}

// paceParts is the part of its patience that a stream may lose because an earlier line moved the
// deadline.
const paceParts = 32

// bodyProblem says why a body could not be read to its end.
func (s *Server) bodyProblem(err error) *problem {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.limitMetrics.refused.WithLabelValues(limitBodyRate).Inc()
		return problemOf(http.StatusRequestTimeout, "slow-body", "the body came too slowly")
	case errors.Is(err, errUnproven):
		s.limitMetrics.refused.WithLabelValues(limitUnproven).Inc()
		return problemOf(http.StatusServiceUnavailable, "busy", err.Error())
	}
	return problemOf(http.StatusBadRequest, "body", "the body could not be read to its end")
}
