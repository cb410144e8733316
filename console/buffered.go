package console

import (
	"bytes"
	"net/http"
)

// buffered is an answer that is kept.
type buffered struct {
	header http.Header
	status int // 0: 200
	body   bytes.Buffer
	parts  map[string]string // of a page that was asked for them, in place of a body; nil: it was not
}

// Header returns the headers.
func (b *buffered) Header() http.Header { return b.header }

// WriteHeader keeps the status.
func (b *buffered) WriteHeader(status int) { b.status = status }

// Write keeps a piece of the body.
func (b *buffered) Write(p []byte) (int, error) { return b.body.Write(p) }
