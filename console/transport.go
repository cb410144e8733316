package console

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
)

// inProcess carries requests to the API without a connection. The API sees them as it would see the
// visitor's own: from the same address, to the same host, through the same proxies.
type inProcess struct {
	api     http.Handler
	visitor *http.Request
	log     *slog.Logger
}

// passedOn reports whether the API judges by a header of a visitor where a request comes from.
func passedOn(name string) bool {
	return name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-")
}

// RoundTrip returns as soon as the answer begins. Its body is written while it is read, so that a stream is one.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.RequestURI = r.URL.RequestURI()
	r.RemoteAddr, r.Host, r.TLS = t.visitor.RemoteAddr, t.visitor.Host, t.visitor.TLS
	for name, values := range t.visitor.Header {
		if passedOn(name) {
			r.Header[name] = values
		}
	}
	reader, writer := io.Pipe()
	answer := &pipedAnswer{header: http.Header{}, body: writer, begun: make(chan struct{})}
	go t.serve(answer, r)
	select {
	case <-answer.begun:
		if answer.broken {
			return nil, errBrokenOff
		}
	case <-r.Context().Done():
		reader.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", answer.status, http.StatusText(answer.status)), StatusCode: answer.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: answer.sent, Body: reader, ContentLength: -1, Request: r,
	}, nil
}

// errBrokenOff is an answer that never began. What was asked for may have been done.
var errBrokenOff = errors.New("the API broke off, so it is not known whether this was done")

// serve lets the API answer. A panic breaks the answer off, as it does on a connection, and is logged as it is there.
func (t inProcess) serve(answer *pipedAnswer, r *http.Request) {
	defer func() {
		switch p := recover(); p {
		case nil:
			answer.WriteHeader(http.StatusOK)
			answer.body.Close()
			return
		case http.ErrAbortHandler:
		default:
			t.log.Error("the API panicked", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
		}
		answer.once.Do(func() {
			answer.broken = true
			close(answer.begun)
		})
		answer.body.CloseWithError(io.ErrUnexpectedEOF)
	}()
	t.api.ServeHTTP(answer, r)
}

// pipedAnswer is an answer on its way.
type pipedAnswer struct {
	header, sent http.Header
	status       int
	body         *io.PipeWriter
	begun        chan struct{} // closed with the status
	broken       bool          // it ended before it began
	once         sync.Once
}

// Header returns the headers to be sent.
func (a *pipedAnswer) Header() http.Header { return a.header }

// WriteHeader begins the answer.
func (a *pipedAnswer) WriteHeader(status int) {
	a.once.Do(func() {
		a.status, a.sent = status, a.header.Clone()
		close(a.begun)
	})
}

// Write writes a piece of the body, once somebody reads it.
func (a *pipedAnswer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// Flush begins the answer; nothing of it is kept back.
func (a *pipedAnswer) Flush() { a.WriteHeader(http.StatusOK) }
