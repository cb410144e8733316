package app

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// asksAll is a fetcher that counts what it is asked.
type asksAll struct{ asked int }

func (f *asksAll) Do(context.Context, flows.FetchRequest, time.Duration) (int, json.RawMessage, error) {
	f.asked++
	return 200, nil, nil
}

// TestHeldFetches: out of a restored store no service is asked until somebody has let messages go, and from then on also while the
// kill switch is set again, and after a restart.
func TestHeldFetches(t *testing.T) {
	kv := new(memory.KV)
	if err := store.Create(kv, engine.Installation{1}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.Restore([]store.KV{kv}, store.Restoring{}); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	open := func() (*asksAll, runner.Fetcher) {
		h, err := newHeld(s, func(what string, err error) { t.Error(what, err) })
		if err != nil {
			t.Fatal(err)
		}
		service := new(asksAll)
		return service, heldFetcher{service, h}
	}
	ask := func(f runner.Fetcher) error {
		_, _, err := f.Do(t.Context(), flows.FetchRequest{}, time.Second)
		return err
	}
	setKilled := func(killed bool) {
		state, err := s.State()
		if err != nil {
			t.Fatal(err)
		}
		state.Seq++
		state.Killed = killed
		in := &engine.Input{Payload: &engine.Control{Kill: &killed}}
		if err := s.Commit(&engine.Batch{State: state, Journal: []engine.Journaled{{Seq: state.Seq, Input: in}}}); err != nil {
			t.Fatal(err)
		}
	}
	service, f := open()
	if err := ask(f); !errors.Is(err, runner.ErrHeld) || service.asked != 0 {
		t.Errorf("a service was asked %d times, %v", service.asked, err)
	}
	setKilled(false)
	if err := ask(f); err != nil || service.asked != 1 {
		t.Errorf("after messages were let go a service was asked %d times, %v", service.asked, err)
	}
	setKilled(true)
	if err := ask(f); err != nil || service.asked != 2 {
		t.Errorf("with a kill switch that somebody set, a service was asked %d times, %v", service.asked, err)
	}
	service, f = open()
	if err := ask(f); err != nil || service.asked != 1 {
		t.Errorf("after a restart a service was asked %d times, %v", service.asked, err)
	}
}
