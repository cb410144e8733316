package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/runner"
	"nudge/server"
	"nudge/store"
)

// persons are a token for each name, which may do everything, and the header with which it comes.
func persons(names ...string) func(*server.Config) {
	return func(c *server.Config) {
		c.Tokens = func() (all []server.Token) {
			for _, name := range names {
				all = append(all, server.NewToken(name, "the token of "+name))
			}
			return all
		}
	}
}

func second(c *server.Config) { c.SecondPerson = func() bool { return true } }

// by makes a request for a person.
func (s *service) by(name, method, path, body string) *answer {
	s.t.Helper()
	return s.do(method, path, body, "Authorization", "Bearer the token of "+name)
}

// proposal is a request that proposes a project.
func proposal(t *testing.T, note string, project map[string]string) string {
	return strings.Replace(deployment(t, project), "{", fmt.Sprintf(`{"note": %q, `, note), 1)
}

// propose proposes a project for a person.
func (s *service) propose(name string, project map[string]string) (d server.Deploy) {
	s.t.Helper()
	s.by(name, "POST", "/v1/deploys", proposal(s.t, "", project)).is(201).decode(&d)
	return d
}

// reworded is the shop with another text.
func reworded(text string) map[string]string {
	return with(shop, "flows/order.yaml", strings.Replace(shop["flows/order.yaml"], "is on its way", text, 1))
}

func TestProposal(t *testing.T) {
	s := start(t, shop, persons("ann", "bob"), second)
	state, err := s.store.State()
	must(t, err)
	old := state.Active[0].Version
	var d server.Deploy
	s.by("ann", "POST", "/v1/deploys", proposal(t, "a shorter text", with(reworded("comes"), "flows/hello.yaml", hello))).is(201, `"state":"open"`, `"note":"a shorter text"`).decode(&d)
	if d.ID != "1" || d.By.Name != "ann" || len(d.Changes) != 2 || d.Changes[0].Flow != "hello" || d.Changes[0].Before != "" ||
		d.Changes[1].Before != old || fmt.Sprint(d.Changes[1].Files) != "[flows/order.yaml]" {
		t.Errorf("proposed is %+v", d)
	}
	if again := s.propose("bob", with(reworded("comes"), "flows/hello.yaml", hello)); again.ID != "2" {
		t.Errorf("another person's proposal is %+v", again)
	}
	s.by("ann", "POST", "/v1/deploys", proposal(t, "a shorter text", with(reworded("comes"), "flows/hello.yaml", hello))).is(201, `"id":"1"`)
	s.by("ann", "GET", "/v1/flows", "").is(200, `"version":"`+old+`","active":true`)
	s.by("ann", "GET", "/v1/deploys/1/files", "").is(200, `"name":"flows/hello.yaml"`, "}} comes")
	s.by("ann", "GET", "/v1/deploys/1/files?of=active", "").is(200, `"name":"flows/order.yaml"`, "is on its way")
	s.by("ann", "GET", "/v1/deploys/1/files?of=next", "").is(400, `"field":"of"`)

	s.by("ann", "POST", "/v1/deploys/1/approve", "").is(403, "urn:nudge:problem:second-person", "nobody approves an own proposal")
	s.by("bob", "POST", "/v1/deploys/1/approve", "").is(200, `"state":"approved"`, `"decided_by":{"name":"bob"`)
	s.by("bob", "POST", "/v1/deploys/1/approve", "").is(200, `"state":"approved"`) // an answer that was lost
	s.by("ann", "POST", "/v1/deploys/1/approve", "").is(409, "bob has approved the proposal 1")
	s.by("ann", "POST", "/v1/deploys/1/withdraw", "").is(409, "bob has approved the proposal 1")
	s.by("ann", "GET", "/v1/deploys/1/files", "").is(409, "kept while it is open")
	s.by("ann", "GET", "/v1/flows", "").is(200, `"version":"`+d.Changes[1].After+`","active":true`, `"version":"`+d.Changes[0].After+`","active":true`)
	s.by("ann", "GET", "/v1/audit?did=deploy+flows&on=1", "").is(200, `"name":"bob"`, d.Changes[1].After)
	s.by("ann", "GET", "/v1/audit?did=propose+deploy", "").is(200, `"proposal":"1"`, `"proposal":"2"`)
	if page := s.history(); fmt.Sprint(page) != "[2 open by bob 1 approved by ann]" {
		t.Errorf("the history is %v", page)
	}
	s.by("bob", "POST", "/v1/deploys", proposal(t, "", with(reworded("comes"), "flows/hello.yaml", hello))).is(409, "urn:nudge:problem:unchanged")
}

// history lists the history, newest first.
func (s *service) history() (words []string) {
	s.t.Helper()
	for path := "/v1/deploys?limit=1"; ; {
		var page struct {
			Deploys []server.Deploy
			Next    string
		}
		s.by("ann", "GET", path, "").is(200).decode(&page)
		for _, d := range page.Deploys {
			words = append(words, strings.TrimSpace(fmt.Sprintf("%s %s by %s", d.ID, d.State, d.By.Name)))
		}
		if page.Next == "" {
			return words
		}
		path = "/v1/deploys?limit=1&before=" + page.Next
	}
}

// A proposal is approved against the flows of when it was proposed, or not at all.
func TestStaleProposal(t *testing.T) {
	s := start(t, with(shop, "flows/hello.yaml", hello), persons("ann", "bob"))
	mine := s.propose("ann", with(reworded("comes"), "flows/hello.yaml", hello))
	other := s.propose("ann", with(shop, "flows/hello.yaml", strings.Replace(hello, "Hello", "Hi", 1)))
	s.by("bob", "POST", "/v1/flows", deployment(t, with(reworded("is late"), "flows/hello.yaml", hello))).is(200)
	s.by("ann", "GET", "/v1/deploys/"+mine.ID, "").is(200, `"state":"stale"`, `"overtaken":["order"]`)
	s.by("bob", "POST", "/v1/deploys/"+mine.ID+"/approve", "").is(409, "urn:nudge:problem:stale", "another deploy has changed order: propose it again")
	// The other one does not touch that flow, and would take back what was deployed.
	s.by("bob", "POST", "/v1/deploys/"+other.ID+"/approve", "").is(409, "urn:nudge:problem:stale", "has changed order")
	s.by("bob", "POST", "/v1/deploys/"+other.ID+"/withdraw", "").is(200, `"state":"withdrawn"`)
	s.by("bob", "POST", "/v1/deploys/"+other.ID+"/withdraw", "").is(200, `"state":"withdrawn"`)
	s.by("bob", "POST", "/v1/deploys/"+other.ID+"/approve", "").is(409, "urn:nudge:problem:decided", "bob has withdrawn the proposal 2")
	again := s.propose("ann", with(reworded("comes soon"), "flows/hello.yaml", hello))
	s.by("ann", "POST", "/v1/deploys/"+again.ID+"/approve", "").is(200, `"state":"approved"`) // nobody else is needed here
	page := s.history()
	slices.Sort(page) // two of them may be of one millisecond
	if strings.Join(page, ", ") != "1 stale by ann, 2 withdrawn by ann, 3 approved by ann, deployed by bob" {
		t.Errorf("the history is %v", page)
	}
}

func TestSecondPerson(t *testing.T) {
	s := start(t, shop, persons("ann", "bob"), second, func(c *server.Config) {
		c.Reload = func(context.Context, *engine.Actor) (diag.List, error) { return nil, errors.New("it was reloaded") }
	})
	s.by("ann", "POST", "/v1/flows", deployment(t, reworded("comes"))).is(403, "urn:nudge:problem:second-person", "nudge flows deploy --propose")
	s.by("ann", "POST", "/-/reload", "").is(403, "urn:nudge:problem:second-person")
	s.by("ann", "POST", "/v1/flows/plan", deployment(t, reworded("comes"))).is(200)
	if page := s.history(); len(page) != 0 {
		t.Errorf("the history is %v", page)
	}
}

func TestProposalRefused(t *testing.T) {
	s := start(t, shop, persons("ann", "bob"))
	broken := with(shop, "flows/hello.yaml", "flow: hello\ntrigger: { event: signed.up }\nsteps:\n  - sned: hi\n")
	s.by("ann", "POST", "/v1/deploys", proposal(t, "", broken)).is(422, `"field":"flows/hello.yaml:4:5"`, `unknown key \"sned\"`)
	s.by("ann", "POST", "/v1/deploys", proposal(t, "", shop)).is(409, "urn:nudge:problem:unchanged")
	s.by("ann", "POST", "/v1/deploys", proposal(t, strings.Repeat("x", 2001), reworded("comes"))).is(400, `"field":"note"`, "2000 bytes")
	s.by("ann", "POST", "/v1/deploys", `{"files": []}`).is(400, `"field":"files"`)
	for _, path := range []string{"7", "01", "x", "-1"} {
		s.by("ann", "GET", "/v1/deploys/"+path, "").is(404, "there is no proposal")
		s.by("ann", "POST", "/v1/deploys/"+path+"/approve", "").is(404)
		s.by("ann", "POST", "/v1/deploys/"+path+"/withdraw", "").is(404)
	}
	s.by("ann", "GET", "/v1/deploys?before=x", "").is(400, `"field":"before"`)
	s.by("ann", "GET", "/v1/deploys?state=open", "").is(400, `"field":"state"`)
	for n := range store.MaxOpenProposals {
		s.propose("ann", reworded(fmt.Sprint("comes ", n)))
	}
	s.by("ann", "POST", "/v1/deploys", proposal(t, "", reworded("comes"))).is(409, "urn:nudge:problem:many-proposals", "20 proposals are open")
}

// Everybody decides at once, and one of them has decided.
func TestDecideAtOnce(t *testing.T) {
	s := start(t, shop, persons("ann", "bob", "cid"))
	d := s.propose("ann", reworded("comes"))
	var all sync.WaitGroup
	answers := make([]*answer, 6)
	for i := range answers {
		all.Go(func() {
			verb := []string{"approve", "withdraw"}[i%2]
			answers[i] = s.by([]string{"ann", "bob", "cid"}[i/2], "POST", "/v1/deploys/"+d.ID+"/"+verb, "")
		})
	}
	all.Wait()
	winners := 0
	var is server.Deploy
	s.by("ann", "GET", "/v1/deploys/"+d.ID, "").is(200).decode(&is)
	for _, a := range answers {
		if a.status != 200 {
			continue
		}
		var got server.Deploy
		must(t, json.Unmarshal([]byte(a.body), &got))
		if winners++; got.State != is.State || got.DecidedBy.Name != is.DecidedBy.Name {
			t.Errorf("somebody was told that it is %s by %s, and it is %s by %s", got.State, got.DecidedBy.Name, is.State, is.DecidedBy.Name)
		}
	}
	state, err := s.store.State()
	must(t, err)
	if deployed := state.Active[0].Version == d.Changes[0].After; winners != 1 || deployed != (is.State == "approved") {
		t.Errorf("%d have decided, it is %s, and deployed is %v", winners, is.State, deployed)
	}
}

// What is proposed may be large, so a disk that is nearly full takes no more of it.
func TestProposalOnAFullDisk(t *testing.T) {
	var full atomic.Bool
	full.Store(true)
	s := start(t, shop, persons("ann"), func(c *server.Config) { c.Full = full.Load })
	s.by("ann", "POST", "/v1/deploys", proposal(t, "", reworded("comes"))).is(503, "urn:nudge:problem:disk-full")
	full.Store(false)
	s.by("ann", "POST", "/v1/deploys", proposal(t, "", reworded("comes"))).is(201, `"id":"1"`)
}

// busyRunner takes nothing.
type busyRunner struct{ server.Runner }

func (busyRunner) Submit(context.Context, ...*engine.Input) ([]engine.Answer, error) {
	return nil, runner.ErrBusy
}

// A proposal that leaves no entry in the audit trail is none.
func TestProposalWithoutAnEntry(t *testing.T) {
	s := start(t, shop, persons("ann"), func(c *server.Config) { c.Runner = busyRunner{c.Runner} })
	s.by("ann", "POST", "/v1/deploys", proposal(t, "", reworded("comes"))).is(429)
	if p, err := s.store.Proposal(1); p != nil || err != nil {
		t.Errorf("there is %+v, %v", p, err)
	}
}

// TestApprovedMarks holds that an approved project's private fields are private from then on.
func TestApprovedMarks(t *testing.T) {
	s := start(t, shop, persons("ann", "bob"))
	made := s.propose("ann", with(shop, "nudge.yaml", shop["nudge.yaml"]+"\nprofile: { phone: private optional string }\n"))
	s.by("bob", "POST", "/v1/deploys/"+made.ID+"/approve", "").is(200)
	if marks, err := s.store.Marks(); err != nil || !strings.Contains(marks, "private optional string") {
		t.Errorf("the marks are %q, %v", marks, err)
	}
}

// TestProposalKeepsNoSecrets: everybody who may read sees the files of a proposal. So it keeps what flows need, whatever was sent.
func TestProposalKeepsNoSecrets(t *testing.T) {
	s := start(t, shop, persons("ann"))
	sent := with(reworded("comes"), "nudge.yaml", shop["nudge.yaml"]+"webhooks: { secret: \"not for all eyes\" }\ntokens: { app: \"nor is this one of them\" }\n")
	sent["notes/plan.txt"] = base64.StdEncoding.EncodeToString([]byte("nobody needs this"))
	d := s.propose("ann", sent)
	var kept struct{ Files []flows.File }
	s.by("ann", "GET", "/v1/deploys/"+d.ID+"/files", "").is(200).decode(&kept)
	if len(kept.Files) != 2 || kept.Files[0].Name != "flows/order.yaml" || kept.Files[1].Name != "nudge.yaml" {
		t.Fatalf("kept are %+v", kept.Files)
	}
	if config := kept.Files[1].Text; !strings.Contains(config, "order.returned") || strings.Contains(config, "webhooks") || strings.Contains(config, "tokens") {
		t.Errorf("nudge.yaml is %s", config)
	}
}
