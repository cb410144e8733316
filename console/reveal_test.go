package console_test

import (
	"bufio"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nudge/client"
)

// secretive is a project in which a person, an event and a run have something private.
var secretive = map[string]string{
	"nudge.yaml": "project: shop\nprofile: { first_name: optional string, email: private search optional string, points: optional private number }\n" +
		"events: { order.shipped: { order_id: string, customer: string, note: private optional string } }\n",
	"flows/order.yaml": `flow: order
trigger: { event: order.shipped, key: event.order_id, to: event.customer }
steps:
  - send: { body: 'Your order {{ data.order_id }}, {{ data.note | default "-" }}', from: Shop }
  - wait: 24h
`,
}

// hush is what is private of ann.
const hush = "hush-7f3a"

// TestReveal: what is private is masked for everybody, and shown on demand to the session that asks, of one person, with an entry in
// the audit trail.
func TestReveal(t *testing.T) {
	w := start(t, secretive, tokens()...)
	for _, who := range []string{"ann", "bob"} {
		w.known(who, `{"first_name": "`+upperFirst(who)+`", "email": "`+hush+`@`+who+`", "points": 7}`)
		must(t, w.send("order.shipped", who, `{"order_id": "`+who+`-1", "customer": "`+who+`", "note": "`+hush+` of `+who+`"}`))
	}
	run := "/console/runs/" + w.runOf("ann").ID
	pages := []string{"/console/people/ann", run, "/console/people", "/console/audit?profile=ann"}
	for _, role := range []string{"read", "operate", "author", "admin"} {
		v := w.visitor(role)
		for _, path := range append(pages, "/console/events/order.shipped") {
			p := v.get(path).has(200, "•••").hasNot(hush)
			offers := role != "read" && path != "/console/people" && path != "/console/audit?profile=ann"
			if strings.Contains(p.body, "Show what is private") != offers {
				t.Errorf("%s offers %s to show what is private: %v", path, role, !offers)
			}
		}
	}
	w.visitor("read").get("/console/people/ann/reveal").has(403)
	v, other := w.visitor("operate"), w.visitor("operate")
	asked := v.get("/console/people/ann/reveal?next="+url.QueryEscape(run)).has(200, "Show what is private of ann?", "for 10 minutes", "may be empty")
	if p := v.post("/console/people/ann/reveal", asked.form("reason", "ann called")).has(303); p.location != run {
		t.Errorf("it leads to %q", p.location)
	}
	v.get(run).has(200, hush+" of ann", "shown to you for 10 minutes").hasNot("Show what is private")
	v.get("/console/people/ann").has(200, hush+"@ann", hush+" of ann")
	v.get("/console/audit?profile=ann").has(200, hush+"@ann", "reveal person", "ann called")
	v.get("/console/people").has(200).hasNot(hush)
	v.get("/console/people/bob").has(200).hasNot(hush)
	v.get("/console/events/order.shipped").has(200).hasNot(hush) // the last one is about bob
	for _, path := range pages {
		other.get(path).has(200).hasNot(hush)
	}
	must(t, w.send("order.shipped", "ann", `{"order_id": "ann-2", "customer": "ann", "note": "`+hush+` of ann"}`))
	v.get("/console/events/order.shipped").has(200, hush+" of ann")
	audit, err := w.api.Audit(t.Context(), client.AuditQuery{Did: "reveal person"})
	must(t, err)
	if len(audit.Entries) != 1 || audit.Entries[0].By.Name != "the operate" || audit.Entries[0].Profile != "ann" || audit.Entries[0].Reason != "ann called" ||
		string(audit.Entries[0].After) != `{"private":["order: data.note","profile.email","profile.points"]}` {
		t.Errorf("the trail has %+v", audit.Entries)
	}
}

// TestEditHidden: the question about a hidden field does not have its value, and nothing that stands in place of one is stored.
func TestEditHidden(t *testing.T) {
	w := start(t, secretive, tokens()...)
	w.known("ann", `{"email": "`+hush+`", "points": 7}`)
	v := w.visitor("operate")
	path := "/console/people/ann/edit"
	form := func(field string, filled ...string) url.Values {
		return v.get(path+"?field="+field).has(200, "private and hidden").hasNot(hush, `value="•••"`).form(filled...)
	}
	v.post(path, form("email", "value", "")).has(409, "before you remove it")
	v.post(path, form("email", "value", "•••")).has(409, "is no value")
	v.post(path, form("points", "value", "8")).has(303)
	v.get("/console/people/ann").has(200, "points is changed.").hasNot(hush, "Undo")
	known, err := w.api.Profile(t.Context(), "ann")
	must(t, err)
	if string(known["points"]) != "8" || string(known["email"]) != `"`+hush+`"` {
		t.Errorf("known is %s", known)
	}
	v.post("/console/people/ann/reveal", v.get("/console/people/ann/reveal").form()).has(303)
	v.get(path+"?field=email").has(200, `value="`+hush+`"`)
	v.post(path, v.get(path+"?field=points").form("value", "9")).has(303)
	v.get("/console/people/ann").has(200, "Undo", hush)
}

func upperFirst(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// TestRevealIsOfOneSession: a page that is open twice with one token changes for each session as far as that may see.
func TestRevealIsOfOneSession(t *testing.T) {
	w := start(t, secretive, tokens()...)
	must(t, w.send("order.shipped", "ann", `{"order_id": "ann-1", "customer": "ann", "note": "`+hush+` of ann"}`))
	run := w.runOf("ann")
	sees, other := w.visitor("operate"), w.visitor("operate")
	sees.post("/console/people/ann/reveal", sees.get("/console/people/ann/reveal").form()).has(303)
	eventually(t, "the message is accepted", func() bool {
		return strings.Contains(sees.get("/console/runs/"+run.ID).body, "Your order ann-1, "+hush)
	})
	news := map[*visitor]*bufio.Scanner{sees: nil, other: nil}
	for v := range news {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/console/live?page="+url.QueryEscape("/console/runs/"+run.ID), http.NoBody)
		must(t, err)
		answer, err := v.http.Do(r)
		must(t, err)
		t.Cleanup(func() { answer.Body.Close() })
		news[v] = bufio.NewScanner(answer.Body)
		news[v].Buffer(nil, 1<<20)
		news[v].Scan()
	}
	_, err := w.api.CancelRun(t.Context(), run.ID, "by hand")
	must(t, err)
	for v, lines := range news {
		all := ""
		for !strings.Contains(all, "cancelled") && lines.Scan() {
			all += lines.Text()
		}
		if !strings.Contains(all, "cancelled") || strings.Contains(all, hush) != (v == sees) {
			t.Errorf("the session that sees what is private: %v. It gets %s", v == sees, all)
		}
	}
}
