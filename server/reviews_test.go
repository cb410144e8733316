package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"nudge/engine"
	"nudge/runner/jobs"
	"nudge/server"
	"nudge/whatif/review"
)

// reviewed starts a job about a proposal, and returns the review once the job is over.
func (s *service) reviewed(m *jobs.Manager, id, kind, body string) (v server.Review) {
	s.t.Helper()
	var job server.Job
	s.by("bob", "POST", "/v1/deploys/"+id+"/"+kind, body).is(202, `"kind":"`+kind+` deploy"`, `"params":{"proposal":"`+id+`"}`).decode(&job)
	<-m.Ended(job.ID)
	var d server.Deploy
	s.by("ann", "GET", "/v1/deploys/"+id, "").is(200).decode(&d)
	for _, v := range d.Reviews {
		if v.Kind == kind {
			if v.Job != job.ID || v.By.Name != "bob" || v.Verdict != "" && !strings.Contains(d.Verdict, v.Verdict) {
				s.t.Errorf("the proposal shows %+v for the job %s", d, job.ID)
			}
			return v
		}
	}
	s.t.Fatalf("%s is not among %+v", kind, d.Reviews)
	return v
}

// moving is the shop with another text, a promise that it breaks, and a migration.
var moving = with(shop, "flows/order.yaml", strings.NewReplacer("is on its way", "comes", "entry:", "promises: { ends: 1h }\nmigrate: [ { from: wait_1, exit: moved } ]\nentry:").Replace(shop["flows/order.yaml"]))

func TestReviews(t *testing.T) {
	var m *jobs.Manager
	s := start(t, shop, persons("ann", "bob"), withJobs(t, &m))
	for _, order := range []string{"7", "8"} {
		var answer engine.Answer
		s.by("ann", "POST", "/v1/events", `{"type": "order.shipped", "data": {"order_id": "`+order+`", "customer": "cid"}}`).is(200).decode(&answer)
		<-s.posts
		s.untilWaits(answer.Decisions[0].Run)
	}
	state, err := s.store.State()
	must(t, err)
	d := s.propose("ann", moving)

	v := s.reviewed(m, d.ID, "plan", "")
	var plan review.Plan
	must(t, json.Unmarshal(v.Result, &plan))
	if v.State != "done" || v.Verdict != "0 runs moved, 2 ended" || plan.Ends != 2 || len(plan.Flows) != 1 || plan.Flows[0].Parked[0].To != "moved" {
		t.Errorf("the plan is %+v", v)
	}
	v = s.reviewed(m, d.ID, "prove", "")
	var proof review.Proof
	must(t, json.Unmarshal(v.Result, &proof))
	if v.Verdict != "1 promise can be broken, 1 of them new" || len(proof.Broken) != 1 || proof.Broken[0].What != "ends: 1h" || !strings.Contains(proof.Broken[0].Test, "tests:") {
		t.Errorf("the proof is %+v", v)
	}
	v = s.reviewed(m, d.ID, "backtest", `{"days": 3}`)
	var tested review.Backtest
	must(t, json.Unmarshal(v.Result, &tested))
	if v.Verdict != "2 messages would have been 2: 2 reworded" || tested.Inputs != 2 {
		t.Errorf("the backtest is %+v", v)
	}
	after, err := s.store.State()
	must(t, err)
	if fmt.Sprint(after.Active) != fmt.Sprint(state.Active) || len(s.posts) > 0 {
		t.Error("a review has changed something")
	}

	s.by("ann", "GET", "/v1/audit?did=plan+deploy", "").is(200, `"name":"bob"`, `"proposal":"1"`)
	s.by("bob", "POST", "/v1/deploys/1/approve", `{"expect": -1}`).is(400, `"field":"expect"`, "must be a whole number, 0 or more, not -1")
	s.by("bob", "POST", "/v1/deploys/1/approve", `{"expect": 1}`).is(409, "urn:nudge:problem:grown", "it would move or end 2 runs now, and 1 were expected")
	s.by("bob", "POST", "/v1/deploys/1/approve", `{"expect": 2}`).is(200)
	s.by("bob", "POST", "/v1/deploys/1/approve", `{"expect": 0}`).is(200) // it is done
	s.by("bob", "GET", "/v1/deploys/1", "").is(200, `"old":true`, `"verdict":"0 runs moved, 2 ended; 2 messages`)
	s.by("bob", "POST", "/v1/deploys/1/plan", "").is(409, "urn:nudge:problem:decided")
}

func TestReviewRefused(t *testing.T) {
	var m *jobs.Manager
	s := start(t, shop, persons("ann", "bob"), withJobs(t, &m))
	d := s.propose("ann", moving)
	for body, text := range map[string]string{`{"days": 0}`: "from 1 to 400", `{"days": 401}`: "from 1 to 400", `{"receipts": "kind"}`: "unread or like-others", `{"day": 1}`: "did you mean"} {
		s.by("bob", "POST", "/v1/deploys/"+d.ID+"/backtest", body).is(400, text)
	}
	s.by("bob", "POST", "/v1/deploys/9/prove", "").is(404)
	if v := s.reviewed(m, d.ID, "backtest", ""); v.State != "failed" || v.Problem != "the journal has no input in the last 7 days" || v.Hint == "" {
		t.Errorf("a backtest of nothing is %+v", v)
	}
	s.by("ann", "GET", "/v1/deploys/"+d.ID, "").is(200, `"verdict":"the backtest failed"`)
	if v := s.reviewed(m, d.ID, "backtest", `{"days": 1}`); v.Problem != "the journal has no input in the last 1 day" {
		t.Errorf("a backtest of a day is %+v", v)
	}
	without := start(t, shop, persons("ann", "bob"))
	without.propose("ann", moving)
	without.by("bob", "POST", "/v1/deploys/1/plan", "").is(501, "this server does no jobs")
}

// TestReviewsOfParts is TestReviews over 4 partitions.
func TestReviewsOfParts(t *testing.T) {
	divide(t, 4)
	t.Run("done", TestReviews)
	t.Run("refused", TestReviewRefused)
}

// While a job is under way, nobody starts another one for the same answer.
func TestReviewUnderWay(t *testing.T) {
	var m *jobs.Manager
	s := start(t, shop, persons("ann", "bob"), withJobs(t, &m))
	d := s.propose("ann", moving)
	for range 2 { // as many as work at a time
		_, err := m.Start(engine.Actor{Name: "ops"}, "other work", nil, func(ctx context.Context, _ *jobs.Task) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		must(t, err)
	}
	var first, again server.Job
	s.by("ann", "POST", "/v1/deploys/"+d.ID+"/prove", "").is(202).decode(&first)
	s.by("bob", "POST", "/v1/deploys/"+d.ID+"/prove", "").is(202).decode(&again)
	if first.ID != again.ID {
		t.Errorf("asked for twice, there are %s and %s", first.ID, again.ID)
	}
	s.by("bob", "GET", "/v1/deploys/"+d.ID, "").is(200, `"kind":"prove","state":"waiting"`)
	s.by("bob", "POST", "/v1/jobs/"+first.ID+"/stop", "").is(200)
	s.by("bob", "GET", "/v1/deploys/"+d.ID, "").is(200, `"kind":"prove","state":"stopped"`)
}
