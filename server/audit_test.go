package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nudge/engine"
	"nudge/server"
)

// audited is a shop whose API takes a token of each of two people.
func audited(t *testing.T) *service {
	ops, author := server.NewToken("ops", "the token of ops"), server.NewToken("author", "the token of the author")
	ops.Scopes, author.Scopes = []server.Scope{server.ScopeOperate, server.ScopeEvents}, []server.Scope{server.ScopeAuthor}
	return start(t, shop, func(c *server.Config) { c.Tokens = func() []server.Token { return []server.Token{ops, author} } })
}

var asOps, asAuthor = []string{"Authorization", "Bearer the token of ops"}, []string{"Authorization", "Bearer the token of the author"}

type entry struct {
	Seq     uint64
	At      string
	By      struct{ Name, Address, Request string }
	Did, On string
	Profile string
	Erased  string
	Reason  string
	Before  map[string]any
	After   map[string]any
}

// trail is the audit trail, oldest first.
func (s *service) trail(query string) (all []entry) {
	s.t.Helper()
	var page struct{ Entries []entry }
	s.do("GET", "/v1/audit"+query, "", asOps...).is(200).decode(&page)
	for i := range page.Entries {
		all = append(all, page.Entries[len(page.Entries)-1-i])
	}
	return all
}

// told is an entry in one line.
func (e entry) told() string {
	line := e.By.Name + ": " + e.Did
	for _, more := range []string{e.On, e.Reason} {
		if more != "" {
			line += ", " + more
		}
	}
	return line + fmt.Sprintf(" %v → %v", e.Before, e.After)
}

// TestAudit makes every change that operators and authors can make, and reads who did it.
func TestAudit(t *testing.T) {
	s := audited(t)
	hello := `{"files": [{"name": "nudge.yaml", "text": "project: shop"}, {"name": "flows/hello.yaml", "text": "flow: hello\ntrigger: { event: hello }\nsteps: [ { wait: 1h } ]\n"}]}`
	s.do("POST", "/v1/flows", hello, asAuthor...).is(200)
	s.do("PATCH", "/v1/profiles/ann", `{"plan": "pro", "opt_outs": ["news"]}`, asOps...).is(200)
	s.do("PUT", "/v1/profiles/ann", `{"plan": "free"}`, asOps...).is(200)
	s.do("PUT", "/v1/outbound", `{"mode": "hold"}`, append(asOps, "X-Request-Id", "of-ann")...).is(200)
	var called struct{ Decisions []struct{ Run string } }
	s.do("POST", "/v1/flows/hello/runs", `{"profile": "ann"}`, asOps...).is(200).decode(&called)
	run := called.Decisions[0].Run
	s.do("POST", "/v1/runs/"+run+"/cancel", `{"reason": "she called"}`, asOps...).is(200)
	s.do("POST", "/v1/profiles", `{"id": "bob"}`+"\n"+`{"id": 7}`, append(asOps, "Content-Type", "application/x-ndjson")...).is(200)
	s.do("PUT", "/v1/outbound", `{"killed": true}`, asOps...).is(200)

	all := s.trail("")
	var got []string
	for _, e := range all {
		got = append(got, strings.ReplaceAll(e.told(), run, "RUN"))
		if e.Seq == 0 || e.At == "" || !strings.HasPrefix(e.By.Address, "127.0.0.1:") || e.By.Request == "" {
			t.Errorf("an entry without its place: %+v", e)
		}
	}
	if all[3].By.Request != "of-ann" {
		t.Errorf("the request of-ann is %q", all[3].By.Request)
	}
	version := fmt.Sprint(all[0].After["hello"])
	order := fmt.Sprint(all[0].Before["order"])
	want := []string{
		"author: deploy flows map[order:" + order + "] → map[hello:" + version + "]",
		"ops: change person, ann map[] → map[opt_outs:[news] plan:pro]",
		"ops: change person, ann map[opt_outs:[news] plan:pro] → map[opt_outs:[] plan:free]",
		"ops: set outbound map[mode:live] → map[mode:hold]",
		"ops: start run, hello map[] → map[run:RUN]",
		"ops: cancel run, RUN, she called map[status:waiting] → map[outcome:cancelled status:ended]",
		"ops: import people map[] → map[]",
		"ops: end import of people map[] → map[lines:2 refused:1]",
		"ops: set outbound map[killed:false] → map[killed:true]",
	}
	if got, want := strings.Join(got, "\n"), strings.Join(want, "\n"); got != want {
		t.Errorf("the trail is\n%s\nwant\n%s", got, want)
	}
	for query, n := range map[string]int{"?by=author": 1, "?did=set+outbound": 2, "?on=" + run: 1, "?profile=ann": 4, "?limit=2": 2, "?profile=nobody": 0} {
		if got := s.trail(query); len(got) != n {
			t.Errorf("%s has %d entries, want %d", query, len(got), n)
		}
	}
}

// TestAuditOfCampaigns is TestAudit for what is done to a campaign.
func TestAuditOfCampaigns(t *testing.T) {
	s := audited(t)
	sale := `{"files": [{"name": "nudge.yaml", "text": "project: shop"}, {"name": "audiences/all.csv", "text": "aWQKYW5uCg=="}, {"name": "flows/sale.yaml", "text": "flow: sale\ntrigger: { cron: \"0 9 * * *\", timezone: UTC, max_delay: 6h, audience: all.csv }\nsteps: [ { wait: 1h } ]\n"}]}`
	s.do("POST", "/v1/flows", sale, asAuthor...).is(200)
	var c struct{ ID string }
	s.do("POST", "/v1/campaigns", `{"flow": "sale"}`, asOps...).is(201).decode(&c)
	s.do("POST", "/v1/campaigns/"+c.ID+"/pause", `{"reason": "wrong text"}`, asOps...).is(200)
	s.do("POST", "/v1/campaigns/"+c.ID+"/resume", "", asOps...).is(200)
	s.do("POST", "/v1/campaigns/"+c.ID+"/cancel", `{"end_runs": true}`, asOps...).is(200)
	var got []string
	for _, e := range s.trail("?by=ops") {
		got = append(got, strings.ReplaceAll(e.told(), c.ID, "SALE"))
	}
	want := []string{
		"ops: start campaign, sale map[] → map[campaign:SALE]",
		"ops: pause campaign, SALE, wrong text map[paused:false] → map[paused:true]",
		"ops: resume campaign, SALE map[paused:true] → map[paused:false]",
		"ops: cancel campaign, SALE map[end_runs:false status:freezing] → map[end_runs:true status:cancelled]",
	}
	if got, want := strings.Join(got, "\n"), strings.Join(want, "\n"); got != want {
		t.Errorf("the trail is\n%s\nwant\n%s", got, want)
	}
}

// TestAuditOfNothing holds that what changes nothing leaves no entry, and a request that came twice
// leaves one.
func TestAuditOfNothing(t *testing.T) {
	s := audited(t)
	s.event(`{"type": "order.shipped", "data": {"order_id": "7", "customer": "ann"}}`, asOps...).is(200)
	s.do("POST", "/v1/runs/01JD0Q7V6T3M5R8W9X0Y1Z2A3B/cancel", "", asOps...).is(404)
	s.do("PATCH", "/v1/profiles/ann", `{"timezone": "Nowhere"}`, asOps...).is(422)
	s.do("GET", "/v1/outbound", "", asOps...).is(200)
	if all := s.trail(""); len(all) != 0 {
		t.Errorf("nothing was changed, and the trail has %+v", all)
	}
	for range 2 {
		s.do("PUT", "/v1/outbound", `{"mode": "hold"}`, append(asOps, "Idempotency-Key", "k")...).is(200)
	}
	if all := s.trail(""); len(all) != 1 {
		t.Errorf("one change came twice, and the trail has %+v", all)
	}
}

// TestAuditForgets holds that who did what stays when a person is forgotten, that their entries are found
// by their ID, and that nothing else of them can be read.
func TestAuditForgets(t *testing.T) {
	s := audited(t)
	s.do("PATCH", "/v1/profiles/ann", `{"plan": "pro"}`, asOps...).is(200)
	s.do("PATCH", "/v1/profiles/bob", `{"plan": "free"}`, asOps...).is(200)
	s.do("PUT", "/v1/outbound", `{"mode": "only", "only": ["ann", "bob"]}`, asOps...).is(200)
	s.do("DELETE", "/v1/profiles/ann", "", asOps...).is(200)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	text := ""
	for range 2000 {
		if text = s.do("GET", "/v1/audit", "", asOps...).is(200).body; !strings.Contains(text, "ann") {
			break
		}
		<-tick.C
	}
	for _, word := range []string{"ann", "pro\""} {
		if strings.Contains(text, word) {
			t.Errorf("the trail still has %s: %s", word, text)
		}
	}
	var got []string
	for _, e := range s.trail("?profile=ann") {
		if e.Erased == "" || e.Profile != "" || e.On != "" {
			t.Errorf("an entry of somebody who was forgotten: %+v", e)
		}
		got = append(got, e.told())
	}
	want := "ops: change person map[] → map[]\nops: forget person map[] → map[]"
	if got := strings.Join(got, "\n"); got != want {
		t.Errorf("of ann the trail has\n%s\nwant\n%s", got, want)
	}
	only := fmt.Sprint(s.trail("?did=set+outbound")[0].After)
	if only != "map[mode:only only:[(forgotten) bob]]" {
		t.Errorf("of the mode the trail has %s", only)
	}
	if bob := s.trail("?profile=bob"); len(bob) != 1 || bob[0].After["plan"] != "free" {
		t.Errorf("of bob the trail has %+v", bob)
	}
}

// TestForgettingHidesNothing: nobody gets rid of what they did by forgetting somebody with the right name.
func TestForgettingHidesNothing(t *testing.T) {
	s := audited(t)
	s.do("PATCH", "/v1/profiles/bob", `{"plan": "pro", "friend": "ann", "status": "vip"}`, asOps...).is(200)
	var started engine.Answer
	s.event(`{"type": "order.shipped", "data": {"order_id": "7", "customer": "bob"}}`, asOps...).is(200).decode(&started)
	id := started.Decisions[0].Run
	for range 2000 {
		if strings.Contains(s.do("GET", "/v1/runs/"+id, "", asOps...).is(200).body, `"status":"waiting"`) {
			break
		}
	}
	s.do("PUT", "/v1/outbound", `{"mode": "hold", "killed": true}`, asOps...).is(200)
	s.do("POST", "/v1/runs/"+id+"/cancel", `{"reason": "ann said: the order was returned"}`, asOps...).is(200)
	for _, who := range []string{"hold", "killed", "mode", "plan", "status", "ended", "cancelled", "o", "e", "ann", "nobody"} {
		s.do("DELETE", "/v1/profiles/"+who, "", asOps...).is(200)
	}
	want := []string{
		"ops: change person, bob map[] → map[friend:(forgotten) opt_outs:[] plan:pro status:vip]",
		"ops: set outbound map[killed:false mode:live] → map[killed:true mode:hold]",
		"ops: cancel run, " + id + ", (forgotten) said: the order was returned map[status:waiting] → map[outcome:cancelled status:ended]",
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	got := ""
	for range 2000 {
		var lines []string
		for _, e := range s.trail("")[:3] {
			lines = append(lines, e.told())
		}
		if got = strings.Join(lines, "\n"); got == strings.Join(want, "\n") {
			return
		}
		<-tick.C
	}
	t.Errorf("the trail is\n%s\nwant\n%s", got, strings.Join(want, "\n"))
}
