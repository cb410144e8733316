package store_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

// listed has runs of some people, campaigns and keys, live and ended.
func listed(t *testing.T, kv store.KV, runs int) *store.Store {
	t.Helper()
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(3, 3))
	var all []*engine.Run
	commit := func(changes ...engine.Change) {
		if err := s.Commit(&engine.Batch{State: engine.State{Stamp: firstHour, Outbound: engine.OutboundLive}, Changes: changes}); err != nil {
			t.Fatal(err)
		}
	}
	for n := range runs {
		at := firstHour + engine.Instant(n/3)*1000 // some start at the same instant
		r := &engine.Run{Flow: fmt.Sprint("flow", dice.IntN(3)), Version: "v", Profile: fmt.Sprint("p", dice.IntN(20)), Key: fmt.Sprint("k", dice.IntN(30)),
			Status: engine.Waiting, Campaign: uint64(dice.IntN(5)), Timeline: []engine.Entry{{At: at, Kind: engine.KindStarted, Step: engine.NoStep}}}
		binary.BigEndian.PutUint64(r.ID[:8], uint64(at)<<16)
		binary.BigEndian.PutUint64(r.ID[8:], uint64(n))
		all = append(all, r)
		commit(engine.Change{After: r})
		if old := all[dice.IntN(len(all))]; old.Live() && dice.IntN(3) > 0 {
			ended := *old
			ended.Status, ended.Outcome, ended.Ended = engine.Ended, "completed", at+5
			commit(engine.Change{Before: old, After: &ended})
			*old = ended
		}
	}
	return s
}

// TestListShortWays holds that a list by person, key or campaign has the runs that a look at all runs finds, page by page, and reads
// few records for it.
func TestListShortWays(t *testing.T) {
	kv := &counting{KV: new(memory.KV)}
	s := listed(t, kv, 1500)
	everything := listAll(t, s, store.RunFilter{}, 500)
	if len(everything) != 1500 {
		t.Fatalf("there are %d runs", len(everything))
	}
	for _, f := range []store.RunFilter{
		{Profile: "p7"}, {Profile: "p7", Status: "live"}, {Profile: "p7", Status: "ended"}, {Profile: "p7", Flow: "flow1"}, {Profile: "nobody"},
		{Key: "k3", Status: "live"}, {Key: "k3", Flow: "flow2", Status: "live"}, {Key: "none", Status: "live"}, {Key: "k3", Profile: "p7", Status: "live"},
		{CampaignNumber: 3}, {CampaignNumber: 3, Status: "ended"}, {CampaignNumber: 99}, {Profile: "p7", StartedFrom: firstHour + 100_000, StartedBefore: firstHour + 400_000},
		{CampaignNumber: 3, StartedFrom: firstHour + 100_000, StartedBefore: firstHour + 400_000},
	} {
		var want []engine.RunID
		for _, r := range everything {
			if f.Matches(r, nil) {
				want = append(want, r.ID)
			}
		}
		for _, limit := range []int{7, 500} {
			kv.sum = 0
			var got []engine.RunID
			for _, r := range listAll(t, s, f, limit) {
				got = append(got, r.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%+v by %d has %d runs, want %d: %v", f, limit, len(got), len(want), got)
			}
			if limit == 500 && kv.sum > 500 {
				t.Errorf("%+v reads %d records for %d runs", f, kv.sum, len(want))
			}
		}
	}
	kv.sum = 0
	page, err := s.List(store.Query{RunFilter: store.RunFilter{Outcome: "none"}, Limit: 500, Look: 100})
	if err != nil || len(page.Runs) != 0 || page.Looked != 100 || page.Next != everything[99].ID || kv.sum > 101 {
		t.Errorf("of 100 runs to look at it has looked at %d, reading %d records, next %s, %v", page.Looked, kv.sum, page.Next, err)
	}
	if page, err = s.List(store.Query{RunFilter: store.RunFilter{Profile: "p7"}, Limit: 500, Look: 40}); err != nil || page.Looked != 20 || page.Next == (engine.RunID{}) {
		t.Errorf("of somebody with more than 40 runs it has looked at %d, next %s, %v", page.Looked, page.Next, err)
	}
}

// listAll reads all pages of a list.
func listAll(t *testing.T, s *store.Store, f store.RunFilter, limit int) (all []*engine.Run) {
	t.Helper()
	for q := (store.Query{RunFilter: f, Limit: limit}); ; {
		page, err := s.List(q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Runs...)
		if q.Before = page.Next; q.Before == (engine.RunID{}) {
			return all
		}
	}
}
