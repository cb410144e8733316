package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nudge/runner/bulk"
	"nudge/server"
	"nudge/store"
)

// peopleProject has a category, a flow that may start once a person, and one that waits for nothing else.
var peopleProject = map[string]string{
	"nudge.yaml": "project: shop\ntimezone: Europe/Rome\nevents: { order.shipped: { order_id: string } }\ncategories: { news: { at_most: 2 per 7d }, service: { always: true }, offers: { window: 00:00-24:00 } }\n",
	"flows/order.yaml": `flow: order
trigger: { event: order.shipped, key: event.order_id, if: event.order_id != "none" }
category: news
steps:
  - send: { body: "Your order {{ data.order_id }}", from: Shop }
    id: told
  - wait: [ { read: told }, { failed: told }, { after: 24h } ]
`,
	"flows/sale.yaml": `flow: sale
trigger: { at: 2020-01-01 09:00, audience: people.csv }
category: offers
steps: [ { send: { body: "Hello" } } ]
`,
	"flows/help.yaml": "flow: help\ntrigger: { event: asked }\ncategory: service\nsteps: [ { send: { body: \"Hello\" } } ]\n",
}

func (s *service) order(profile, id string) {
	s.t.Helper()
	s.event(fmt.Sprintf(`{"type": "order.shipped", "profile": %q, "data": {"order_id": %q}}`, profile, id)).is(200)
}

// kindsOf are the kinds and texts of the lines of an answer, oldest first.
func historyOf(t *testing.T, a *answer) (lines []server.HistoryLine) {
	t.Helper()
	var page struct{ History, Lines []server.HistoryLine }
	must(t, json.Unmarshal([]byte(a.is(200).body), &page))
	lines = append(page.History, page.Lines...)
	slices.Reverse(lines)
	return lines
}

func hasLine(lines []server.HistoryLine, kind, text string) bool {
	return slices.ContainsFunc(lines, func(l server.HistoryLine) bool { return l.Kind == kind && strings.Contains(l.Text, text) })
}

// TestHistoryOverHTTP holds that a person's story has what runs tell and what no run tells.
func TestHistoryOverHTTP(t *testing.T) {
	s := start(t, peopleProject)
	s.order("ann", "7")
	<-s.posts
	s.order("ann", "none")
	s.event(`{"type": "unheard", "profile": "ann"}`).is(200)
	s.do("PATCH", "/v1/profiles/ann", `{"opt_outs": ["news"]}`).is(200)
	lines := historyOf(t, s.do("GET", "/v1/profiles/ann/history", ""))
	for _, want := range [][2]string{{"run", "started by order.shipped"}, {"message", "told handed to the channel"}, {"event", "order skipped: the trigger's if is false"},
		{"event", "event unheard: no flow uses events of this type"}, {"opt_out", "opted out of news"}} {
		if !hasLine(lines, want[0], want[1]) {
			t.Errorf("the history has no %s %q:\n%+v", want[0], want[1], lines)
		}
	}
	if !slices.IsSortedFunc(lines, func(a, b server.HistoryLine) int { return int(a.At - b.At) }) {
		t.Errorf("the lines are not in order: %+v", lines)
	}
	only := historyOf(t, s.do("GET", "/v1/profiles/ann/history?kind=opt_out,event", ""))
	if len(only) != 3 {
		t.Errorf("opt-outs and events are %+v", only)
	}
	var page struct{ Next string }
	s.do("GET", "/v1/profiles/ann/history?limit=1", "").decode(&page)
	if lines := historyOf(t, s.do("GET", "/v1/profiles/ann/history?limit=1&before="+page.Next, "")); len(lines) != 1 || lines[0].Event != "unheard" {
		t.Errorf("the second page is %+v", lines)
	}
	s.event(`{"type": "order.shipped", "profile": "ann", "data": {"order_id": 7}}`).is(422)
	s.refusals(1, "")
	if lines := historyOf(t, s.do("GET", "/v1/profiles/ann/history?kind=refused", "")); len(lines) != 1 || lines[0].Event != "order.shipped" || lines[0].Reason != "shape" || lines[0].By != "local" {
		t.Errorf("refused events are %+v", lines)
	}
	if lines := historyOf(t, s.do("GET", "/v1/profiles/ann/history?kind=refused&before="+page.Next, "")); len(lines) != 0 {
		t.Errorf("a page of before has refused events of today: %+v", lines)
	}
	if lines := historyOf(t, s.do("GET", "/v1/profiles/nobody/history", "")); len(lines) != 0 {
		t.Errorf("nobody has %+v", lines)
	}
	for query, text := range map[string]string{"kind=x": "x is no kind", "before=zz": "must be the place of a page", "limit=101": "from 1 to 100", "x=1": "is not a parameter here"} {
		s.do("GET", "/v1/profiles/ann/history?"+query, "").is(400, text)
	}
}

// TestStanding holds what it says of opt-outs, caps, hours and what comes next.
func TestStanding(t *testing.T) {
	s := start(t, peopleProject)
	s.order("ann", "7")
	<-s.posts
	s.order("ann", "8")
	<-s.posts
	s.do("POST", "/v1/profiles/opt-out", `{"profiles": ["ann"], "categories": ["offers", "rare"]}`).is(200)
	var got server.Standing
	s.do("GET", "/v1/profiles/ann/standing", "").is(200).decode(&got)
	if got.TimeZone != "Europe/Rome" || got.Held != "" || len(got.Next) != 2 || got.Next[0].Flow != "order" || got.Next[0].At == 0 {
		t.Errorf("standing is %+v", got)
	}
	for _, c := range got.Categories {
		switch c.Category {
		case "news":
			if c.OptedOut || len(c.Caps) != 1 || c.Caps[0].Used != 2 || c.Caps[0].Frees == 0 {
				t.Errorf("news: %+v", c)
			}
		case "service":
			if !c.Always || c.OptedOut {
				t.Errorf("service: %+v", c)
			}
		case "offers", "rare":
			if !c.OptedOut || c.OptedOutSince == 0 || c.OptedOutHow != "by local" || !c.Open {
				t.Errorf("%s: %+v", c.Category, c)
			}
		}
	}
	if len(got.Categories) != 4 {
		t.Errorf("categories are %+v", got.Categories)
	}
	s.do("PUT", "/v1/outbound", `{"mode": "hold"}`).is(200)
	s.do("GET", "/v1/profiles/nobody/standing", "").is(200, `"held":"hold"`, `"next":[]`)
}

// TestExplainOverHTTP holds the answers: a run and what it sent, why none started, and what is not known.
func TestExplainOverHTTP(t *testing.T) {
	project := with(peopleProject, "flows/pros.yaml", "flow: pros\ntrigger: { at: 2020-01-01 09:00, audience: { if: profile.plan == \"pro\" } }\nsteps: [ { send: { body: Hello } } ]\n")
	s := start(t, with(project, "nudge.yaml", project["nudge.yaml"]+"profile: { plan: optional string }\n"))
	s.order("bob", "none")
	s.do("GET", "/v1/profiles/bob/explain?flow=order", "").is(200, "no run of order started: skipped: the trigger's if is false",
		`"conditions":[{"text":"event.order_id != \"none\"","holds":false,"saw":[{"path":"event.order_id","value":"\"none\""}]}]`)
	s.order("bob", "7")
	<-s.posts
	s.do("GET", "/v1/profiles/bob/explain?flow=order", "").is(200, "is at ", "told is ", `"kind":"event"`)
	s.do("GET", "/v1/profiles/ann/explain?flow=order", "").is(200, "nothing that could start order for them is in their history")
	var c server.Campaign
	s.do("POST", "/v1/campaigns", `{"flow": "sale"}`).is(201).decode(&c)
	s.do("GET", "/v1/profiles/ann/explain?campaign="+c.ID, "").is(200, "not among the people of the campaign", `"flow":"sale"`)
	s.do("POST", "/v1/campaigns", `{"flow": "pros"}`).is(201).decode(&c)
	s.do("PUT", "/v1/profiles/ann", `{"plan": "free"}`).is(200)
	s.do("GET", "/v1/profiles/ann/explain?campaign="+c.ID, "").is(200, `its condition is profile.plan == \"pro\", which is false for them now`)
	s.do("PUT", "/v1/profiles/ann", `{"plan": "pro"}`).is(200)
	s.do("GET", "/v1/profiles/ann/explain?campaign="+c.ID, "").is(200, "which is true for them now")
	s.do("GET", "/v1/profiles/zed/explain?campaign="+c.ID, "").is(200, ", and nothing is known of them")
	s.do("GET", "/v1/profiles/ann/explain", "").is(400, "flow or campaign must say")
	s.do("GET", "/v1/profiles/ann/explain?flow=order&campaign="+c.ID, "").is(400, "flow or campaign must say")
	s.do("GET", "/v1/profiles/ann/explain?campaign=none", "").is(404)
	s.do("GET", "/v1/profiles/ann/explain?flo=x", "").is(400, "is not a parameter here")
}

// TestExport holds that an export has everything that names a person and nothing of others, that it is audited,
// and that after forgetting nothing is left of it.
func TestExport(t *testing.T) {
	s := start(t, peopleProject)
	for _, who := range []string{"ann", "bob"} {
		s.do("PATCH", "/v1/profiles/"+who, `{"secret": "of `+who+`"}`).is(200)
		s.order(who, "of-"+who)
		<-s.posts
		s.event(`{"type": "unheard", "profile": "` + who + `", "data": {"note": "of ` + who + `"}}`).is(200)
		must(t, s.store.AddJob(&store.Job{ID: "1-" + who[:1], Kind: bulk.Retry, State: store.JobDone, Params: []byte(`{"filter":{"key":"of-` + who + `"},"reason":"` + who + ` called"}`)}, 10))
	}
	a := s.do("GET", "/v1/profiles/ann/export", "").is(200, `"secret":"of ann"`, `"run":{`, `"order_id":"of-ann"`, `Your order of-ann`, `"note":"of ann"`, `"did":"change person"`, `"standing":{`,
		`"says":[{"key":"of-ann"},{"reason":"ann called"}]`)
	if strings.Contains(a.body, "bob") {
		t.Errorf("the export of ann has something of bob:\n%s", a.body)
	}
	lines := strings.Split(strings.TrimSpace(a.body), "\n")
	if !strings.HasPrefix(lines[0], `{"profile":`) || !strings.HasPrefix(lines[len(lines)-1], `{"end":{"runs":1,"inputs":`) {
		t.Errorf("it begins with %s and ends with %s", lines[0], lines[len(lines)-1])
	}
	s.do("GET", "/v1/audit?did=export+person&profile=ann", "").is(200, `"name":"local"`, `"on":"ann"`)
	s.do("DELETE", "/v1/profiles/ann", "").is(200)
	for more := true; more; {
		var err error
		more, err = s.store.Erase()
		must(t, err)
	}
	if a := s.do("GET", "/v1/profiles/ann/export", "").is(200); strings.Contains(a.body, "of ann") || strings.Contains(a.body, "of-ann") {
		t.Errorf("forgetting left:\n%s", a.body)
	}
	s.do("GET", "/v1/audit?did=export+person&profile=ann", "").is(200, `"erased":"`)
}

// TestOptOutMany holds that each person is answered by themselves, that twice is once, and that the trail names
// who did it.
func TestOptOutMany(t *testing.T) {
	s := start(t, peopleProject)
	for range 2 {
		var got struct {
			Answers []struct {
				Line  int
				Error *struct{ Detail string }
			}
		}
		s.do("POST", "/v1/profiles/opt-out", `{"profiles": ["ann", "a\u0000b", "bob"], "categories": ["news", "offers"]}`).is(200).decode(&got)
		if len(got.Answers) != 3 || got.Answers[0].Error != nil || got.Answers[1].Error == nil || got.Answers[2].Error != nil || got.Answers[2].Line != 3 {
			t.Errorf("answers are %+v", got.Answers)
		}
	}
	for _, who := range []string{"ann", "bob"} {
		s.do("GET", "/v1/profiles/"+who, "").is(200, `"opt_outs":["news","offers"]`)
		s.do("GET", "/v1/audit?profile="+who, "").is(200, `"did":"change person"`, `"after":{"opt_outs":["news"]}`)
		if lines := historyOf(t, s.do("GET", "/v1/profiles/"+who+"/history?kind=opt_out", "")); len(lines) != 2 {
			t.Errorf("the history of %s is %+v", who, lines)
		}
	}
	a := s.do("POST", "/v1/profiles/opt-out", "{\"id\": \"cid\", \"categories\": [\"all\"]}\n{\"id\": \"dan\"}\n", "Content-Type", "application/x-ndjson").is(200)
	if !strings.Contains(a.body, `{"line":1`) || !strings.Contains(a.body, "name 1 to 16 categories") {
		t.Errorf("the lines are answered %s", a.body)
	}
	s.do("GET", "/v1/profiles/cid", "").is(200, `"opt_outs":["all"]`)
	s.do("POST", "/v1/profiles/opt-in", `{"profiles": ["bob"], "categories": ["news"]}`).is(200)
	s.do("GET", "/v1/profiles/bob", "").is(200, `"opt_outs":["offers"]`)
	s.do("POST", "/v1/profiles/opt-in", "{\"id\": \"cid\", \"categories\": [\"all\"]}\n", "Content-Type", "application/x-ndjson").is(200, `{"line":1`)
	s.do("GET", "/v1/profiles/cid", "").is(404)
	for body, text := range map[string]string{
		`{"profiles": [], "categories": ["news"]}`: "a list has 1 to 1000 people", `{"profiles": ["ann"], "categories": []}`: "name 1 to 16 categories",
		`{"profiles": ["ann"], "categories": ["No News"]}`: "is not the name of a category", `{"people": ["ann"]}`: "is not a field of this request",
	} {
		s.do("POST", "/v1/profiles/opt-out", body).is(400, text)
	}
}

// TestOptedOutByAStep: who is out of a category is shown since when, and by which flow; another category's step says nothing of it.
func TestOptedOutByAStep(t *testing.T) {
	s := start(t, map[string]string{
		"nudge.yaml":       "categories: { news: {}, tips: {} }\n",
		"flows/leave.yaml": "flow: leave\ntrigger: { event: left }\nsteps: [ { opt_out: news }, { wait: 1h } ]\n",
		"flows/other.yaml": "flow: other\ntrigger: { event: other }\nsteps: [ { opt_out: tips }, { wait: 1h } ]\n",
	})
	s.event(`{"type": "left", "profile": "ann"}`).is(200, `"did":"started"`)
	s.event(`{"type": "other", "profile": "ann"}`).is(200, `"did":"started"`)
	s.do("GET", "/v1/profiles/ann/standing", "").is(200, "by a step of leave", "by a step of other")
}

// TestExplainNewest: of several runs that are live, the newest is explained.
func TestExplainNewest(t *testing.T) {
	s := start(t, map[string]string{"flows/wait.yaml": "flow: wait\ntrigger: { event: go }\nsteps: [ { id: for_a_day, wait: 1d } ]\n"})
	var runs []string
	for range 3 {
		var got struct{ Decisions []struct{ Run string } }
		s.event(`{"type": "go", "profile": "ann"}`).is(200, `"did":"started"`).decode(&got)
		runs = append(runs, got.Decisions[0].Run)
	}
	s.do("GET", "/v1/profiles/ann/explain?flow=wait", "").is(200, `"run":"`+runs[2]+`"`)
}
