package appmessaging

import (
	"errors"
	"io"
	"sync"
)

var errSealed = errors.New("appmessaging: the send has ended")

// parcel is the body of one request. It knows whether its last byte was handed
// to the transport, and can be sealed so that it never will be.
//
// That is the proof behind a Deferred outcome: after a failed round trip the
// transport may still hold the body and write it a moment later, so asking what
// was written so far is not enough. (httptrace tells only of writes that were
// finished; it cannot stop the next one.)
type parcel struct {
	data []byte

	mu     sync.Mutex // guards the rest: the transport reads in its own goroutine
	read   int        // bytes handed out
	sealed bool
}

// Read hands out the next bytes, none once the parcel is sealed.
func (p *parcel) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sealed {
		return 0, errSealed
	}
	n := copy(b, p.data[p.read:])
	p.read += n
	if p.read == len(p.data) {
		return n, io.EOF
	}
	return n, nil
}

// Close does nothing; it makes a parcel a request body.
func (p *parcel) Close() error { return nil }

// seal ends all reading and reports whether the whole request may be on its way.
func (p *parcel) seal() (whole bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sealed = true
	return p.read == len(p.data)
}
