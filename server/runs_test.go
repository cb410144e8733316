package server_test

import (
	"fmt"
	"slices"
	"testing"

	"nudge/server"
)

type page struct {
	Runs []server.Run
	Next string
}

func TestRunsPage(t *testing.T) {
	s := start(t, shop)
	var want []string
	for i := range 7 {
		id, _ := s.run(fmt.Sprint(i), fmt.Sprint("p", i%2))
		want = append(want, id)
	}
	slices.Reverse(want)
	var got []string
	for before := ""; ; {
		var p page
		s.do("GET", "/v1/runs?limit=3&flow=order&before="+before, "").is(200).decode(&p)
		for _, r := range p.Runs {
			got = append(got, r.ID)
		}
		if before = p.Next; before == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the pages hold %v, want %v", got, want)
	}
	var of page
	s.do("GET", "/v1/runs?profile=p1&status=live", "").is(200).decode(&of)
	if len(of.Runs) != 3 || of.Runs[0].Profile != "p1" {
		t.Errorf("runs of p1: %+v", of.Runs)
	}
	s.do("GET", "/v1/runs?profile=nobody", "").is(200, `"runs":[]`)
	s.do("GET", "/v1/runs?flow=none", "").is(400, "flow is no flow that there is or was")
}

func TestRunsParametersAreChecked(t *testing.T) {
	s := start(t, shop)
	for query, text := range map[string]string{
		"flwo=x":       `flwo is not a parameter here; did you mean \"flow\"?`,
		"status=alive": "status must be live or ended",
		"limit=0":      "limit must be a number from 1 to 500",
		"limit=many":   "limit must be a number from 1 to 500",
		"before=7":     "before must be a run ID",

		"quarantined=perhaps":         "quarantined must be true or false",
		"quarantined=true&flow=order": "flow does not go with quarantined",
	} {
		s.do("GET", "/v1/runs?"+query, "").is(400, text, `"errors":[{"field":`)
	}
}

func TestRunIsShownWithItsTimeline(t *testing.T) {
	s := start(t, shop)
	id, sent := s.run("7", "ann")
	s.webhook(receipt("message.read", sent)).is(200)
	r := s.show(id)
	if r.Status != "ended" || r.Outcome != "completed" || r.Key != "7" || r.StartedBy != "order.shipped" {
		t.Errorf("the run is %+v", r)
	}
	if len(r.Messages) != 1 || r.Messages[0].Status != "read" || r.Messages[0].Step != "shipped" {
		t.Errorf("its messages are %+v", r.Messages)
	}
	last := r.Timeline[len(r.Timeline)-1]
	if last.Text != "ended: completed" || last.Kind != "ended" {
		t.Errorf("its last entry is %+v", last)
	}
	s.do("GET", "/v1/runs/00000000000000000000000000", "").is(404, "there is no run 0000")
	s.do("GET", "/v1/runs/seven", "").is(404, `\"seven\" is not a run ID`)
}

func TestCancel(t *testing.T) {
	s := start(t, shop)
	id, _ := s.run("7", "ann")
	s.do("POST", "/v1/runs/"+id+"/cancel", `{"raison": "x"}`).is(400, `did you mean \"reason\"?`)
	s.do("POST", "/v1/runs/"+id+"/cancel", `{"reason": "wrong address"}`).is(200, `"did":"cancelled"`, "wrong address")
	if r := s.show(id); r.Outcome != "cancelled" {
		t.Errorf("the outcome is %q", r.Outcome)
	}
	s.do("POST", "/v1/runs/"+id+"/cancel", "").is(409, "the run ended")
	s.do("POST", "/v1/runs/00000000000000000000000000/cancel", "").is(404, "there is no run")
	other, _ := s.run("8", "ann")
	s.do("POST", "/v1/runs/"+other+"/cancel", "").is(200)
}

// TestFailures lists what went wrong, and leads from a group to its runs.
func TestFailures(t *testing.T) {
	s := start(t, shop)
	s.do("GET", "/v1/runs/failures", "").is(200, `{"groups":[]}`)
	id, sent := s.run("7", "ann")
	s.run("8", "bob")
	s.webhook(receipt("message.failed", sent)).is(200)
	var list struct{ Groups []server.FailureGroup }
	s.do("GET", "/v1/runs/failures?flow=order&status=failed", "").is(200).decode(&list)
	if len(list.Groups) != 1 {
		t.Fatalf("the groups are %+v", list.Groups)
	}
	g := list.Groups[0]
	if g.What != "message" || g.Status != "failed" || g.Flow != "order" || g.Step != "shipped" || g.Runs != 1 || g.Newest.Run != id || g.Newest.Profile != "ann" {
		t.Errorf("the group is %+v", g)
	}
	var p page
	s.do("GET", "/v1/runs?failure="+g.ID, "").is(200).decode(&p)
	if len(p.Runs) != 1 || p.Runs[0].ID != id {
		t.Errorf("its runs are %+v", p.Runs)
	}
	s.do("GET", "/v1/runs?message_status=failed&step=shipped", "").is(200, id)
	s.do("GET", "/v1/runs/failures?flow=none", "").is(200, `{"groups":[]}`)
	s.do("GET", "/v1/runs/failures?flwo=none", "").is(400, "flwo is not a parameter here")
	for query, text := range map[string]string{
		"message_status=lost": "message_status must be planned, held",
		"failure=x":           "failure must be the ID of a group",
		"started_from=monday": "started_from must be a time in RFC 3339",
		"campaign=none":       "campaign is not the ID of a campaign",
	} {
		s.do("GET", "/v1/runs?"+query, "").is(400, text, `"errors":[{"field":`)
	}
}

// TestRetry tries a run again whose message failed, and one for which there is nothing to try.
func TestRetry(t *testing.T) {
	s := start(t, shop)
	id, sent := s.run("7", "ann")
	s.do("POST", "/v1/runs/"+id+"/retry", "").is(409, `urn:nudge:problem:retry`, "the run is live")
	s.webhook(receipt("message.failed", sent)).is(200)
	if r := s.ended(id); r.Messages[0].Status != "failed" {
		t.Fatalf("the run is %+v", r)
	}
	s.do("POST", "/v1/runs/"+id+"/retry", `{"reason": "the number is right now"}`).is(200, `"did":"retried"`, `"reason":"at shipped"`)
	again := <-s.posts
	if again.Ref.Message != 1 || again.Ref.Attempt != 2 || again.To != "ann" {
		t.Errorf("the message that went out is %+v", again.Ref)
	}
	s.webhook(receipt("message.read", again)).is(200)
	r := s.ended(id)
	if r.Outcome != "completed" || len(r.Messages) != 1 || r.Messages[0].Status != "read" || r.Messages[0].Attempt != 2 {
		t.Errorf("it ended as %+v", r)
	}
	s.do("POST", "/v1/runs/"+id+"/retry", "").is(409, "nothing of it has failed")
	s.do("POST", "/v1/runs/00000000000000000000000000/retry", "").is(404, "there is no run")
	s.do("GET", "/v1/audit?did=retry+run", "").is(200, id, `"reason":"the number is right now"`)
}

// TestRunWaits shows what a run waits for, what its conditions saw, and what it sent.
func TestRunWaits(t *testing.T) {
	s := start(t, with(shop, "flows/order.yaml", `flow: order
trigger: { event: order.shipped, key: event.order_id, to: event.customer }
data: { order_id: string, customer: string }
exit: [ { event: order.returned, key: event.order_id, as: returned } ]
steps:
  - id: who
    branch:
      - { if: 'data.order_id == "7" and profile.timezone == "Asia/Tokyo"', as: seven, then: [ { wait: 1h } ] }
      - { if: data.order_id == "7", as: other, then: [ { set: { n: 7 } } ] }
  - id: shipped
    send: { body: "Your order {{ data.order_id }} is on its way." }
  - wait:
      - read: shipped
      - failed: shipped
        then: [ { id: again, send: { body: again } } ]
      - { after: 24h, if: 'profile.timezone != "Asia/Tokyo"' }
      - after: 48h
`))
	id, _ := s.run("7", "ann")
	r := s.until(id, func(r server.Run) bool { return r.Status == "waiting" })
	if len(r.Waits) != 5 {
		t.Fatalf("it waits for %+v", r.Waits)
	}
	exit, read, failed, day := r.Waits[0], r.Waits[1], r.Waits[2], r.Waits[3]
	if exit.Place != "exits" || exit.For != "order.returned" || exit.Outcome != "returned" || exit.Then != "" || exit.At != 0 {
		t.Errorf("the exit is %+v", exit)
	}
	if read.Place != "wait_2" || read.For != "shipped read" || read.Outcome != "read" || read.Then != "" || failed.Then != "again" {
		t.Errorf("the lines are %+v and %+v", read, failed)
	}
	if day.For != "24h" || day.At == 0 || day.Condition == "" || day.Holds == nil || !*day.Holds || len(day.Sees) != 1 || day.Sees[0].Path != "profile.timezone" || day.Sees[0].Value != `"UTC"` {
		t.Errorf("the timer is %+v", day)
	}
	if m := r.Messages[0]; m.Content == nil || m.Content.Body != "Your order 7 is on its way." || m.Content.Version != r.Version {
		t.Errorf("the message says %+v", m.Content)
	}
	var saw []server.Condition
	for _, e := range r.Timeline {
		saw = append(saw, e.Conditions...)
	}
	if len(saw) != 2 || len(saw[0].Saw) != 1 || saw[0].Saw[0].Value != `"7"` || len(saw[0].Unknown) != 1 || saw[0].Unknown[0] != "profile.timezone" || len(saw[1].Unknown) != 0 {
		t.Errorf("the conditions are %+v", saw)
	}
	s.do("POST", "/v1/runs/"+id+"/cancel", "").is(200)
	if r = s.show(id); len(r.Waits) != 0 || r.Wakes != nil || r.Messages[0].Content.Body == "" {
		t.Errorf("once it has ended it is %+v", r)
	}
}
