package engine_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
)

// TestPurge shows that nothing depends on dropped runs. It replays the journal of a store
// that drops ended runs into one that drops nothing. Without those runs the two stores are
// equal, and their numbers are the same.
func TestPurge(t *testing.T) {
	dropped := 0
	for _, seed := range []uint64{0, 3, 6, 9} { // these seeds have receipts that name their run
		h := newHistory(t, seed, randomFlows)
		h.keep = runner.Retention{Runs: 30 * time.Hour}
		h.start()
		h.live(240)
		whole := replay(t, h.store, func() int { return 1 + h.dice.IntN(20) })
		rest, all := dump(t, h.kv), dump(t, whole)
		gone := withoutPurged(rest, all)
		compare(t, "what is left", rest, all)
		replayed, _ := reopen(t, whole)
		if diff := cmp.Diff(numbers(t, replayed), numbers(t, h.store)); diff != "" {
			t.Errorf("the numbers (-replayed +purged):\n%s", diff)
		}
		report, err := h.store.Check()
		if err != nil || len(report.Problems) > 0 {
			t.Fatalf("seed %d: %v %q", seed, err, report.Problems)
		}
		dropped += gone
	}
	if dropped < 100 {
		t.Errorf("only %d runs were dropped: the histories prove little", dropped)
	}
}

// withoutPurged removes from both dumps what a purge changes: the purged runs with their
// entries from the whole dump, and the numbers, which count those runs. It returns how many
// runs it removed.
func withoutPurged(rest, whole map[string]string) (gone int) {
	for key := range whole {
		if _, kept := rest[key]; kept || !strings.HasPrefix(key, "ended ") {
			continue
		}
		id := key[len(key)-len(engine.RunID{}):]
		gone++
		delete(whole, key)
		maps.DeleteFunc(whole, func(k, _ string) bool {
			return strings.HasSuffix(k, id) && (strings.HasPrefix(k, "runs ") || strings.HasPrefix(k, "sent ") || strings.HasPrefix(k, "people "))
		})
	}
	for _, dump := range []map[string]string{rest, whole} {
		maps.DeleteFunc(dump, func(k, _ string) bool {
			return k == "meta purged" || strings.HasPrefix(k, "counts ") || strings.HasPrefix(k, "tallies ") || strings.HasPrefix(k, "failuregroups ")
		})
	}
	return gone
}

// numbers returns the numbers of all versions and campaigns.
func numbers(t *testing.T, s *store.Store) (all []any) {
	t.Helper()
	counts, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counts {
		c.Purged = nil
		all = append(all, *c)
	}
	campaigns, err := s.ListCampaigns("", 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range campaigns {
		all = append(all, *c.Campaign, c.Tally.Standings)
	}
	return all
}

// TestLateReceiptsOfPurgedRuns shows that a journal can be replayed when receipts that name
// a message only by the provider's ID found no run at first, and find one in the replay.
func TestLateReceiptsOfPurgedRuns(t *testing.T) {
	late := 0
	for _, seed := range []uint64{1, 2, 4, 5, 7, 8} {
		h := newHistory(t, seed, randomFlows)
		h.keep = runner.Retention{Runs: 10 * time.Hour}
		h.start()
		h.live(240)
		all, _ := reopen(t, replay(t, h.store, func() int { return 1 + h.dice.IntN(20) }))
		state, err := all.State()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := state.Seq, h.loop.Core().State.Seq; got != want {
			t.Errorf("seed %d: the replay ends at input %d, the history at %d", seed, got, want)
		}
		for _, p := range h.posts {
			if r, err := h.store.Run(p.Run); err != nil || r != nil {
				continue
			}
			if r, err := all.Run(p.Run); err == nil && slices.ContainsFunc(r.Timeline, func(e engine.Entry) bool {
				return e.Kind == engine.KindReceipt && e.At > r.Ended.Add(h.keep.Runs)
			}) {
				late++
			}
		}
	}
	if late == 0 {
		t.Error("no receipt came late: the histories prove nothing")
	}
}
