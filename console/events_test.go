package console_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestEvents: an empty page has a command that works; then types, what nobody uses first, and what was refused.
func TestEvents(t *testing.T) {
	w := start(t, people, tokens()...)
	v := w.visitor("read")
	host := strings.TrimPrefix(w.url, "http://")
	v.get("/console/events").has(200, "No event has come yet", "curl &#39;http://"+host+"/v1/events&#39;", "Authorization: Bearer TOKEN",
		"{&#34;type&#34;: &#34;order.shipped&#34;, &#34;profile&#34;: &#34;ann&#34;, &#34;data&#34;: {&#34;customer&#34;:&#34;ann&#34;,&#34;order_id&#34;:&#34;7&#34;}}", `data-live="/console/events"`)
	w.ship("A-1", "ann")
	must(t, w.send("order.shiped", "ann", `{"secret": "x"}`))
	if w.send("order.shipped", "ann", `{"order_id": 7, "customer": "ann"}`) == nil {
		t.Fatal("an event of a wrong shape was taken")
	}
	eventually(t, "the refusal is counted", func() bool { return strings.Contains(v.get("/console/events").body, "data.order_id") })
	page := v.get("/console/events").has(200, "from <i>the admin</i>", "3 events in the last 24 hours", "no flow uses it", `Did you mean <a href="/console/events/order.shipped">order.shipped</a>?`,
		`role="img" aria-label="1 in this hour, at most 1 in one of 24"`, `<span class="tag bad">shape</span> <code>data.order_id</code> must be text`)
	if strings.Index(page.body, ">order.shiped<") > strings.Index(page.body, ">order.shipped</code>") && strings.Index(page.body, ">order.shiped<") > 0 {
		t.Error("the type that no flow uses does not stand first")
	}
	v.get("/console/events/order.shipped").has(200, "<b>2</b> of this type came", "<b>1</b> started a run", "<b>1</b> refused", "A-1", "first ", `<span class="tag send">started</span>`)
	v.get("/console/events/order.shipped?by=day").has(200, "By day", "Day, UTC")
	v.get("/console/events/order.shiped").has(200, "no flow uses it", "matched nothing")
	v.get("/console/events/none").has(404, "no event of the type none has arrived")
}

// TestCurlTakesNoCommand: the host is the visitor's word, and the command is run in a shell.
func TestCurlTakesNoCommand(t *testing.T) {
	w := start(t, people, tokens()...)
	v := w.visitor("read")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/console/events", http.NoBody)
	must(t, err)
	r.Host = "a';reboot;'"
	if p := v.do(r); p.status == 200 {
		p.hasNot("reboot;", "a&#39;;")
	}
}

// TestHome: first the commands that make an event arrive, then what needs somebody and where everybody is.
func TestHome(t *testing.T) {
	w := start(t, people, tokens()...)
	v := w.visitor("read")
	v.get("/console/").has(200, "Make the first event arrive", "nudge events send", "--profile ann --data", "All is well", `<a href="/console/flows/promo">promo</a>`, "nobody yet")
	w.ship("A-1", "ann")
	must(t, w.send("order.shiped", "ann", `{}`))
	p := v.get("/console/").has(200, "Needs somebody", "1 event of the type order.shiped came in the last 24 hours, and no flow uses it. Did you mean order.shipped?",
		`aria-label="Of 1: 1 here now"`, `role="img" aria-label="1 started today, at most 1 in one of 14"`)
	p.hasNot("Make the first event arrive", "All is well")
}
