package console_test

import (
	"maps"
	"strings"
	"testing"

	"nudge/client"
)

// TestSendOne: from the map somebody sends one to themselves, sees what it led to, and is known the next time.
func TestSendOne(t *testing.T) {
	project := maps.Clone(shop)
	project["flows/thanks.yaml"] = "flow: thanks\ntrigger: { event: order.shipped, to: event.customer }\nsteps: [ { send: { body: Thank you } } ]\n"
	project["flows/weekly.yaml"] = "flow: weekly\ntrigger: { cron: 0 9 * * mon, timezone: Europe/Rome, max_delay: 1h, audience: { if: true } }\nsteps: [ { send: { body: Hello } } ]\n"
	project["flows/odd.yaml"] = "flow: odd\ntrigger: { event: odd.done, to: event.a + event.b }\nsteps: [ { send: { body: Hello } } ]\n"
	project["nudge.yaml"] = "project: shop\nevents: { order.returned: { order_id: string }, odd.done: { a: string, b: string } }\n"
	w := start(t, project, tokens()...)
	at := "/console/flows/order/send"
	for _, role := range []string{"read", "operate", "author"} { // an author may not send events, unless the token says so too
		w.visitor(role).get("/console/flows/order").has(200, "Nobody has started in this time on this version. It starts by <code>order.shipped</code>").hasNot("Send one to me")
		w.visitor(role).get(at).has(403)
		w.visitor(role).post(at, nil).has(403)
	}
	v := w.visitor("admin")
	v.get("/console/flows/order").has(200, `<a class="btn main" data-ask href="`+at+`">Send one to me</a>`)
	v.get("/console/flows/weekly").has(200, "It starts by <code>cron 0 9 * * mon</code>").hasNot("Send one to me")
	v.get("/console/flows/weekly/send").has(409, "no event starts weekly for one person; it starts by cron 0 9 * * mon")
	v.get("/console/flows/odd").has(200).hasNot("Send one to me")

	asked := v.get(at).has(200, "its messages really go out", "Quiet hours, caps, opt-outs", "The same event also starts thanks.", "customer is filled in with the person", "&#34;order_id&#34;: &#34;7&#34;")
	v.post(at, asked.form("profile", " ", "data", "{}")).has(409, "Say to whom it goes")
	v.post(at, v.get(at).form("profile", "mira", "data", "[1]")).has(409, "no JSON object")
	v.post(at, v.get(at).form("profile", "mira", "data", "{}")).has(409, "order_id")
	form := v.get(at).has(200, `name="profile" value="mira"`).form("profile", "mira", "data", `{"order_id": "A-7", "customer": "somebody else"}`)
	p := v.post(at, form).has(303)
	run := w.runOf("mira")
	if !strings.HasPrefix(p.location, "/console/runs/") {
		t.Fatalf("it leads to %s", p.location)
	}
	v.get(p.location).has(200, "order for mira", "Sent order.shipped for mira")
	v.post(at, form).has(303) // a double click
	page, err := w.api.Runs(t.Context(), client.RunQuery{RunFilter: client.RunFilter{Flow: "order"}})
	must(t, err)
	if len(page.Runs) != 1 || page.Runs[0].Profile != "mira" || run.Profile != "mira" {
		t.Errorf("the runs are %+v", page.Runs)
	}
	v.get("/console/flows/order").has(200, `<a class="btn" data-ask href="`+at+`">Send one to me</a>`).hasNot("Nobody has started")
}

// TestSendOneStartsNothing: an event that starts no run says why, and asks once more.
func TestSendOneStartsNothing(t *testing.T) {
	project := maps.Clone(shop)
	project["flows/order.yaml"] = strings.Replace(project["flows/order.yaml"], "to: event.customer }", `to: event.customer, if: event.order_id != "7" }`, 1)
	v := start(t, project, tokens()...).visitor("admin")
	at := "/console/flows/order/send"
	v.post(at, v.get(at).form("profile", "mira", "data", `{"order_id": "7"}`)).has(409, "The event was taken, but started no run of order.", "Send 1 event", `value="mira"`)
}
