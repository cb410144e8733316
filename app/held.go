package app

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"nudge/flows"
	"nudge/runner"
	"nudge/store"
)

// holding says whether a store was restored, and nobody has let anything out of it since: then no service is asked either, and
// nobody gets notices.
type holding struct {
	store *store.Store
	fail  func(what string, err error)

	mu  sync.Mutex // guards now
	now bool
}

func newHeld(s *store.Store, fail func(string, error)) (*holding, error) {
	now, err := s.Held()
	return &holding{store: s, fail: fail, now: now}, err
}

// holds looks whether the kill switch is still as the restore has set it.
func (h *holding) holds() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.now {
		return false
	}
	state, err := h.store.State()
	if err == nil && !state.Killed {
		err = h.store.LetGo()
		h.now = err != nil
	}
	if err != nil {
		h.fail("the look whether anything may go out", err)
	}
	return h.now
}

// heldFetcher asks nobody as long as nothing may go out.
type heldFetcher struct {
	runner.Fetcher
	held *holding
}

func (f heldFetcher) Do(ctx context.Context, request flows.FetchRequest, timeout time.Duration) (int, json.RawMessage, error) {
	if f.held.holds() {
		return 0, nil, fmt.Errorf("not asked: %w", runner.ErrHeld)
	}
	return f.Fetcher.Do(ctx, request, timeout)
}
