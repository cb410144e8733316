package server

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"sync"
)

const (
	maxDevKeys     = 1000 // Idempotency-Keys of dev routes that are remembered, in memory; beyond them the oldest is forgotten
	maxDevKeyBytes = 256  // bytes of an Idempotency-Key of a dev route; a longer one is refused with 400
)

// devKeys remembers what changes of dev routes were answered. They are no inputs of the engine, which remembers its own.
type devKeys struct {
	mu    sync.Mutex
	all   map[string]*devAnswer
	order []string // oldest first
}

// devAnswer is the answer to a change. Its lock is held while the change is made, so that the same one waits for it.
type devAnswer struct {
	sync.Mutex
	request [sha256.Size]byte
	body    []byte // nil: it was not made
}

func (k *devKeys) of(key string) *devAnswer {
	k.mu.Lock()
	defer k.mu.Unlock()
	a := k.all[key]
	if a == nil {
		if len(k.order) == maxDevKeys {
			delete(k.all, k.order[0])
			k.order = k.order[1:]
		}
		if k.all == nil {
			k.all = map[string]*devAnswer{}
		}
		a = &devAnswer{}
		k.all[key], k.order = a, append(k.order, key)
	}
	return a
}

// devOnce makes the changes of a dev route once for each Idempotency-Key. A change that was refused or failed is made when it comes again.
func (s *Server) devOnce(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get(keyHeader)
		if key == "" {
			handle(w, r)
			return
		}
		err := adoptKey(r, nil)
		if err == nil && len(key) > maxDevKeyBytes {
			err = problemOf(http.StatusBadRequest, "id", "the Idempotency-Key is longer than 256 bytes", fieldProblem{"id", "is too long"})
		}
		var body []byte
		if err == nil {
			body, err = s.readBody(w, r, maxDevBody)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		request := sha256.Sum256(append([]byte(r.Method+" "+r.URL.EscapedPath()+"\n"), body...))
		a := s.devKeys.of(key)
		a.Lock()
		defer a.Unlock()
		switch {
		case a.body == nil:
		case a.request != request:
			s.fail(w, r, problemOf(http.StatusConflict, "id", "the id was used with another body", fieldProblem{"id", "was used with another body"}))
			return
		default:
			w.Header().Set(replayedHeader, "true")
			w.Header().Set("Content-Type", mediaJSON)
			w.Write(a.body)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		kept := &keptAnswer{ResponseWriter: w, status: http.StatusOK}
		handle(kept, r)
		if kept.status == http.StatusOK {
			a.request, a.body = request, kept.body.Bytes()
		}
	}
}

// bodiless leaves out what a request has as its body, for a route that takes none.
func bodiless(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		bare := *r
		bare.Body, bare.ContentLength = http.NoBody, 0
		handle(w, &bare)
	}
}

// keptAnswer is an answer whose body is kept, too.
type keptAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// Unwrap is for [http.ResponseController], and for recordOf.
func (a *keptAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader notes the status.
func (a *keptAnswer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Write keeps what it writes.
func (a *keptAnswer) Write(p []byte) (int, error) {
	a.body.Write(p)
	return a.ResponseWriter.Write(p)
}
