package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

func openEmpty(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// deployed commits a deploy of the trail.
func deployed(t *testing.T, s *store.Store, seq uint64, at engine.Instant, proposal string, change string) {
	t.Helper()
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	state.Seq, state.Stamp = seq, at
	e := &engine.AuditEntry{Seq: seq, At: at, By: engine.Actor{Name: "bob"}, Did: engine.DidDeployFlows, On: proposal}
	if change != "" {
		e.After = json.RawMessage(change)
	}
	if err := s.Commit(&engine.Batch{State: state, Audit: []*engine.AuditEntry{e}}); err != nil {
		t.Fatal(err)
	}
}

func propose(t *testing.T, s *store.Store, by, digest string, at engine.Instant) *store.Proposal {
	t.Helper()
	p, err := s.AddProposal(&store.Proposal{At: at, By: engine.Actor{Name: by}, Digest: digest}, []byte(`{"files":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// history lists the whole history by pages of a size.
func history(t *testing.T, s *store.Store, limit int) (words []string) {
	t.Helper()
	for c := (store.DeployCursor{}); ; {
		items, next, err := s.DeployHistory(c, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			if i.Proposal != nil {
				words = append(words, fmt.Sprint("proposal ", i.Proposal.Number))
			} else {
				words = append(words, fmt.Sprint("deploy ", i.Deploy.Seq))
			}
		}
		if next == (store.DeployCursor{}) {
			return words
		}
		c = next
	}
}

func TestDeployHistory(t *testing.T) {
	s := openEmpty(t)
	deployed(t, s, 1, 10, "", `{"a":"1"}`)
	deployed(t, s, 2, 20, "", "") // changed nothing
	propose(t, s, "ann", "x", 30)
	propose(t, s, "ann", "y", 40)
	deployed(t, s, 3, 50, "", `{"a":"2"}`)
	deployed(t, s, 4, 60, "1", `{"a":"3"}`) // is shown as its proposal
	propose(t, s, "ann", "z", 70)
	deployed(t, s, 5, 80, "99", `{"a":"4"}`) // whose proposal is not there
	want := "[deploy 5 proposal 3 deploy 3 proposal 2 proposal 1 deploy 1]"
	for _, limit := range []int{1, 2, 3, 5, 6, 50} {
		if got := fmt.Sprint(history(t, s, limit)); got != want {
			t.Errorf("by pages of %d: %s, want %s", limit, got, want)
		}
	}
}

// TestLongHistory reads the history of large projects by pages that end early.
func TestLongHistory(t *testing.T) {
	s := openEmpty(t)
	many := make([]engine.FlowVersion, 2000)
	for i := range many {
		many[i] = engine.FlowVersion{Flow: strings.Repeat("f", 1000) + fmt.Sprint(i), Version: "v"}
	}
	for n := range 7 {
		if _, err := s.AddProposal(&store.Proposal{At: engine.Instant(n + 1), Digest: fmt.Sprint(n), Next: many}, []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		deployed(t, s, uint64(n+1), engine.Instant(n+1), "", `{"a":"1"}`)
	}
	items, next, err := s.DeployHistory(store.DeployCursor{}, 50)
	if err != nil || len(items) >= 14 || next == (store.DeployCursor{}) {
		t.Errorf("the first page has %d items, %v", len(items), err)
	}
	want := "[proposal 7 deploy 7 proposal 6 deploy 6 proposal 5 deploy 5 proposal 4 deploy 4 proposal 3 deploy 3 proposal 2 deploy 2 proposal 1 deploy 1]"
	if got := fmt.Sprint(history(t, s, 50)); got != want {
		t.Errorf("by pages: %s, want %s", got, want)
	}
}

func TestProposals(t *testing.T) {
	s := openEmpty(t)
	first := propose(t, s, "ann", "x", 1)
	if again := propose(t, s, "ann", "x", 2); again.Number != first.Number || again.At != 1 {
		t.Errorf("proposed twice: %+v", again)
	}
	if other := propose(t, s, "bob", "x", 2); other.Number != 2 {
		t.Errorf("somebody else proposes the same: %+v", other)
	}
	if files, err := s.ProposalFiles(1); err != nil || string(files) != `{"files":[]}` {
		t.Errorf("the files are %s, %v", files, err)
	}
	deployed(t, s, 1, 5, "1", `{"a":"1"}`)
	p, err := s.Proposal(1)
	if err != nil || p.State != store.ProposalApproved || p.Decider.Name != "bob" || p.Decided != 5 || p.Seq != 1 {
		t.Errorf("approved: %+v, %v", p, err)
	}
	if files, err := s.ProposalFiles(1); err != nil || files != nil {
		t.Errorf("an approved proposal has the files %s, %v", files, err)
	}
	if p, err := s.WithdrawProposal(1, engine.Actor{Name: "ann"}, 6); err != nil || p.State != store.ProposalApproved {
		t.Errorf("withdrawn after it was approved: %+v, %v", p, err)
	}
	if p, err := s.WithdrawProposal(2, engine.Actor{Name: "ann"}, 6); err != nil || p.State != store.ProposalWithdrawn || p.Decided != 6 {
		t.Errorf("withdrawn: %+v, %v", p, err)
	}
	if p, err := s.Proposal(9); err != nil || p != nil {
		t.Errorf("there is a proposal 9: %+v, %v", p, err)
	}
	for n := range store.MaxOpenProposals {
		propose(t, s, "ann", fmt.Sprint(n), 7)
	}
	if _, err := s.AddProposal(&store.Proposal{Digest: "more"}, []byte(`{}`)); !errors.Is(err, store.ErrManyProposals) {
		t.Errorf("beyond the limit: %v", err)
	}
}

func TestDropDeploys(t *testing.T) {
	s := openEmpty(t)
	deployed(t, s, 1, 10, "", `{"a":"1"}`)
	propose(t, s, "ann", "x", 20)
	deployed(t, s, 2, 30, "", `{"a":"2"}`)
	propose(t, s, "ann", "y", 40)
	if _, err := s.DropDeploys(30, 100, false); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(history(t, s, 50)); got != "[proposal 2 deploy 2]" {
		t.Errorf("left: %s", got)
	}
	if files, err := s.ProposalFiles(1); err != nil || files != nil {
		t.Errorf("the files of a dropped proposal are %s, %v", files, err)
	}
	if _, err := s.DropDeploys(1000, 100, false); err != nil {
		t.Fatal(err)
	}
	if p := propose(t, s, "ann", "z", 2000); p.Number != 3 {
		t.Errorf("after everything was dropped, the next number is %d", p.Number)
	}
	if n, err := s.DropDeploys(50, 100, false); err != nil || n == 0 {
		t.Errorf("the one before the newest stays: %d, %v", n, err)
	}
}

// TestForgottenInReviews forgets a person after a review was done, and during another one.
func TestForgottenInReviews(t *testing.T) {
	kv := new(memory.KV)
	s, err := store.Open(kv)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	p, err := s.AddProposal(&store.Proposal{Note: "as zoe said, not zoella", By: engine.Actor{Name: "zoe"}}, []byte(`{"files":[]}`))
	must(err)
	result := []byte(`{"changes":{"added":2},"people":[{"profile":"zoe","before":1},{"profile":"bob","added":[{"key":"k\u002d1","flow":"zoe"},{"key":"zoe","flow":"b"}]}]}`)
	begun := map[string]*store.Review{"backtest": {Kind: "backtest", Job: "1", Verdict: "2 new"}, "plan": {Kind: "plan", Job: "2"}}
	for _, v := range begun {
		must(s.AddJob(&store.Job{ID: v.Job, State: store.JobRunning}, 10))
		must(s.BeginReview(p.Number, v))
	}
	done := *begun["backtest"]
	done.Done, done.Result = 5, result
	must(s.EndReview(p.Number, &done))
	must(s.BeginReview(p.Number, begun["backtest"])) // late: the job was faster
	state, err := s.State()
	must(err)
	must(s.Commit(&engine.Batch{State: state, Forgotten: []string{"zoe"}}))
	for more := true; more; {
		more, err = s.Erase()
		must(err)
	}
	late := *begun["plan"]
	late.Done, late.Result = 6, result
	must(s.EndReview(p.Number, &late))
	all, err := s.Reviews(p.Number)
	must(err)
	if len(all) != 2 || all[0].Kind != "plan" || all[1].Kind != "backtest" || all[1].Verdict != "2 new" || all[1].Done != 5 {
		t.Fatalf("the reviews are %+v", all)
	}
	for _, v := range all {
		if got := string(v.Result); got != `{"changes":{"added":2},"people":[{"added":[{"flow":"zoe","key":"k-1"}],"profile":"bob"}]}` {
			t.Errorf("the %s is %s", v.Kind, got)
		}
	}
	if p, err := s.Proposal(p.Number); err != nil || p.Note != "as (forgotten) said, not zoella" || p.By.Name != "zoe" {
		t.Errorf("the proposal is %+v, %v", p, err)
	}
	if err := s.EndReview(p.Number, &store.Review{Kind: "plan", Job: "9"}); !errors.Is(err, store.ErrNoJob) {
		t.Errorf("of a job that is not there: %v", err)
	}
	must(s.EndReview(9, &late)) // of a proposal that is not there any more
}

// TestMentions exports what jobs, proposals and reviews say about one person, and nothing of others; forgetting leaves nothing of it.
func TestMentions(t *testing.T) {
	s, err := store.Open(new(memory.KV))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	p, err := s.AddProposal(&store.Proposal{Note: "as zoe said", By: engine.Actor{Name: "ops"}}, []byte(`{"files":["zoe"],"of":{"profile":"zoe"}}`))
	must(err)
	_, err = s.AddProposal(&store.Proposal{Note: "as zoella said", By: engine.Actor{Name: "ops"}}, []byte(`{}`))
	must(err)
	review := &store.Review{Kind: "plan", Job: "3", By: engine.Actor{Name: "eve"}}
	must(s.AddJob(&store.Job{ID: "1", Kind: "retry runs", State: store.JobDone, Params: []byte(`{"filter":{"profile":"zoe","flow":"f"},"reason":"zoe called","runs":1}`)}, 10))
	must(s.AddJob(&store.Job{ID: "2", Kind: "retry runs", State: store.JobDone, Params: []byte(`{"filter":{"profile":"bob","flow":"zoe"}}`)}, 10))
	must(s.AddJob(&store.Job{ID: "3", Kind: "plan a deploy", State: store.JobRunning, Params: []byte(`{"people":["bob","zoe"]}`)}, 10))
	must(s.BeginReview(p.Number, review))
	done := *review
	done.Done, done.Result = 5, []byte(`{"people":[{"profile":"zoe","before":1},{"profile":"bob","note":"zoe"}]}`)
	must(s.EndReview(p.Number, &done))
	if all, err := s.Reviews(p.Number); err != nil || len(all) != 1 || all[0].By.Name != "eve" || all[0].Job != "3" || all[0].Done != 5 {
		t.Errorf("the reviews are %+v, %v", all, err)
	}
	mentions := func() (all []string) {
		for place := (store.AboutPlace{}); !place.Ended(); {
			found, err := s.About("zoe", &place)
			must(err)
			for _, a := range found {
				if m := a.Mention; m != nil {
					all = append(all, fmt.Sprintf("%s %d %s %s", m.Job, m.Proposal, m.Kind, m.Says))
				}
			}
		}
		return all
	}
	want := []string{
		`1 0 retry runs [{"flow":"f","profile":"zoe"} {"reason":"zoe called"}]`,
		`3 0 plan a deploy [{"people":"zoe"}]`,
		fmt.Sprintf(` %d proposal [{"note":"as zoe said"}]`, p.Number),
		fmt.Sprintf(`3 %d plan [{"before":1,"profile":"zoe"}]`, p.Number),
	}
	if got := mentions(); !slices.Equal(got, want) {
		t.Errorf("it has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	_, err = s.ChangeJob("3", func(j *store.Job) { j.State = store.JobDone })
	must(err)
	state, err := s.State()
	must(err)
	must(s.Commit(&engine.Batch{State: state, Forgotten: []string{"zoe"}}))
	for more := true; more; {
		more, err = s.Erase()
		must(err)
	}
	if got := mentions(); len(got) > 0 {
		t.Errorf("forgetting left\n%s", strings.Join(got, "\n"))
	}
}
