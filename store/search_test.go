package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// searched is a loop over a store whose people can be found.
type searched struct {
	t     *testing.T
	store *store.Store
	loop  *runner.Loop
}

func newSearched(t *testing.T) *searched {
	t.Helper()
	s, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	return &searched{t, s, runner.NewLoop(s, core, 1)}
}

func (x *searched) apply(p engine.Payload) {
	x.t.Helper()
	_, err := x.loop.Step(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), []*runner.Group{{Inputs: []*engine.Input{{Payload: p}}}})
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *searched) knows(id, attributes string) {
	x.t.Helper()
	x.apply(&engine.ProfileChange{Profile: id, Set: []byte(attributes)})
}

// index makes the whole index, and returns how many slices that took.
func (x *searched) index() (slices int) {
	x.t.Helper()
	for more := true; more; slices++ {
		var err error
		if more, err = x.store.IndexPeople(); err != nil {
			x.t.Fatal(err)
		}
	}
	return slices
}

// found is who is found, page by page, and whether somebody may be missing.
func (x *searched) found(q store.PeopleQuery) (ids string, incomplete bool) {
	x.t.Helper()
	var all []string
	for q.Limit = max(q.Limit, 2); ; {
		page, err := x.store.ListPeople(q)
		if err != nil {
			x.t.Fatal(err)
		}
		for _, p := range page.People {
			all = append(all, p.ID)
		}
		if incomplete = incomplete || page.Incomplete; page.Next == "" {
			return strings.Join(all, " "), incomplete
		}
		q.After = page.Next
	}
}

func (x *searched) finds(field, value, want string) {
	x.t.Helper()
	if got, incomplete := x.found(store.PeopleQuery{Field: field, Value: value}); got != want || incomplete {
		x.t.Errorf("%s=%s finds %q (incomplete: %v), want %q", field, value, got, incomplete, want)
	}
}

func (x *searched) whole() {
	x.t.Helper()
	report, err := x.store.Check()
	if err != nil || len(report.Problems) > 0 {
		x.t.Errorf("the store has problems: %v %v", err, report.Problems)
	}
}

// TestFindByField holds that the index follows what is known of people, their end included.
func TestFindByField(t *testing.T) {
	x := newSearched(t)
	x.apply(&engine.Deploy{Marks: "profile: { city: search string, size: search number, vip: search boolean }\n"})
	x.index()
	long := strings.Repeat("x", 500)
	for i, id := range []string{"bob", "ann", "cid", "dan-2"} {
		x.knows(id, fmt.Sprintf(`{"city":"Rome","size":%d,"vip":%v,"note":"Rome"}`, i/2, i > 1))
	}
	x.finds("city", "Rome", "ann bob cid dan-2")
	x.finds("size", "1", "cid dan-2")
	x.finds("vip", "true", "cid dan-2")
	x.finds("note", "Rome", "")
	x.knows("ann", `{"city":"`+long+`","size":1.0}`)
	x.knows("bob", `{"city":null}`)
	x.apply(&engine.ProfileChange{Profile: "cid", Forget: true})
	x.finds("city", "Rome", "dan-2")
	x.finds("city", long, "ann")
	x.finds("size", "1", "ann dan-2")
	x.whole()
}

// TestIndexFollowsTheMarks holds that an index of people who were there before is made in slices, that an answer
// says so until then, and that of a field which is no longer marked nothing stays.
func TestIndexFollowsTheMarks(t *testing.T) {
	x := newSearched(t)
	for i := range 2500 {
		x.knows(fmt.Sprintf("p%04d", i), fmt.Sprintf(`{"city":"c%d","plan":"p%d"}`, i%1250, i%1250))
	}
	kv := x.store
	loopless := func(marks string) { // a commit without the upkeep of a loop
		state, err := kv.State()
		if err != nil {
			t.Fatal(err)
		}
		state.Seq++
		if err := kv.Commit(&engine.Batch{State: state, Journal: []engine.Journaled{{Seq: state.Seq, Stamp: state.Stamp, Input: &engine.Input{Payload: &engine.Deploy{Marks: marks}}}}}); err != nil {
			t.Fatal(err)
		}
	}
	loopless("profile: { city: search string }\n")
	if _, incomplete := x.found(store.PeopleQuery{Field: "city", Value: "c7"}); !incomplete {
		t.Error("an index that is not made yet says that it is complete")
	}
	x.whole()
	if n := x.index(); n < 3 {
		t.Errorf("the index of 2,500 people took %d slices", n)
	}
	x.finds("city", "c7", "p0007 p1257")
	loopless("profile: { plan: search string }\n")
	loopless("profile: { plan: search string, city: search string }\n") // before the old entries went
	x.index()
	x.finds("city", "c7", "p0007 p1257")
	x.finds("plan", "p7", "p0007 p1257")
	x.whole()
	loopless("")
	x.index()
	if got, _ := x.found(store.PeopleQuery{Field: "city", Value: "c7"}); got != "" {
		t.Errorf("by a field that is not marked any more %s is found", got)
	}
	x.whole()
}

// TestListPeople holds the order of the list, and that of a prefix.
func TestListPeople(t *testing.T) {
	x := newSearched(t)
	ids := []string{"b", "a", "aa", "ab", "ba", "abc", "a" + strings.Repeat("z", 199), "a" + strings.Repeat("b", 254), "b" + strings.Repeat("b", 130)}
	for _, id := range ids {
		x.knows(id, `{"n":1}`)
	}
	all, _ := x.found(store.PeopleQuery{})
	if got := strings.Fields(all); len(got) != len(ids) || got[0] != "a" || got[4] != "ba" {
		t.Errorf("the list is %q", got)
	}
	with, _ := x.found(store.PeopleQuery{Prefix: "a"})
	var want []string
	for _, id := range strings.Fields(all) {
		if strings.HasPrefix(id, "a") {
			want = append(want, id)
		}
	}
	if got := strings.Fields(with); !slices.Equal(got, want) || len(got) != 6 {
		t.Errorf("the list of those with a is %q, want %q", got, want)
	}
	if got, _ := x.found(store.PeopleQuery{Prefix: "abcd"}); got != "" {
		t.Errorf("nobody begins so, and found is %q", got)
	}
}

// TestListIsBounded holds that a page looks at a limited number of people, and says where it stopped.
func TestListIsBounded(t *testing.T) {
	x := newSearched(t)
	for i := range 2100 {
		x.knows(fmt.Sprintf("p%04d", i), `{"n":1}`)
	}
	asked := 0
	q := store.PeopleQuery{Limit: 10, Match: func(p *engine.Person) (bool, error) { asked++; return p.ID == "p2050", nil }}
	page, err := x.store.ListPeople(q)
	if err != nil || len(page.People) != 0 || page.Next != "p1999" || asked != 2000 {
		t.Fatalf("%d people, next %q, %d asked, %v", len(page.People), page.Next, asked, err)
	}
	q.After = page.Next
	if page, err = x.store.ListPeople(q); err != nil || len(page.People) != 1 || page.Next != "" {
		t.Errorf("%d people, next %q, %v", len(page.People), page.Next, err)
	}
}
