package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

var byOps = engine.Actor{Name: "ops"}

// dividedStore is a store of n empty partitions.
func dividedStore(t *testing.T, n int) *store.Store {
	t.Helper()
	var kvs []store.KV
	for range n {
		kvs = append(kvs, new(memory.KV))
	}
	if err := store.CreateDivided(kvs, engine.Installation{1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	var parts []*store.Store
	for _, kv := range kvs {
		s, err := store.Open(kv)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, s)
	}
	return store.Join(parts)
}

// happened is something that a part keeps, and when it was.
type happened struct {
	at   engine.Instant
	what string
	part int
}

// happen commits inputs in the parts, at instants that many of them share, and returns what is in the audit trail: each command in the
// part where it happened, and common ones in all parts.
func happen(t *testing.T, dice *rand.Rand, s *store.Store, inputs int) (all []happened) {
	t.Helper()
	parts, now := s.Parts(), noon
	commit := func(part int, e *engine.AuditEntry) {
		state, err := parts[part].State()
		if err != nil {
			t.Fatal(err)
		}
		state.Seq, state.Stamp = state.Seq+1, now
		in := &engine.Input{By: &byOps, Payload: &engine.Note{Did: e.Did, Profile: e.Profile}}
		e.Seq, e.At, e.By = state.Seq, now, byOps
		b := &engine.Batch{State: state, Journal: []engine.Journaled{{Seq: state.Seq, Stamp: now, Input: in}}}
		if dice.IntN(3) > 0 || e.Common() {
			b.Audit = []*engine.AuditEntry{e}
		}
		if err := parts[part].Commit(b); err != nil {
			t.Fatal(err)
		}
		if len(b.Audit) > 0 && (part == 0 || !e.Common()) {
			all = append(all, happened{now, e.Did + e.Profile, part})
		}
	}
	for i := range inputs {
		now = now.Add(time.Duration(dice.IntN(3)) * time.Millisecond)
		if dice.IntN(20) > 0 {
			commit(dice.IntN(len(parts)), &engine.AuditEntry{Did: fmt.Sprint("command ", i), Profile: fmt.Sprint("person ", i%5)})
			continue
		}
		for part := range parts {
			commit(part, &engine.AuditEntry{Did: engine.DidDeployFlows, After: fmt.Appendf(nil, `{"f":"%d"}`, i)})
		}
	}
	slices.SortStableFunc(all, func(a, b happened) int { // in a part as they came
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.part - b.part
	})
	return all
}

// TestJoinedLogs reads what happened in 2 to 16 parts page by page: every entry comes once, newest first, whatever the size of a page
// and although many instants are the same.
func TestJoinedLogs(t *testing.T) {
	for seed := range uint64(12) {
		dice := rand.New(rand.NewPCG(seed, 5))
		s := dividedStore(t, []int{2, 4, 16}[seed%3])
		want := happen(t, dice, s, 200)
		slices.Reverse(want)
		for _, limit := range []int{1, 2, 7, 500} {
			var got []happened
			for before, more := uint64(0), true; more; more = before != 0 {
				page, next, err := s.Audit(store.AuditQuery{Before: before, Limit: limit})
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range page {
					got = append(got, happened{e.At, e.Did + e.Profile, int(e.Seq) % len(s.Parts())})
				}
				before = next
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: pages of %d have %d entries, want %d", seed, limit, len(got), len(want))
			}
		}
		checkForwards(t, s, want)
		checkJournal(t, s)
	}
}

// checkForwards reads the audit trail from each of its entries on.
func checkForwards(t *testing.T, s *store.Store, newestFirst []happened) {
	t.Helper()
	left := len(newestFirst)
	all, _, err := s.AuditFrom(0, 1<<20, func(*engine.AuditEntry) bool { return true })
	if err != nil || len(all) != left {
		t.Fatalf("%d entries, want %d; %v", len(all), left, err)
	}
	for i, e := range all {
		from, more, err := s.AuditFrom(e.Seq, 5, func(*engine.AuditEntry) bool { return true })
		if err != nil || len(from) != min(5, left-i) || more != (left-i > 5) || from[0].Seq != e.Seq || e.Did+e.Profile != newestFirst[left-1-i].what {
			t.Fatalf("from %d: %d entries, more: %t; %v", e.Seq, len(from), more, err)
		}
	}
}

// checkJournal holds that the journal has each input once, by time, and that it can be read on from each of them.
func checkJournal(t *testing.T, s *store.Store) {
	t.Helper()
	var all []*engine.Journaled
	read := func(from uint64, limit int) (page []*engine.Journaled) {
		if err := s.EntriesAfter(from, func(j *engine.Journaled) bool {
			page = append(page, j)
			return len(page) < limit
		}); err != nil {
			t.Fatal(err)
		}
		return page
	}
	all = read(0, 1<<20)
	state, err := s.State()
	if err != nil || state.Seq != all[len(all)-1].Seq {
		t.Fatalf("the last input is %d, the state says %d; %v", all[len(all)-1].Seq, state.Seq, err)
	}
	inputs, seen := 0, map[uint64]bool{}
	for _, p := range s.Parts() {
		own, err := p.State()
		if err != nil {
			t.Fatal(err)
		}
		inputs += int(own.Seq)
	}
	for i, j := range all {
		if seen[j.Seq] || i > 0 && j.Stamp < all[i-1].Stamp {
			t.Fatalf("input %d comes twice, or too late", j.Seq)
		}
		seen[j.Seq] = true
		if next := read(j.Seq, 1); i+1 < len(all) && next[0].Seq != all[i+1].Seq || i+1 == len(all) && len(next) > 0 {
			t.Fatalf("behind input %d comes another one than %d", j.Seq, all[i+1].Seq)
		}
	}
	if len(all) != inputs {
		t.Fatalf("the journal has %d inputs, want %d", len(all), inputs)
	}
}

// TestJoinedLogsPurged drops the oldest inputs in one part only, or in all. A cursor whose entry is gone goes on at the next one that is
// left, and what the store says to have dropped is a place in the joined journal.
func TestJoinedLogsPurged(t *testing.T) {
	for seed := range uint64(6) {
		s := dividedStore(t, 4)
		all := happen(t, rand.New(rand.NewPCG(seed, 6)), s, 150)
		middle := all[len(all)/2]
		for i := len(all) / 2; strings.HasPrefix(middle.what, engine.DidDeployFlows); i++ { // several have the same words
			middle = all[i]
		}
		cursor := uint64(0)
		for before, more := uint64(0), true; more; more = before != 0 && cursor == 0 {
			page, next, err := s.Audit(store.AuditQuery{Before: before, Limit: 1})
			if err != nil {
				t.Fatal(err)
			}
			if page[0].Did+page[0].Profile == middle.what {
				cursor = page[0].Seq
			}
			before = next
		}
		for part, p := range s.Parts() {
			if part == middle.part || seed%2 == 0 {
				if _, err := p.PurgeJournal(middle.at + 1); err != nil {
					t.Fatal(err)
				}
			}
		}
		older, _, err := s.Audit(store.AuditQuery{Before: cursor, Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range older {
			if int(e.Seq)%4 == middle.part || seed%2 == 0 && e.At <= middle.at {
				t.Errorf("seed %d: entry %d at %s was dropped", seed, e.Seq, e.At)
			}
		}
		newer, _, err := s.AuditFrom(cursor, 1<<20, func(*engine.AuditEntry) bool { return true })
		if err != nil || !slices.IsSortedFunc(newer, func(a, b *engine.AuditEntry) int { return int(a.At - b.At) }) {
			t.Fatalf("seed %d: entries out of order, %v", seed, err)
		}
		count := 0
		for _, x := range all {
			if x.at > middle.at {
				count++
			}
		}
		if len(newer) < count || seed%2 == 0 && len(newer)+len(older) > count {
			t.Errorf("seed %d: %d entries from %d on and %d before, %d are later", seed, len(newer), cursor, len(older), count)
		}
		gone, err := s.Purged()
		if err != nil || gone.Journal == 0 || gone.Stamp > middle.at {
			t.Fatalf("seed %d: dropped is %+v; %v", seed, gone, err)
		}
		if seed%2 == 0 {
			if err := s.Entries(gone.Journal, func(j *engine.Journaled) bool {
				if j.Stamp < gone.Stamp {
					t.Errorf("seed %d: input %d is from before what was dropped", seed, j.Seq)
				}
				return false
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestJoinedDeploys holds that a deploy, which every part applies, is shown once, and that its entry in the audit trail and its proposal
// have its number.
func TestJoinedDeploys(t *testing.T) {
	s := dividedStore(t, 4)
	if _, err := s.AddProposal(&store.Proposal{At: noon, By: byOps, Digest: "d"}, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	for part, p := range s.Parts() {
		state, err := p.State()
		if err != nil {
			t.Fatal(err)
		}
		state.Seq, state.Stamp = uint64(3+part), noon
		if err := p.Commit(&engine.Batch{State: state, Audit: []*engine.AuditEntry{
			{Seq: state.Seq - 1, At: noon, By: byOps, Did: engine.DidDeployFlows, On: "1", After: []byte(`{"f":"v1"}`)},
			{Seq: state.Seq, At: noon + 1, By: byOps, Did: engine.DidDeployFlows, Before: []byte(`{"f":"v1"}`), After: []byte(`{"f":"v2"}`)},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	items, _, err := s.DeployHistory(store.DeployCursor{}, 10)
	if err != nil || len(items) != 2 || items[0].Deploy == nil || items[1].Proposal == nil {
		t.Fatalf("the history is %+v, %v", items, err)
	}
	trail, _, err := s.Audit(store.AuditQuery{Limit: 10})
	if err != nil || len(trail) != 2 || trail[0].Seq != items[0].Deploy.Seq || trail[1].Seq != items[1].Proposal.Seq || trail[1].On != "1" {
		t.Errorf("the audit trail is %+v, %v", trail, err)
	}
	if of, err := s.FlowDeploys("f", 10); err != nil || len(of) != 2 || of[0].After != "v2" {
		t.Errorf("the deploys of the flow are %+v, %v", of, err)
	}
}

// TestJoinedRefusals reads refusals of a person from all parts, page by page.
func TestJoinedRefusals(t *testing.T) {
	s := dividedStore(t, 4)
	want := map[string]int{}
	for n := range 90 {
		x := &store.Refusal{At: noon.Add(time.Duration(n/3) * time.Second), Code: fmt.Sprint("code ", n), Profile: []string{"ann", "bob", ""}[n%3]}
		want[x.Profile]++
		if err := s.Parts()[n*7%4].NoteArrivals(nil, []*store.Refusal{x}, 0); err != nil {
			t.Fatal(err)
		}
	}
	want[""] = 90
	for profile, n := range want {
		for _, limit := range []int{1, 2, 7} {
			var at []engine.Instant
			seen := map[string]bool{}
			for before, more := uint64(0), true; more; more = before != 0 {
				page, next, err := s.Refusals(store.RefusalQuery{Profile: profile, Before: before, Limit: limit})
				if err != nil {
					t.Fatal(err)
				}
				for _, x := range page {
					at, seen[x.Code] = append(at, -x.At), true
				}
				before = next
			}
			if len(at) != n || len(seen) != n || !slices.IsSorted(at) {
				t.Errorf("%q by %d: %d refusals, %d of them different, want %d", profile, limit, len(at), len(seen), n)
			}
		}
	}
}

// TestJoinedWrites holds that what belongs to no part is kept by the first one, that each person is with their own part, and that all
// parts have one key for the hashes of forgotten people.
func TestJoinedWrites(t *testing.T) {
	s := dividedStore(t, 4)
	if err := s.AddJob(&store.Job{ID: "01", Kind: "retry"}, 10); err != nil {
		t.Fatal(err)
	}
	if j, err := s.Parts()[0].Job("01"); err != nil || j.Kind != "retry" {
		t.Errorf("the first part has the job %+v, %v", j, err)
	}
	if jobs, _, err := s.Jobs(store.JobQuery{}); err != nil || len(jobs) != 1 {
		t.Errorf("the jobs are %+v, %v", jobs, err)
	}
	for _, person := range strings.Fields("ann bob cid dee eve") {
		p := s.PartOf(person)
		state, err := p.State()
		if err != nil {
			t.Fatal(err)
		}
		if state.Partition.Number != engine.PartitionOf(person, 4) {
			t.Errorf("the part of %s is %+v", person, state.Partition)
		}
		state.Seq, state.Stamp = state.Seq+1, state.Stamp+1
		if err := p.Commit(&engine.Batch{State: state, Forgotten: []string{person}, Audit: []*engine.AuditEntry{{Seq: state.Seq, At: state.Stamp, Did: "forget person", On: person, Profile: person}}}); err != nil {
			t.Fatal(err)
		}
		for more := true; more; {
			if more, err = p.Erase(); err != nil {
				t.Fatal(err)
			}
		}
		found, _, err := s.Audit(store.AuditQuery{Profile: person})
		if err != nil || len(found) != 1 || found[0].Profile != "" {
			t.Errorf("of %s, who is forgotten, the trail says %+v, %v", person, found, err)
		}
	}
	if got, err := s.PartOfRun(engine.RunID{9: 200}); got != s.Parts()[0] || err != nil {
		t.Error("a run of a part that there is not belongs to another part than the first")
	}
	one := dividedStore(t, 1)
	if of, err := one.PartOfRun(engine.RunID{}); one.Parts()[0] != one || one.PartOf("ann") != one || of != one || err != nil {
		t.Error("one part is not itself")
	}
}
