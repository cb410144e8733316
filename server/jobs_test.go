package server_test

import (
	"context"
	"testing"

	"nudge/engine"
	"nudge/runner/bulk"
	"nudge/runner/jobs"
	"nudge/server"
	"nudge/store"
)

// withJobs lets a server do jobs, and returns their manager.
func withJobs(t *testing.T, m **jobs.Manager) func(*server.Config) {
	return func(c *server.Config) {
		*m = jobs.New(jobs.Config{Store: c.Store})
		must(t, (*m).Open())
		t.Cleanup((*m).Close)
		c.Jobs = *m
	}
}

// TestFieldsInside: a field inside of another is named with its path, and is held to the names of its own object.
func TestFieldsInside(t *testing.T) {
	var m *jobs.Manager
	s := start(t, shop, withJobs(t, &m), func(c *server.Config) {
		c.Bulk = bulk.New(c.Store, nil, m)
	})
	s.run("7", "ann")
	for body, texts := range map[string][]string{
		`{"filter": {"limit": 1}, "dry_run": true}`:                          {`"field":"filter.limit"`, `is not a field of filter; `, "message_status"},
		`{"filter": {"Flow": "order"}, "dry_run": true}`:                     {`"field":"filter.Flow"`, `did you mean \"flow\"`},
		`{"filter": {"flow": "order", "flow": "sale"}, "dry_run": true}`:     {`"field":"filter.flow"`, "filter.flow is given twice"},
		`{"filter": {"flow": "order"}, "expect": 1.5}`:                       {`"field":"expect"`, "must be a whole number, not 1.5"},
		`{"filter": {"flow": "odrer"}, "dry_run": true}`:                     {`"field":"filter.flow"`, `flow is no flow that there is or was; did you mean \"order\"?`},
		`{"filter": {"flow": "order", "step": "shiped"}, "dry_run": true}`:   {`"field":"filter.step"`, `\"shiped\" is no step of these flows; did you mean \"shipped\"?`},
		`{"filter": {"flow": "order", "arm": "b"}, "dry_run": true}`:         {`"field":"filter.arm"`, `\"b\" is no arm of these flows`},
		`{"filter": {"flow": "order", "line": "wait_9/x"}, "dry_run": true}`: {`"field":"filter.line"`, `\"wait_9\" is no step of these flows`},
	} {
		s.do("POST", "/v1/runs/cancel", body).is(400, texts...)
	}
	s.do("GET", "/v1/runs?flow=odrer", "").is(400, `did you mean \"order\"?`)
	s.do("GET", "/v1/runs?flow=order&step=shipped&line=x", "").is(200)
	s.do("POST", "/v1/flows", `{"files": [{"name": "nudge.yaml", "txt": ""}]}`).is(400, `"field":"files[0].txt"`, `is not a field of files[0]; did you mean \"text\"?`)
}

// TestJobs lists, shows and stops jobs.
func TestJobs(t *testing.T) {
	var m *jobs.Manager
	s := start(t, shop, withJobs(t, &m))
	half := make(chan struct{})
	first, err := m.Start(engine.Actor{Name: "ops"}, "plan deploy", map[string]string{"flow": "order"}, func(ctx context.Context, p *jobs.Task) (any, error) {
		p.Expect(10)
		p.Done(3)
		p.Skipped("ended meanwhile", 2)
		close(half)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	must(t, err)
	second, err := m.Start(engine.Actor{Name: "ops"}, "prove", nil, func(context.Context, *jobs.Task) (any, error) {
		return nil, &jobs.Problem{Detail: "too many outcomes", Hint: "prove fewer flows at once"}
	})
	must(t, err)
	<-half
	<-m.Ended(second.ID)
	s.do("GET", "/v1/jobs/"+first.ID, "").is(200, `"kind":"plan deploy"`, `"state":"running"`, `"by":{"name":"ops"}`, `"params":{"flow":"order"}`, `"progress":{"done":3,"total":10,"skipped":{"ended meanwhile":2}}`)
	s.do("GET", "/v1/jobs/"+second.ID, "").is(200, `"state":"failed"`, `"problem":"too many outcomes"`, `"hint":"prove fewer flows at once"`)
	var page struct {
		Jobs []server.Job
		Next string
	}
	s.do("GET", "/v1/jobs?limit=1", "").is(200).decode(&page)
	if len(page.Jobs) != 1 || page.Jobs[0].ID != second.ID || page.Next != second.ID {
		t.Errorf("the first page is %+v", page)
	}
	s.do("GET", "/v1/jobs?before="+page.Next, "").is(200, first.ID)
	s.do("GET", "/v1/jobs?kind=plan+deploy&state=running", "").is(200, first.ID)
	s.do("GET", "/v1/jobs?kind=zz", "").is(400, "kind must be retry runs, cancel runs, plan deploy")
	s.do("GET", "/v1/jobs?state=done&state=failed", "").is(400, "state is given 2 times; give it once")
	s.do("GET", "/v1/jobs?state=done", "").is(200, `"jobs":[]`)
	s.do("GET", "/v1/jobs?state=odd", "").is(400, "state must be waiting, running")
	s.do("GET", "/v1/jobs?sate=done", "").is(400, "sate is not a parameter here")
	s.do("GET", "/v1/jobs/nobody", "").is(404, "there is no job nobody")

	s.do("POST", "/v1/jobs/"+first.ID+"/stop", "").is(200, first.ID)
	<-m.Ended(first.ID)
	s.do("GET", "/v1/jobs/"+first.ID, "").is(200, `"state":"stopped"`, `"done":3`)
	s.do("POST", "/v1/jobs/"+first.ID+"/stop", "").is(409, "is over")
	s.do("POST", "/v1/jobs/nobody/stop", "").is(404, "there is no job nobody")
	s.do("GET", "/v1/audit?did=stop+job", "").is(200, `"did":"stop job"`, first.ID)
}

// TestNoJobs shows what a server without a manager of jobs answers.
func TestNoJobs(t *testing.T) {
	s := start(t, shop)
	must(t, s.store.AddJob(&store.Job{ID: "01JD0Q7V6T3M5R8W9X0Y1Z2A3B", Kind: "plan", State: store.JobDone}, 1))
	s.do("GET", "/v1/jobs", "").is(200, `"kind":"plan"`)
	s.do("GET", "/v1/jobs/01JD0Q7V6T3M5R8W9X0Y1Z2A3B", "").is(200, `"kind":"plan"`)
	s.do("POST", "/v1/jobs/01JD0Q7V6T3M5R8W9X0Y1Z2A3B/stop", "").is(501, "this server does no jobs")
}

// TestBulk counts what a retry of many is about, refuses it where that has grown, and lets a job do it.
func TestBulk(t *testing.T) {
	var m *jobs.Manager
	s := start(t, shop, func(c *server.Config) {
		m = jobs.New(jobs.Config{Store: c.Store})
		c.Jobs, c.Bulk = m, bulk.New(c.Store, c.Runner.(bulk.Runner), m)
		must(t, m.Open())
		t.Cleanup(m.Close)
	})
	fail := func(order string) string {
		id, sent := s.run(order, "p"+order)
		s.webhook(receipt("message.failed", sent)).is(200)
		s.ended(id)
		return id
	}
	first := fail("1")
	fail("2")
	s.run("3", "p3") // is live
	s.do("POST", "/v1/runs/retry", `{"filter": {"flow": "order"}, "dry_run": true}`).is(200, `"runs":2`, `"examples":[{"id":"`, `"at":"`)
	s.do("POST", "/v1/runs/retry", `{"filter": {"flow": "order"}, "expect": 1}`).is(409, "the filter selects 2 runs now, expected were 1", `"field":"expect"`)
	var list struct{ Groups []server.FailureGroup }
	s.do("GET", "/v1/runs/failures", "").is(200).decode(&list)
	var j server.Job
	s.do("POST", "/v1/runs/retry", `{"filter": {"failure": "`+list.Groups[0].ID+`"}, "expect": 2, "reason": "the numbers are right now"}`).is(202, `"kind":"retry runs"`).decode(&j)
	<-m.Ended(j.ID)
	s.do("GET", "/v1/jobs/"+j.ID, "").is(200, `"state":"done"`, `"result":{"counted":2,"done":2}`)
	<-s.posts
	<-s.posts
	if r := s.show(first); len(r.Messages) != 1 || r.Messages[0].Attempt != 2 {
		t.Errorf("the run is %+v", r)
	}
	s.do("GET", "/v1/audit?did=retry+runs", "").is(200, `"failure":"`+list.Groups[0].ID+`"`, `"reason":"the numbers are right now"`)
	s.do("GET", "/v1/audit?did=retry+run", "").is(200, `"entries":[]`)
	s.do("POST", "/v1/runs/cancel", `{"filter": {"status": "live"}, "dry_run": true}`).is(200, `"runs":3`)
	s.do("POST", "/v1/runs/cancel", `{"filter": {"status": "live"}, "expect": 3}`).is(202).decode(&j)
	<-m.Ended(j.ID)
	s.do("GET", "/v1/jobs/"+j.ID, "").is(200, `"result":{"counted":3,"done":3}`)
	for body, text := range map[string]string{
		`{"filter": {}, "dry_run": true}`:                             "the filter must have at least one field",
		`{"filter": {"flow": "order"}}`:                               "expect is required",
		`{"filter": {"flow": "order"}, "dry_run": true, "expect": 1}`: "expect does not go with dry_run",
		`{"filter": {"flow": "order"}, "expect": -1}`:                 "0 or more",
		`{"filter": {"status": "odd"}, "dry_run": true}`:              `"field":"filter.status"`,
		`{"filter": {"flwo": "order"}, "dry_run": true}`:              `flwo is not a field`,
	} {
		s.do("POST", "/v1/runs/retry", body).is(400, text)
	}
}
