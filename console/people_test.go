package console_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nudge/client"
)

// people is a project with categories, private fields and conditions.
var people = map[string]string{
	"nudge.yaml": `project: shop
timezone: Europe/London
profile: { first_name: optional string, last_name: optional string, plan: optional string, points: optional number, email: private search optional string }
events: { order.returned: { order_id: string } }
categories: { orders: {}, offers: { at_most: 1 per 7d } }
`,
	"flows/order.yaml": shop["flows/order.yaml"] + "category: orders\n",
	"flows/promo.yaml": `flow: promo
trigger: { event: cart.updated, if: profile.plan == "pro" }
category: offers
steps:
  - id: offer
    send: { body: "An offer.", from: Shop }
  - wait: 1d
`,
	"flows/thanks.yaml": `flow: thanks
trigger: { event: order.paid, if: event.total > 10 }
data: { total: number }
category: offers
steps:
  - send: { body: "Thank you.", from: Shop }
`,
}

// known sets what is known of a person.
func (w *world) known(id, profile string) {
	w.t.Helper()
	_, err := w.api.SetProfile(w.t.Context(), id, []byte(profile))
	must(w.t, err)
}

// send sends an event; one that is refused is what the test wants.
func (w *world) send(kind, profile, data string) error {
	_, err := w.api.SendEvent(w.t.Context(), client.Event{Type: kind, Profile: profile, Data: []byte(data)})
	return err
}

// TestPeople: the list is found by prefix, field and condition, and says what is wrong in its place.
func TestPeople(t *testing.T) {
	w := start(t, people, tokens()...)
	reader := w.visitor("read")
	reader.get("/console/people").has(200, "Nothing is known of anybody yet", "nudge profiles import")
	w.known("cus_1", `{"first_name": "Ann", "last_name": "Whitfield", "plan": "pro", "timezone": "Europe/Rome", "email": "ann@example.com", "opt_outs": ["offers"]}`)
	w.known("bob", `{"plan": "free"}`)
	reader.get("/console/people").has(200, "Ann Whitfield", "cus_1", "Rome", "•••", `<span class="tag wait">offers</span>`, ">bob</a>").hasNot("ann@example.com")
	v := w.visitor("operate")
	v.get("/console/people").has(200, "•••").hasNot("ann@example.com")
	v.get("/console/people?prefix=cus").has(200, "Ann Whitfield").hasNot(">bob</a>")
	v.get("/console/people?q=cus").has(200, "Ann Whitfield").hasNot(">bob</a>")
	v.get("/console/people?q="+url.QueryEscape("email=ann@example.com")).has(200, "Ann Whitfield").hasNot(">bob</a>")
	v.get("/console/people?if="+url.QueryEscape(`profile.plan == "free"`)).has(200, ">bob</a>").hasNot("Ann Whitfield")
	v.get("/console/people?prefix=zz").has(200, "Nobody is like this")
	v.get("/console/people?if="+url.QueryEscape(`profile.plan ==`)).has(200, "This part cannot be shown", "is no condition")
}

// TestPerson: the page of a person has what happened to them once each, what may be sent, and what is known.
func TestPerson(t *testing.T) {
	w := start(t, people, tokens()...)
	w.known("ann", `{"first_name": "Ann", "last_name": "Whitfield", "timezone": "Europe/Rome", "email": "ann@example.com", "plan": "free"}`)
	w.ship("A-1", "ann")
	must(t, w.send("cart.updated", "ann", `{}`))
	must(t, w.send("order.shiped", "ann", `{}`))
	if w.send("order.shipped", "ann", `{"order_id": 7, "customer": "ann"}`) == nil {
		t.Fatal("an event of a wrong shape was taken")
	}
	must(t, w.send("cart.emptied", "ann", `{}`))
	v := w.visitor("operate")
	eventually(t, "the message is accepted", func() bool {
		return strings.Contains(v.get("/console/people/ann?show=messages").body, "Your order A-1 is on its way.")
	})
	eventually(t, "the refusal is kept", func() bool { return strings.Contains(v.get("/console/people/ann").body, ">refused<") })
	page := v.get("/console/people/ann").has(200, `<span class="avatar" aria-hidden="true">AW</span>`, "<h1>Ann Whitfield</h1>", "· Rome, ", "may be written to at any hour",
		"Your order A-1 is on its way.", "matched nothing", "promo skipped: the trigger&#39;s if is false", "Did you mean <b>order.shipped</b>?", "data.order_id must be text",
		">waiting</span>", "<b>offers</b><span class=\"good\">yes</span>", "0 of 1 per 7d, at any hour", "Show what is private", "Forget").hasNot("ann@example.com")
	if n := strings.Count(page.body, "Your order A-1 is on its way."); n != 1 {
		t.Errorf("the message stands there %d times", n)
	}
	v.get("/console/people/ann?show=events").has(200, "cart.emptied").hasNot("Your order A-1")
	v.get("/console/people/ann?show=messages").has(200, "Your order A-1").hasNot("cart.emptied")
	v.get("/console/people/ann?show=unsent").has(200, "Nothing of this kind.").hasNot("Your order A-1")
	w.visitor("read").get("/console/people/ann").has(200, "•••", "(private)").hasNot("ann@example.com", "Forget", "Start a flow", "/edit", "/export")
	v.get("/console/people/anna").has(200, "Nothing is known of <code>anna</code>", `<a href="/console/people/ann">ann</a>`).hasNot("Forget")
}

// TestFeedGoesOn: what is older is behind a link, and nothing stands on two pages.
func TestFeedGoesOn(t *testing.T) {
	w := start(t, people)
	for range 25 {
		must(t, w.send("cart.emptied", "ann", `{}`))
	}
	v := w.visitor("")
	first := v.get("/console/people/ann").has(200, "Older")
	_, rest, _ := strings.Cut(first.body, `<p class="older pad"><a class="btn" href="`)
	path, _, _ := strings.Cut(rest, `"`)
	second := v.get(strings.ReplaceAll(path, "&amp;", "&")).has(200, "cart.emptied").hasNot("Older")
	const row = `>matched nothing</span>`
	if a, b := strings.Count(first.body, row), strings.Count(second.body, row); a != 20 || b != 5 {
		t.Errorf("the pages have %d and %d events, want 20 and 5", a, b)
	}
}

// TestWhy: the answer comes first, then what had to be so.
func TestWhy(t *testing.T) {
	w := start(t, people)
	w.known("ann", `{"first_name": "Ann", "plan": "free", "opt_outs": ["offers"]}`)
	must(t, w.send("cart.updated", "ann", `{}`))
	v := w.visitor("")
	v.get("/console/people/ann").has(200, "Why did Ann get, or not get", `<option value="flow:promo">`).hasNot(`class="answer"`)
	v.get("/console/people/ann?what=flow:promo").has(200, `<option value="flow:promo" selected>`, "no run of promo started: skipped: the trigger&#39;s if is false", "Opted out", "Within the cap", "0 of 1 per 7d used",
		`<code>profile.plan == &#34;pro&#34;</code> was false at <time`, `what <code>profile.plan</code> was then is not kept`).
		hasNot("Z no run") // instants are written by the clock of the page
	must(t, w.send("order.paid", "ann", `{"total": 7}`))
	v.get("/console/people/ann?what=flow:thanks").has(200, `<code>event.total &gt; 10</code> was false at <time`, `with <code>event.total = 7</code>`)
	w.known("bob", `{"first_name": "Bob", "plan": "pro"}`)
	must(t, w.send("cart.updated", "bob", `{}`))
	must(t, w.send("cart.updated", "bob", `{}`))
	eventually(t, "the second one is capped", func() bool {
		return strings.Contains(v.get("/console/people/bob?show=unsent").body, "capped: 1 per 7d is the cap of offers")
	})
	v.get("/console/people/bob?what=flow:promo").has(200, `<p class="line">The run started at <time`, "Open the run", "Stops it now", "the cap of offers: 1 of 1 per 7d used, free again")
	v.get("/console/people/ann?what=flow:nothing").has(200, "Nothing that could start nothing for them")
	v.get("/console/people/ann?what=campaign:none").has(200, "This part cannot be shown")
}

// TestPersonActions: who may not act is not offered it and refused; what was done can be taken back where it can.
func TestPersonActions(t *testing.T) {
	w := start(t, people, tokens()...)
	w.known("ann", `{"first_name": "Ann", "plan": "free", "points": 1}`)
	reader, v := w.visitor("read"), w.visitor("operate")
	for _, verb := range []string{"start", "event", "opt-out", "opt-in", "edit", "forget"} {
		reader.get("/console/people/ann/"+verb).has(403, "the scope")
		reader.post("/console/people/ann/"+verb, url.Values{}).has(403, "the scope")
	}
	v.get("/console/people/ann/event").has(403, "the scope events")

	asked := v.get("/console/people/ann/start").has(200, "1 person is touched", "Start 1 run", `<option value="promo"`)
	v.post("/console/people/ann/start", asked.form("flow", "promo", "data", "[1]")).has(409, "no JSON object")
	asked = v.get("/console/people/ann/start")
	if p := v.post("/console/people/ann/start", asked.form("flow", "promo")).has(303); p.location != "/console/runs/"+w.runOf("ann").ID {
		t.Errorf("the start leads to %q", p.location)
	}

	asked = v.get("/console/people/ann/opt-out").has(200, `<option value="all">everything</option>`, `<option value="orders"`)
	v.post("/console/people/ann/opt-out", asked.form("category", "offers")).has(303)
	flash := v.get("/console/people/ann").has(200, "ann gets nothing more of offers.", `action="/console/people/ann/opt-in"`, "by the operate")
	v.undo(flash)
	if got := w.profile("ann")["opt_outs"]; string(got) != "[]" {
		t.Errorf("after the undo the opt-outs are %s", got)
	}

	asked = v.get("/console/people/ann/edit?field=plan").has(200, `name="value" value="free"`)
	v.post("/console/people/ann/edit", asked.form("value", "12")).has(303)
	if got := w.profile("ann")["plan"]; string(got) != `"12"` {
		t.Errorf("the plan is %s: a text stays a text", got)
	}
	v.undo(v.get("/console/people/ann").has(200, "plan is changed."))
	if got := w.profile("ann")["plan"]; string(got) != `"free"` {
		t.Errorf("after the undo the plan is %s", got)
	}
	asked = v.get("/console/people/ann/edit?field=points")
	v.post("/console/people/ann/edit", asked.form("value", "twelve")).has(409, "must be a number")

	admin := w.visitor("admin")
	asked = admin.get("/console/people/ann/event").has(200, "Send 1 event")
	admin.post("/console/people/ann/event", asked.form("type", "order.shiped", "data", `{"order_id": "7"}`)).has(303)
	admin.get("/console/people/ann").has(200, "Sent order.shiped: no flow uses events of this type. Did you mean order.shipped?")

	asked = v.get("/console/people/ann/forget").has(200, "This cannot be undone", "Type <code>ann</code>", "1 run is live and end now: promo sends nothing more")
	v.post("/console/people/ann/forget", asked.form()).has(409, "Type ann to confirm")
	v.post("/console/people/ann/forget", v.get("/console/people/ann/forget").form("confirm", "ann")).has(303)
	v.get("/console/people").has(200, "1 person is forgotten.").hasNot(">Ann<")
}

// undo presses the button of a page that takes the last action back.
func (v *visitor) undo(p *shown) {
	v.t.Helper()
	_, form, ok := strings.Cut(p.body, `<form method="post" action="`)
	for ok && !strings.Contains(form[:strings.Index(form, ">")], "data-fades") {
		_, form, ok = strings.Cut(form, `<form method="post" action="`)
	}
	if !ok {
		v.t.Fatalf("the page offers no undo:\n%.3000s", p.body)
	}
	path, _, _ := strings.Cut(form, `"`)
	form, _, _ = strings.Cut(form, "</form>")
	values := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(form, -1) {
		values.Add(m[1], strings.ReplaceAll(m[2], "&#34;", `"`))
	}
	v.post(path, values).has(303)
}

func (w *world) profile(id string) client.Profile {
	w.t.Helper()
	p, err := w.api.Profile(context.WithoutCancel(w.t.Context()), id)
	must(w.t, err)
	return p
}

// TestExport: everything about a person is a file, whole or broken off, for those who may have it.
func TestExport(t *testing.T) {
	w := start(t, people, tokens()...)
	w.known("ann", `{"email": "ann@example.com"}`)
	w.ship("A-1", "ann")
	w.visitor("read").get("/console/people/ann/export").has(403, "the scope operate")
	p := w.visitor("operate").get("/console/people/ann/export").has(200, "ann@example.com", `{"end":`)
	if got := p.header.Get("Content-Disposition"); got != `attachment; filename="person.jsonl"` {
		t.Errorf("the file is %q", got)
	}
	audit, err := w.api.Audit(t.Context(), client.AuditQuery{Did: "export person"})
	must(t, err)
	if len(audit.Entries) != 1 || audit.Entries[0].By.Name != "the operate" {
		t.Errorf("the audit trail has %+v", audit.Entries)
	}
}

// TestFind goes to the one thing that fits, and else lists what does.
func TestFind(t *testing.T) {
	w := start(t, people)
	w.known("cus_1", `{"first_name": "Ann"}`)
	w.known("cus_12", `{"first_name": "Bob"}`)
	w.known("zoe", `{"plan": "pro"}`)
	w.ship("A-1", "cus_1")
	w.ship("A-2", "unknown")
	must(t, w.send("cart.emptied", "cus_1", `{}`))
	run := w.runOf("cus_1").ID
	v := w.visitor("")
	for asked, want := range map[string]string{
		run: "/console/runs/" + run, strings.ToLower(run): "/console/runs/" + run, "promo": "/console/flows/promo", "cart.emptied": "/console/events/cart.emptied",
		"cus_1": "/console/people/cus_1", "zo": "/console/people/zoe", "unknown": "/console/people/unknown", "A-1": "/console/runs/" + run,
		"email=ann@example.com": "/console/people?q=email%3Dann%40example.com", "emptied": "/console/events/cart.emptied",
	} {
		if p := v.get("/console/find?q=" + url.QueryEscape(asked)).has(302); p.location != want {
			t.Errorf("%s leads to %q, want %q", asked, p.location, want)
		}
	}
	v.get("/console/find?q=cus").has(200, ">cus_1</a>", ">cus_12</a>", "Bob")
	v.get("/console/find?q=nothing-like-it").has(200, "Nothing fits.")
	v.get("/console/find").has(200, "A person, a run, its key")
	v.get("/console/find?q="+url.QueryEscape("<script>alert(1)</script>")).has(200, "Nothing fits.").hasNot("<script>alert")
}

// TestHostilePeople: names, fields, IDs and types of events are text, and what turns text around is gone.
func TestHostilePeople(t *testing.T) {
	w := start(t, people)
	hostile := "<script>alert(1)</script>\u202e\x01\"><img src=x>"
	id := "<b>ann</b>/..?&#"
	w.known(id, string(mustJSON(t, map[string]string{"first_name": hostile, "plan": hostile + strings.Repeat("x", 9000)})))
	must(t, w.send("<i>x</i>", id, string(mustJSON(t, map[string]string{"a": hostile}))))
	v := w.visitor("")
	for _, path := range []string{"/console/people", "/console/people/" + url.PathEscape(id), "/console/people/" + url.PathEscape(id) + "?what=flow:promo", "/console/people/" + url.PathEscape(id) + "/forget",
		"/console/people/" + url.PathEscape(id) + "/edit?field=plan", "/console/events", "/console/events/" + url.PathEscape("<i>x</i>"), "/console/", "/console/find?q=" + url.QueryEscape("<b>")} {
		p := v.get(path)
		if p.status == 302 {
			p = v.get(p.location)
		}
		p.has(200).hasNot("<script>alert", "<img src", "<i>x", "<b>ann")
		if !strings.Contains(path, "/edit") && !strings.Contains(path, "/forget") { // a field has the value as it is
			p.hasNot("\u202e")
		}
	}
}

// TestLivePartsOfPeople: each live part is one element with its own id, and stands once in its page.
func TestLivePartsOfPeople(t *testing.T) {
	w := start(t, people)
	w.known("ann", `{"first_name": "Ann"}`)
	w.ship("A-1", "ann")
	v := w.visitor("")
	for _, path := range []string{"/console/", "/console/events", "/console/events/order.shipped", "/console/people/ann"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, http.NoBody)
		must(t, err)
		r.Header.Set("X-Console-Parts", "yes")
		var parts map[string]string
		must(t, json.Unmarshal([]byte(v.do(r).has(200).body), &parts))
		if len(parts) < 3 {
			t.Errorf("%s has %d parts", path, len(parts))
		}
		page := v.get(path)
		for id, html := range parts {
			if !strings.Contains(html[:strings.Index(html, ">")], `id="`+id+`"`) {
				t.Errorf("%s: the part %s begins with %.80s", path, id, html)
			}
			if n := strings.Count(page.body, `id="`+id+`"`); n != 1 {
				t.Errorf("%s: the part %s stands there %d times", path, id, n)
			}
		}
	}
}
