package server

import (
	"errors"
	"io"
	"sync/atomic"
)

// errUnproven says that too many bytes of webhooks are not proven yet. An honest provider tries
// again.
var errUnproven = errors.New("too many webhooks wait for their signature to be checked")

// unproven is the budget for bodies of which nobody knows yet whether they are the provider's.
// Without it anybody could fill the memory with bodies that never end.
type unproven struct {
	most int64
	used atomic.Int64
}

// hold returns a body whose bytes count until it is released.
func (u *unproven) hold(body io.ReadCloser) *heldBody {
	return &heldBody{ReadCloser: body, budget: u}
}

// heldBody is a body that counts against the budget. It belongs to one goroutine.
type heldBody struct {
	io.ReadCloser
	budget *unproven
	bytes  int64
}

// Read reads bytes of the body, or fails with errUnproven if the budget does not allow them.
func (h *heldBody) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	h.bytes += int64(n)
	if h.budget.used.Add(int64(n)) > h.budget.most {
		return 0, errUnproven
	}
	return n, err
}

// release gives the bytes back. A second call does nothing.
func (h *heldBody) release() {
	h.budget.used.Add(-h.bytes)
	h.bytes = 0
}
