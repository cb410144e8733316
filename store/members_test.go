package store_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

// member is a person of a campaign, under a hash whose order is that of the number.
func member(campaign uint64, n int) *engine.Member {
	m := &engine.Member{MemberKey: engine.MemberKey{Campaign: campaign}}
	binary.BigEndian.PutUint32(m.Person[:], uint32(n))
	binary.BigEndian.PutUint32(m.Run[:], uint32(n))
	return m
}

func memberStore(t *testing.T) (*memory.KV, *store.Store) {
	t.Helper()
	kv := new(memory.KV)
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	return kv, s
}

func commit(t *testing.T, s *store.Store, b *engine.Batch) {
	t.Helper()
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	b.State = state
	if err := s.Commit(b); err != nil {
		t.Fatal(err)
	}
}

// TestMembers holds that who is in a campaign is found again, and that a sweep takes the people after the last one, in slices, and none
// of another campaign.
func TestMembers(t *testing.T) {
	kv, s := memberStore(t)
	b := &engine.Batch{Members: []*engine.Member{member(7, 1), member(9, 1)}}
	for n := range engine.MaxSweep + 3 {
		b.Members = append(b.Members, member(8, n+1))
	}
	commit(t, s, b)
	loaded, err := s.Load(&engine.Needs{Members: []engine.MemberKey{member(8, 3).MemberKey, member(7, 2).MemberKey, member(7, 1).MemberKey}})
	if err != nil || len(loaded.Members) != 2 || *loaded.Members[0] != *member(7, 1) || *loaded.Members[1] != *member(8, 3) {
		t.Errorf("loaded %v, %v", loaded.Members, err)
	}
	var seen []int
	for after := (engine.PersonHash{}); ; {
		loaded, err := s.Load(&engine.Needs{Sweeps: []engine.Sweep{{Campaign: 8, After: after}}})
		if err != nil {
			t.Fatal(err)
		}
		if len(loaded.Members) == 0 {
			break
		}
		if len(seen) == 0 && len(loaded.Members) != engine.MaxSweep {
			t.Errorf("a slice has %d people", len(loaded.Members))
		}
		for _, m := range loaded.Members {
			if m.Campaign != 8 || m.Run != member(8, int(binary.BigEndian.Uint32(m.Person[:]))).Run {
				t.Errorf("swept %+v", m)
			}
			seen = append(seen, int(binary.BigEndian.Uint32(m.Person[:])))
		}
		after = loaded.Members[len(loaded.Members)-1].Person
	}
	if len(seen) != engine.MaxSweep+3 || seen[0] != 1 || !slices.IsSorted(seen) || len(slices.Compact(seen)) != engine.MaxSweep+3 {
		t.Errorf("a sweep sees %d people from %d on", len(seen), seen[0])
	}
	if err := kv.Update(func(w store.Writer) error { return w.Put(store.Members, []byte("short"), nil) }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(&engine.Needs{Sweeps: []engine.Sweep{{Campaign: 9, After: member(9, 1).Person}}}); err == nil {
		t.Error("a damaged key is no mistake")
	}
}

// TestSweepsBringTheirRuns: the runs of the people whom a sweep covers are loaded with it, once and in order.
func TestSweepsBringTheirRuns(t *testing.T) {
	kv := campaign(t)
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.List(store.Query{RunFilter: store.RunFilter{Flow: "news"}, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	run := page.Runs[0]
	loaded, err := s.Load(&engine.Needs{Runs: []engine.RunID{run.ID}, Sweeps: []engine.Sweep{{Campaign: run.Campaign}}})
	if err != nil || len(loaded.Members) != 1 || len(loaded.Runs) != 1 || loaded.Runs[0].ID != run.ID || len(loaded.Campaigns) != 1 {
		t.Errorf("loaded %d members, %d runs, %d campaigns: %v", len(loaded.Members), len(loaded.Runs), len(loaded.Campaigns), err)
	}
}

// TestDrop holds that the people of settled campaigns are dropped slice by slice, and those of others stay.
func TestDrop(t *testing.T) {
	kv, s := memberStore(t)
	if more, err := s.Drop(); more || err != nil {
		t.Errorf("nothing is settled: %v, %v", more, err)
	}
	const slice = 2000
	b := &engine.Batch{Members: []*engine.Member{member(7, 1), member(9, 1)}}
	for n := range slice + 1 {
		b.Members = append(b.Members, member(8, n+1))
	}
	commit(t, s, b)
	if err := kv.Update(func(w store.Writer) error { return w.Put(store.Settled, binary.BigEndian.AppendUint64(nil, 8), nil) }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		more          bool
		left, settled int
	}{{true, 3, 1}, {true, 2, 0}, {false, 2, 0}} {
		more, err := s.Drop()
		left, settled := keysOf(t, kv, store.Members), keysOf(t, kv, store.Settled)
		if err != nil || more != want.more || len(left) != want.left || len(settled) != want.settled {
			t.Errorf("more %v, %d people, %d settled, %v; want %+v", more, len(left), len(settled), err, want)
		}
	}
	// A campaign of exactly one slice needs another look.
	b.Members = b.Members[2 : 2+slice]
	commit(t, s, b)
	if err := kv.Update(func(w store.Writer) error { return w.Put(store.Settled, binary.BigEndian.AppendUint64(nil, 8), nil) }); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		var err error
		if more, err = s.Drop(); err != nil {
			t.Fatal(err)
		}
	}
	if left, settled := keysOf(t, kv, store.Members), keysOf(t, kv, store.Settled); len(left) != 2 || len(settled) != 0 {
		t.Errorf("%d people and %d settled campaigns are left", len(left), len(settled))
	}
}

// TestReadsOfInputs holds that derived inputs, common commands and what is owed come back in order, that a partition has only its own, and
// that a damaged record is an error and not the end.
func TestReadsOfInputs(t *testing.T) {
	kv, s := memberStore(t)
	b := &engine.Batch{}
	for n := uint64(1); n <= 3; n++ {
		b.Derived = append(b.Derived, &engine.Input{Derived: n, Depth: 1, Payload: &engine.Dequeue{Flow: "f", Profile: fmt.Sprint("p", n)}})
		b.Owed = append(b.Owed, engine.Owed{To: 2, Input: &engine.Input{Origin: &engine.Origin{Number: n}, Payload: &engine.Call{Flow: "f", Profile: fmt.Sprint("q", n)}}})
		if err := s.AddCommand(&engine.Input{Origin: &engine.Origin{From: 4, Number: n}, Payload: &engine.Control{Outbound: engine.OutboundHold}}); err != nil {
			t.Fatal(err)
		}
	}
	b.Owed = append(b.Owed, engine.Owed{To: 3, Input: &engine.Input{Origin: &engine.Origin{Number: 1}, Payload: &engine.Call{Flow: "f", Profile: "other"}}})
	commit(t, s, b)
	derived, err := s.Derived()
	if err != nil || len(derived) != 3 || derived[0].Derived != 1 || derived[2].Payload.(*engine.Dequeue).Profile != "p3" {
		t.Errorf("derived: %v, %v", derived, err)
	}
	for _, test := range []struct {
		to    int
		after uint64
		limit int
		want  string
	}{{2, 0, 10, "[q1 q2 q3]"}, {2, 1, 10, "[q2 q3]"}, {2, 0, 2, "[q1 q2]"}, {2, 3, 10, "[]"}, {3, 0, 10, "[other]"}, {1, 0, 10, "[]"}} {
		owed, err := s.OwedTo(test.to, test.after, test.limit)
		var got []string
		for _, in := range owed {
			got = append(got, in.Payload.(*engine.Call).Profile)
		}
		if err != nil || fmt.Sprint(got) != test.want {
			t.Errorf("owed to %d after %d, at most %d: %v, %v, want %s", test.to, test.after, test.limit, got, err, test.want)
		}
	}
	numbers := func(after uint64) (all []uint64) {
		commands, err := s.Commands(after)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range commands {
			all = append(all, c.Origin.Number)
		}
		return all
	}
	if got := numbers(0); !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Errorf("commands %v", got)
	}
	if got := numbers(2); !slices.Equal(got, []uint64{3}) {
		t.Errorf("commands after 2: %v", got)
	}
	if err := s.DropCommands(2); err != nil {
		t.Fatal(err)
	}
	if got := numbers(0); !slices.Equal(got, []uint64{3}) {
		t.Errorf("commands after a drop: %v", got)
	}
	for _, bucket := range []store.Bucket{store.Derived, store.Commands, store.Owed} {
		breakRecord(t, kv, bucket, keysOf(t, kv, bucket)[0])
	}
	if in, err := s.Derived(); err == nil {
		t.Errorf("of damaged derived inputs %d are read", len(in))
	}
	if in, err := s.Commands(0); err == nil {
		t.Errorf("of damaged commands %d are read", len(in))
	}
	if in, err := s.OwedTo(2, 0, 10); err == nil {
		t.Errorf("of damaged debts %d are read", len(in))
	}
}

// TestPeopleAreVisited holds that all stored profiles are visited, shorter ids first, until the visitor has enough, and that a damaged one is
// an error.
func TestPeopleAreVisited(t *testing.T) {
	kv, s := memberStore(t)
	commit(t, s, &engine.Batch{People: []*engine.Person{{ID: "bob", Attributes: []byte(`{"a":1}`)}, {ID: "al", Attributes: []byte(`{"a":1}`)}, {ID: "ann", Attributes: []byte(`{"a":1}`)}}})
	visit := func(most int) (ids []string, err error) {
		err = s.People(func(p *engine.Person) bool {
			ids = append(ids, p.ID)
			return len(ids) < most
		})
		return ids, err
	}
	if ids, err := visit(9); err != nil || !slices.Equal(ids, []string{"al", "ann", "bob"}) {
		t.Errorf("visited %v, %v", ids, err)
	}
	if ids, err := visit(2); err != nil || !slices.Equal(ids, []string{"al", "ann"}) {
		t.Errorf("visited %v, %v", ids, err)
	}
	if p, err := s.Person("ann"); err != nil || p == nil || string(p.Attributes) != `{"a":1}` {
		t.Errorf("ann is %+v, %v", p, err)
	}
	if p, err := s.Person("cid"); err != nil || p != nil {
		t.Errorf("cid is %+v, %v", p, err)
	}
	breakRecord(t, kv, store.Profiles, keysOf(t, kv, store.Profiles)[1])
	if ids, err := visit(9); err == nil || !slices.Equal(ids, []string{"al"}) {
		t.Errorf("visited %v, %v", ids, err)
	}
	if p, err := s.Person("ann"); err == nil {
		t.Errorf("ann is %+v", p)
	}
}

// TestMarksAreKept: the marks of a project are those of its last deploy.
func TestMarksAreKept(t *testing.T) {
	kv, s := memberStore(t)
	for n, marks := range []string{"profile: { a: private string }\n", "profile: { b: private string }\n", ""} {
		commit(t, s, &engine.Batch{Journal: []engine.Journaled{{Seq: uint64(n + 1), Input: &engine.Input{Payload: &engine.Deploy{Marks: marks}}}}})
		if got, err := s.Marks(); err != nil || got != marks {
			t.Errorf("the marks are %q, %v; want %q", got, err, marks)
		}
	}
	commit(t, s, &engine.Batch{Journal: []engine.Journaled{{Seq: 9, Input: &engine.Input{Payload: &engine.Deploy{Marks: "profile: { c: private string }\n"}}}}})
	breakRecord(t, kv, store.Meta, []byte("marks"))
	if got, err := s.Marks(); err == nil {
		t.Errorf("damaged marks are %q", got)
	}
}

// TestRunsOfCampaigns: a run that no campaign started, and one that it left out, are runs of no campaign.
func TestRunsOfCampaigns(t *testing.T) {
	kv, s := memberStore(t)
	run := func(i int, campaign uint64, status engine.RunStatus) engine.Change {
		r := waiting(i, 1)
		r.Campaign, r.Status = campaign, status
		return engine.Change{After: r}
	}
	commit(t, s, &engine.Batch{Changes: []engine.Change{run(1, 0, engine.Waiting), run(2, 7, engine.LeftOut), run(3, 7, engine.Waiting)}})
	if keys := keysOf(t, kv, store.CampaignRuns); len(keys) != 1 || !bytes.HasPrefix(keys[0], binary.BigEndian.AppendUint64(nil, 7)) {
		t.Errorf("runs of campaigns: %x", keys)
	}
}

// TestAuditLooks holds that a page of the trail looks at so many entries, also if none matches, and says where to go on.
func TestAuditLooks(t *testing.T) {
	_, s := memberStore(t)
	b := &engine.Batch{}
	for n := uint64(1); n <= 6; n++ {
		b.Audit = append(b.Audit, &engine.AuditEntry{Seq: n, At: engine.Instant(n), Did: fmt.Sprint("did ", n%3)})
	}
	commit(t, s, b)
	for _, test := range []struct {
		q    store.AuditQuery
		want string
		next uint64
	}{
		{store.AuditQuery{Look: 2, Limit: 9, Did: "did 1"}, "[]", 5}, {store.AuditQuery{Look: 2, Limit: 9, Did: "did 1", Before: 5}, "[4]", 3}, {store.AuditQuery{Limit: 9}, "[6 5 4 3 2 1]", 0},
		{store.AuditQuery{Limit: 2}, "[6 5]", 5}, {store.AuditQuery{Limit: 9, Before: 3}, "[2 1]", 0}, {store.AuditQuery{Limit: 9, Look: 6, Did: "did 1"}, "[4 1]", 0}, {store.AuditQuery{Did: "did 1"}, "[4]", 4},
	} {
		entries, next, err := s.Audit(test.q)
		var seqs []uint64
		for _, e := range entries {
			seqs = append(seqs, e.Seq)
		}
		if got := fmt.Sprint(seqs); err != nil || got != test.want || next != test.next {
			t.Errorf("%+v: %s, next %d, %v; want %s, %d", test.q, got, next, err, test.want, test.next)
		}
	}
}

// TestRepairNumbers: after a repair no derived input takes the number of another, whatever the state says.
func TestRepairNumbers(t *testing.T) {
	kv, s := memberStore(t)
	b := &engine.Batch{}
	for n := uint64(1); n <= 3; n++ {
		b.Derived = append(b.Derived, &engine.Input{Derived: n, Depth: 1, Payload: &engine.Dequeue{Flow: "f", Profile: "ann"}})
	}
	commit(t, s, b)
	fixed, _ := repaired(t, &salvage{kv: kv, gone: nothing})
	again, err := store.Open(fixed)
	if err != nil {
		t.Fatal(err)
	}
	if state, err := again.State(); err != nil || state.Derived != 3 {
		t.Errorf("the last derived input is %d, %v", state.Derived, err)
	}
}

// TestJoinedState: the state of all parts is as of the newest input of any, also if there was only one.
func TestJoinedState(t *testing.T) {
	s := dividedStore(t, 2)
	if state, err := s.State(); err != nil || state.Seq != 0 || state.Stamp != 0 {
		t.Errorf("before the first input it is %d at %d, %v", state.Seq, state.Stamp, err)
	}
	for n, part := range []int{1, 0, 1} {
		p := s.Parts()[part]
		state, err := p.State()
		if err != nil {
			t.Fatal(err)
		}
		state.Seq, state.Stamp = state.Seq+1, engine.Instant(n+1)
		if err := p.Commit(&engine.Batch{State: state}); err != nil {
			t.Fatal(err)
		}
		if all, err := s.State(); err != nil || all.Stamp != engine.Instant(n+1) || all.Seq == 0 {
			t.Errorf("after input %d it is %d at %d, %v", n+1, all.Seq, all.Stamp, err)
		}
	}
}

// TestRestoredHolds: a restored store is another installation, and lets nothing out until somebody has looked. Where the old one is gone, it
// stays the same.
func TestRestoredHolds(t *testing.T) {
	for _, gone := range []bool{false, true} {
		kv := inUse(t)
		s, err := store.Open(kv)
		if err != nil {
			t.Fatal(err)
		}
		before, err := s.State()
		if err != nil || before.Killed {
			t.Fatal(before.Killed, err)
		}
		told, _, err := store.Restore([]store.KV{kv}, store.Restoring{Gone: gone})
		if err != nil {
			t.Fatal(err)
		}
		after, err := s.State()
		if err != nil || !after.Killed || !told.Killed || (after.Installation == before.Installation) != gone {
			t.Errorf("the old one is gone: %v; killed %v, installation %v after %v, %v", gone, after.Killed, after.Installation, before.Installation, err)
		}
	}
}
