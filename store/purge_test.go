package store_test

import (
	"maps"
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

// reopened opens a store on records that a test has made.
func reopened(t *testing.T, kv *memory.KV) *store.Store {
	t.Helper()
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sound fails the test if the store check finds a problem.
func sound(t *testing.T, s *store.Store) *store.Report {
	t.Helper()
	report, err := s.Check()
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("the store: %v %q", err, report.Problems)
	}
	return report
}

// purgeRuns drops all runs that ended before an instant.
func purgeRuns(t *testing.T, s *store.Store, before engine.Instant) {
	t.Helper()
	var after []byte
	for {
		var err error
		if after, err = s.PurgeRuns(before, after); err != nil {
			t.Fatal(err)
		}
		if after == nil {
			return
		}
	}
}

// TestPurgeRuns verifies that an old ended run goes with its entries, and that the counts
// stay.
func TestPurgeRuns(t *testing.T) {
	kv := inUse(t) // one run of ann has ended, and the provider gave its message an ID
	s := reopened(t, kv)
	page, err := s.List(store.Query{RunFilter: store.RunFilter{Status: "ended"}, Limit: 1})
	if err != nil || len(page.Runs) != 1 {
		t.Fatalf("%d runs have ended, %v; want 1", len(page.Runs), err)
	}
	run := page.Runs[0]
	purgeRuns(t, s, run.Ended)
	if kept, err := s.Run(run.ID); err != nil || kept == nil {
		t.Fatalf("a run that ended at the instant is gone, %v", err)
	}
	before, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	sent := len(kv.Dump(store.Sent))
	purgeRuns(t, s, run.Ended+1)
	if kept, err := s.Run(run.ID); err != nil || kept != nil {
		t.Fatalf("the run is %v, %v; want none", kept, err)
	}
	if left := len(kv.Dump(store.Sent)); left != sent-1 {
		t.Errorf("%d of %d messages are found by their ID, want one less", left, sent)
	}
	after, err := s.Counts()
	if err != nil || after[0].Started != before[0].Started || !maps.Equal(after[0].Outcomes, before[0].Outcomes) || after[0].Purged["cancelled"] != 1 {
		t.Errorf("the numbers are %+v, %v; want those of %+v with 1 purged", after[0], err, before[0])
	}
	if gone, err := s.Purged(); err != nil || gone.Runs != run.Ended+1 || gone.Journal != 0 {
		t.Errorf("the store says %+v, %v of what is gone", gone, err)
	}
	if report := sound(t, s); report.Ended != 0 || report.Live != 2 {
		t.Errorf("the store has %d live and %d ended runs, want 2 and 0", report.Live, report.Ended)
	}
}

// TestPurgeKeepsMembers verifies that the runs of a campaign stay until it is settled,
// because the engine still looks up its people.
func TestPurgeKeepsMembers(t *testing.T) {
	s := reopened(t, campaign(t))
	const later = 1 << 42 // long after its run has ended
	purgeRuns(t, s, later)
	if report := sound(t, s); report.Ended != 1 {
		t.Fatalf("%d runs are left of a campaign that is not settled, want 1", report.Ended)
	}
	for more := true; more; {
		var err error
		if more, err = s.Drop(); err != nil {
			t.Fatal(err)
		}
	}
	purgeRuns(t, s, later)
	if report := sound(t, s); report.Ended != 0 {
		t.Errorf("%d runs are left of a campaign that is settled, want none", report.Ended)
	}
	all, err := s.ListCampaigns("", 0, 1)
	if err != nil || len(all[0].Tally.Standings) != 1 {
		t.Errorf("the campaign says %v, %v of where its people stand", all[0].Tally, err)
	}
}

// TestPurgeJournal verifies that a purge drops the beginning of the journal and never its
// end.
func TestPurgeJournal(t *testing.T) {
	kv := inUse(t)
	s := reopened(t, kv)
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		before engine.Instant
		left   uint64
	}{
		{0, state.Seq},
		{state.Stamp, 2}, // the rest is an hour older
		{state.Stamp + 1, 1},
	} {
		if more, err := s.PurgeJournal(c.before); err != nil || more {
			t.Fatalf("before %s: more is %t, %v", c.before, more, err)
		}
		if report := sound(t, s); report.Journal != c.left {
			t.Errorf("before %s: %d inputs are left, want %d", c.before, report.Journal, c.left)
		}
	}
	if gone, err := s.Purged(); err != nil || gone.Journal != state.Seq-1 || gone.Stamp != state.Stamp {
		t.Errorf("the store says %+v, %v of what is gone", gone, err)
	}
	if err := kv.Update(func(w store.Writer) error { return w.Delete(store.Meta, []byte("purged")) }); err != nil {
		t.Fatal(err)
	}
	if report, err := s.Check(); err != nil || len(report.Problems) != 1 {
		t.Errorf("a journal whose beginning is lost: %v %q, want a problem", err, report.Problems)
	}
}
