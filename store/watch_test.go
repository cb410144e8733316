package store_test

import (
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

// TestWatchProposal holds that how a proposal is watched outlives the process, and ends with the proposal.
func TestWatchProposal(t *testing.T) {
	kv := new(memory.KV)
	s, err := store.Open(kv)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	p, err := s.AddProposal(&store.Proposal{Digest: "d"}, []byte(`{}`))
	must(err)
	want := store.Watch{Days: 7, Receipts: "unread", By: engine.Actor{Name: "ann", Address: "a", Request: "r"}, Since: 1, Until: 9, Asked: 3, Job: "j", Problem: "full"}
	if got, err := s.WatchProposal(p.Number, func(w *store.Watch) { *w = want }); err != nil || got.Watch != want {
		t.Errorf("it is watched as %+v, %v", got, err)
	}
	must(s.AddJob(&store.Job{ID: "j", State: store.JobRunning}, 10))
	must(s.EndReview(p.Number, &store.Review{Kind: "backtest", Job: "j", Done: 4, Result: []byte(`{}`), Earlier: []byte(`{"differ":1}`)}))
	s, err = store.Open(kv)
	must(err)
	open, err := s.OpenProposals()
	must(err)
	if len(open) != 1 || open[0].Watch != want {
		t.Errorf("in another process it is watched as %+v", open)
	}
	if all, err := s.Reviews(p.Number); err != nil || len(all) != 1 || string(all[0].Earlier) != `{"differ":1}` {
		t.Errorf("the reviews are %+v, %v", all, err)
	}
	_, err = s.WithdrawProposal(p.Number, engine.Actor{Name: "bob"}, 5)
	must(err)
	for _, number := range []uint64{p.Number, 9} {
		if got, err := s.WatchProposal(number, func(*store.Watch) { t.Error("it is changed") }); got != nil || err != nil {
			t.Errorf("proposal %d is watched as %+v, %v", number, got, err)
		}
	}
	if open, err := s.OpenProposals(); len(open) > 0 || err != nil {
		t.Errorf("open are %+v, %v", open, err)
	}
}
