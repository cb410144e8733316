package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/app"
	"nudge/client"
)

// played is a project with people who are played.
var played = map[string]string{
	"nudge.yaml": "project: acme\ntimezone: Europe/London\nprofile: { timezone: optional string }\n",
	"flows/order.yaml": `flow: order
trigger: { event: order.shipped, key: event.order_id, to: event.customer }
data: { order_id: string, customer: string, note: optional string }
entry: { if_running: skip }
exit: [ { event: order.returned, key: event.order_id, as: returned } ]
steps:
  - id: shipped
    send: shipped
  - wait:
      - reply: shipped
        if: lower(reply.text) contains "help"
        then: [ { exit: handed_over } ]
      - read: shipped
      - after: 24h
`,
	"templates/shipped.yaml": `title: "Order {{ data.order_id }}"
alert: { title: "On its way", body: "Order {{ data.order_id }}" }
body: "Your order {{ data.order_id }} comes. {{ data.note | default \"\" }}"
`,
}

// startDev serves a project as nudge dev does, with a clock that stands still on a Thursday at ten in London.
func startDev(t *testing.T, project map[string]string) *visitor {
	t.Helper()
	files := fstest.MapFS{}
	for name, text := range project {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	p := app.Read(files, app.LocalSettings(func(string) (string, bool) { return "", false }))
	must(t, p.List.Err())
	clock := app.NewSteeredClock(time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC), 1, true)
	local, err := app.StartLocal(t.Context(), app.LocalConfig{Project: p, DataDir: t.TempDir(), Clock: clock})
	must(t, err)
	w := &world{t: t, url: local.URL()}
	w.api, err = client.New(client.Config{Server: local.URL()})
	must(t, err)
	t.Cleanup(func() { must(t, local.Stop()) })
	return w.visitor("")
}

var formToken = regexp.MustCompile(`name="form" value="([^"]+)"`)

// submit posts a form of the inbox of some people, and follows to where it leads.
func (v *visitor) submit(people, path string, fields ...string) *shown {
	v.t.Helper()
	next := "/console/inbox?people=" + url.QueryEscape(people)
	form := url.Values{"form": {formToken.FindStringSubmatch(v.get(next).has(http.StatusOK).body)[1]}, "next": {next}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	answer := v.post("/console/inbox/"+path, form)
	if answer.status == http.StatusSeeOther {
		return v.get(answer.location)
	}
	return answer
}

// TestInbox: who is the customer sends an event, sees the message, reads, replies, and lets time pass.
func TestInbox(t *testing.T) {
	v := startDev(t, played)
	v.get("/console/inbox").has(200, "Thu 26 Nov 10:00:00", "nothing happens by itself", "held", "Let it run", "Nobody has written yet", `aria-label="Reply as ann"`,
		"order.shipped</code>", "starts order", `<option value="ann" selected>for ann</option>`, "&#34;customer&#34;: &#34;ann&#34;", "Nothing yet. Send the event.")

	v.submit("ann,bob", "people/bob/script", "script", "never reads").has(200, "From the next message on, bob never reads, delivered after 1s.", `selected>never reads</option>`)
	v.submit("ann,bob", "send", "event", "order.shipped", "for", "bob", "data", `{"customer": "bob", "order_id": "B-1"}`).
		has(200, "order.shipped: started order.")
	v.submit("ann,bob", "clock", "do", "1h").has(200, "Thu 26 Nov 11:00:00")
	bob := v.get("/console/inbox?people=bob").has(200, "Your order B-1 comes.", "<b>Order B-1</b>", `<p class="when">Thu 10:00</p>`, "London", "bob’s wait_1, in 23 h",
		`<div class="push"><small>now</small><b>On its way</b>Order B-1</div>`, `<p class="tick">delivered</p>`, "</b></a> shipped sent", `wait_1 began, until <time datetime="2026-11-27T10:00:00Z"`, `aria-label="Messages to bob"`)
	bob.hasNot("handed to the channel", "accepted by the provider")

	v.submit("bob", "people/bob/reply", "quick", "help!").has(200)
	v.submit("bob", "clock", "do", "next")
	v.get("/console/inbox?people=bob").has(200, `<div class="bubble them">help!</div>`, ">handed_over</a>", "ended: handed_over")

	v.submit("ann", "people/ann/script", "script", "never reads")
	v.submit("ann", "send", "event", "order.shipped", "for", "ann", "data", `{"customer": "ann", "order_id": "A-1"}`)
	v.submit("ann", "clock", "do", "1h")
	v.get("/console/inbox?people=ann&event=order.returned").has(200, "is waited for in order", "&#34;order_id&#34;: &#34;A-1&#34;")
	v.submit("ann", "people/ann/read").has(200)
	v.submit("ann", "clock", "do", "go").has(200, "Hold the clock", "data-ticks=")
	eventually(t, "ann has read it", func() bool {
		return strings.Contains(v.get("/console/inbox?people=ann").body, `<p class="tick">read</p>`)
	})
	v.submit("ann", "people/ann/read").has(200, "ann has read everything that arrived.")
	v.submit("ann", "fail", "status", "503").has(200, "The service answers the next send with 503, to any person.")
}

// TestInboxSaysWhatIsWrong: what the API refuses is said in place, and what was filled in is kept.
func TestInboxSaysWhatIsWrong(t *testing.T) {
	v := startDev(t, played)
	v.submit("ann", "send", "event", "order.shipped", "for", "ann", "data", `{"customer": `).has(422, "the data is no JSON object", "{&#34;customer&#34;: </textarea>")
	v.submit("ann", "send", "event", "order.shipped", "for", "ann", "data", `{"customer": "ann", "order_id": 7}`).has(422, "This did not work.", "order_id", "&#34;order_id&#34;: 7}</textarea>")
	v.submit("ann", "people/ann/reply", "text", "").has(400, "say what the person writes")
	v.submit("ann", "people/ann/script", "script", "sings").has(400, "<code>script</code>")
	v.submit("ann", "clock", "do", "next").has(400, "nothing happens by itself")
	v.submit("ann", "clock", "do", "soon").has(400, "This did not work.")
	if answer := v.post("/console/inbox/clock", url.Values{"do": {"1h"}}); answer.status != http.StatusConflict {
		t.Errorf("a form of another session was answered with %d", answer.status)
	}
}

// TestInboxActsOnce: where nobody knows whether an action was done, confirming it again does it once.
func TestInboxActsOnce(t *testing.T) {
	dev := startDev(t, played)
	lost := map[string]bool{}
	v := dev.over(func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && !lost[r.URL.Path] {
				lost[r.URL.Path] = true
				api.ServeHTTP(httptest.NewRecorder(), r)
				panic("the answer is lost")
			}
			api.ServeHTTP(out, r)
		})
	}).visitor("")
	const inbox = "/console/inbox?people=ann"
	twice := func(path string, fields ...string) {
		t.Helper()
		form := url.Values{"form": {v.get(inbox).formToken(path)}, "next": {inbox}}
		for i := 0; i < len(fields); i += 2 {
			form.Set(fields[i], fields[i+1])
		}
		again := v.post(path, form).has(502, "not known whether this was done").formToken(path)
		if again != form.Get("form") {
			t.Errorf("%s is another form than the one that was sent", path)
		}
		v.post(path, form).has(303)
	}
	twice("/console/inbox/send", "event", "order.shipped", "for", "ann", "data", `{"customer": "ann", "order_id": "A-1"}`)
	twice("/console/inbox/clock", "do", "1h")
	twice("/console/inbox/people/ann/reply", "text", "once")
	p := v.get(inbox).has(200, "Thu 26 Nov 11:00:00")
	if n := strings.Count(p.body, `<div class="bubble them">once</div>`); n != 1 {
		t.Errorf("the reply is there %d times", n)
	}
	types, err := dev.api.EventTypes(t.Context(), "", 0)
	must(t, err)
	for i := range types.Types {
		if c := types.Types[i].Totals; c.Started != 1 || c.Duplicate > 1 || c.Started+c.Matched+c.Nothing != 1 {
			t.Errorf("%s came as %+v", types.Types[i].Type, c)
		}
	}
}

// TestInboxHostile: whatever people, products and the provider write stays text.
func TestInboxHostile(t *testing.T) {
	project := map[string]string{}
	for name, text := range played {
		project[name] = strings.ReplaceAll(text, "note: optional string", "note: string")
	}
	project["templates/shipped.yaml"] = `title: "{{ data.note }}"
alert: { title: "{{ data.note }}", body: "{{ data.note }}" }
parts:
  - { type: text/plain, data: "{{ data.note }}" }
  - { type: text/html, url: "{{ data.order_id }}" }
  - { type: image/png, url: "https://shop.example/a.png" }
`
	v := startDev(t, project)
	const evil = `<script>alert(1)</script>`
	who := `<i>"o'hara"`
	v.submit(who, "people/"+url.PathEscape(who)+"/script", "script", "never reads").has(200)
	data := mustJSON(t, map[string]string{"customer": who, "order_id": "javascript:alert(1)", "note": evil + "\u202e\x1b[2J" + strings.Repeat("x", 5000)})
	v.submit(who, "send", "event", "order.shipped", "for", who, "data", string(data)).has(200, "started order")
	v.submit(who, "people/"+url.PathEscape(who)+"/reply", "text", evil).has(200)
	v.submit(who, "clock", "do", "1h").has(200, "&lt;i&gt;&#34;o&#39;hara&#34;", "&lt;script&gt;alert(1)&lt;/script&gt;", "<code>javascript:alert(1)</code>",
		`<a href="https://shop.example/a.png" rel="noreferrer noopener" target="_blank">`, "␛[2J", "… (cut)", `<div class="bubble them">&lt;script&gt;`).
		hasNot("<script>alert", `href="javascript`, "\u202e", "<i>")
	if size := len(v.get("/console/inbox").body); size > 60_000 {
		t.Errorf("the page has %d bytes", size)
	}
}

// TestInboxPhones: who is shown is in the address, and at most four are.
func TestInboxPhones(t *testing.T) {
	v := startDev(t, played)
	for _, who := range []string{"ann", "bob", "col", "dee", "eve"} {
		_, err := v.api.SendEvent(t.Context(), client.Event{Type: "order.shipped", Data: mustJSON(t, map[string]string{"customer": who, "order_id": who})})
		must(t, err)
	}
	_, err := v.api.DevJump(t.Context(), "1s")
	must(t, err)
	v.get("/console/inbox?people=ann,bob,col,dee,eve").has(200, `data-live="/console/inbox?people=bob%2Ccol%2Cdee%2Ceve"`, `id="phone-4"`, "Also here: ").hasNot(`id="phone-5"`, "Reply as ann")
	v.get("/console/inbox?people=ann,bob&add=new+one").has(200, `data-live="/console/inbox?people=ann%2Cbob%2Cnew&#43;one"`, "Reply as new one", "Nobody has written yet")
	v.get("/console/inbox").has(200, `id="phone-3"`).hasNot(`id="phone-4"`)
}

// TestInboxOnlyInDev: other servers have real people.
func TestInboxOnlyInDev(t *testing.T) {
	v := start(t, shop).visitor("")
	v.get("/console/inbox").has(404, "an inbox is only in nudge dev and nudge demo")
	v.get("/console/").hasNot(`href="/console/inbox"`)
}
