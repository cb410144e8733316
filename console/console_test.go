package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"nudge/client"
)

// TestLogin: without a session every page is the login; a wrong token says so, five of them in a minute are
// enough, and the session ends with the logout.
func TestLogin(t *testing.T) {
	w := start(t, shop, tokens()...)
	v := w.visitor("")
	v.get("/console/runs?flow=order").has(401, `name="next" value="/console/runs?flow=order"`, "Log in").hasNot("<nav")
	v.get("/console/live?page=/console/runs").has(401)
	p := v.post("/console/login", url.Values{"token": {"read"}, "next": {"/console/runs?flow=order"}})
	if p.location != "/console/runs?flow=order" {
		t.Errorf("the login leads to %q", p.location)
	}
	cookie := p.header.Get("Set-Cookie")
	for _, part := range []string{"Path=/console;", "HttpOnly", "SameSite=Strict"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie %q does not have %s", cookie, part)
		}
	}
	v.get("/console/runs").has(200, "the read, read", "Log out")
	v.post("/console/logout", nil)
	v.get("/console/runs").has(401)
	for _, next := range []string{"https://evil.example/console/", "//evil.example/console/", "/v1/runs", `\\evil.example`} {
		if p := w.visitor("").post("/console/login", url.Values{"token": {"read"}, "next": {next}}); p.location != "/console/" {
			t.Errorf("the login leads from %q to %q", next, p.location)
		}
	}
	v.get("/console/login?next=//evil.example/").has(200, `name="next" value="/console/"`)
	v.post("/console/login", url.Values{"token": {"events"}}).has(403, "the scope read")
	for range 5 {
		v.post("/console/login", url.Values{"token": {"wrong"}}).has(401, "does not know the token")
	}
	v.post("/console/login", url.Values{"token": {"read"}}).has(429, "in a minute")
}

// TestLocal: without tokens this machine needs no login, and nobody else gets in, as with the API.
func TestLocal(t *testing.T) {
	w := start(t, shop)
	v := w.visitor("")
	v.get("/console/runs").has(200, "this machine, admin").hasNot("Log out")
	for header, value := range map[string]string{"X-Forwarded-For": "1.2.3.4", "Via": "1.1 proxy", "Forwarded": "for=1.2.3.4", "X-Real-Ip": "1.2.3.4", "X-Forwarded-Port": "443"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/console/runs", http.NoBody)
		must(t, err)
		r.Header.Set(header, value)
		v.do(r).has(403)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/console/runs", http.NoBody)
	must(t, err)
	r.Host = "evil.example"
	v.do(r).has(403)
}

// TestRoot: a browser that asks for the root is led to the console; a program is not.
func TestRoot(t *testing.T) {
	v := start(t, shop).visitor("")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.url+"/", http.NoBody)
	must(t, err)
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	if p := v.do(r).has(302); p.location != "/console/" {
		t.Errorf("the root leads to %q", p.location)
	}
	v.get("/").has(404, "urn:nudge:problem:not-found")
}

// TestHeaders: every answer has the policy, and nothing but assets may be kept.
func TestHeaders(t *testing.T) {
	w := start(t, shop, tokens()...)
	v := w.visitor("read")
	page := v.get("/console/runs")
	asset := page.body[strings.Index(page.body, "/console/assets/console-"):]
	asset, _, _ = strings.Cut(asset, `"`)
	for path, kept := range map[string]string{
		"/console/runs": "no-store", "/console/nothing": "no-store", "/console/login": "no-store", "/console": "no-store", "/console//runs": "no-store", "/console/x/../runs": "no-store", "/console/assets/none.js": "no-store", asset: "public, max-age=31536000, immutable",
	} {
		h := v.get(path).header
		if h.Get("Cache-Control") != kept || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self'") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s has the headers %v", path, h)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/console/settings", strings.NewReader("theme=dark"))
	must(t, err)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	v.do(r).has(403)
	v.get("/console/assets/none.css").has(404)
}

// TestSettings: colours and keys are kept in a cookie, and lead back to where they were changed.
func TestSettings(t *testing.T) {
	v := start(t, shop).visitor("")
	v.get("/console/runs").has(200, `<html lang="en">`, "data-keys")
	if p := v.post("/console/settings", url.Values{"theme": {"dark"}, "next": {"/console/runs"}}); p.location != "/console/runs" {
		t.Errorf("it leads to %q", p.location)
	}
	v.post("/console/settings", url.Values{"keys": {"off"}})
	v.get("/console/runs").has(200, `data-theme="dark"`).hasNot("data-keys")
}

// TestActions: an action asks first, is carried out once for each form, and is audited under the name of the token.
func TestActions(t *testing.T) {
	w := start(t, shop, tokens()...)
	w.ship("A-1", "ann")
	run := w.runOf("ann")
	path := "/console/runs/" + run.ID + "/cancel"

	reader := w.visitor("read")
	reader.get("/console/runs/"+run.ID).has(200, "order for ann").hasNot("Cancel run")
	reader.get(path).has(403, "the scope operate")
	reader.post(path, url.Values{}).has(403, "the scope operate")

	v := w.visitor("operate")
	v.get("/console/runs/"+run.ID).has(200, "Cancel run")
	asked := v.get(path).has(200, "1 person is touched", "Cancel 1 run")
	v.post(path, asked.form("form", "made.up")).has(409, "nothing was done")
	v.post(path, asked.form("expect", "0")).has(409, "There are 1 by now, not 0")
	v.post(path, w.visitor("operate").get(path).form()).has(409, "nothing was done") // a form of another session
	form := asked.form("reason", "ticket 12")
	for range 2 { // a double click
		if p := v.post(path, form).has(303); p.location != "/console/runs/"+run.ID {
			t.Errorf("the action leads to %q", p.location)
		}
	}
	v.get("/console/runs/"+run.ID).has(200, "The run is cancelled.", "cancelled").hasNot("Cancel run")
	v.get("/console/runs/" + run.ID).hasNot("The run is cancelled.")
	v.post(path, asked.form("form", v.get(path).form().Get("form"))).has(409, "nded") // it has ended: the API refuses

	audit, err := w.api.Audit(t.Context(), client.AuditQuery{Did: "cancel run"})
	must(t, err)
	if len(audit.Entries) != 1 || audit.Entries[0].By.Name != "the operate" || audit.Entries[0].Reason != "ticket 12" || !strings.HasPrefix(audit.Entries[0].By.Address, "127.0.0.1:") {
		t.Errorf("the audit trail has %+v", audit.Entries)
	}
	v.get("/console/audit?did=cancel+run").has(200, "the operate", "ticket 12", run.ID)
}

var keptName = regexp.MustCompile(`name="kept" value="([A-Z2-7]+)"`)

// TestFormSurvivesLogin: what was filled in while the session ended is there again behind the login. It never stands in an address, and
// only who logs in with its name sees it, once.
func TestFormSurvivesLogin(t *testing.T) {
	w := start(t, shop, tokens()...)
	w.ship("A-1", "ann")
	path := "/console/runs/" + w.runOf("ann").ID + "/cancel"
	form := w.visitor("operate").get(path).form("reason", "ticket 12")
	v, other := w.visitor(""), w.visitor("operate")
	page := v.post(path, form).has(401, "What you filled in is kept").hasNot("ticket 12")
	name := keptName.FindStringSubmatch(page.body)[1]
	login := url.Values{"token": {"wrong"}, "next": {path}, "kept": {name}}
	v.post("/console/login", login).has(401, "What you filled in is kept", name)
	login.Set("token", "operate")
	if p := v.post("/console/login", login); p.location != path {
		t.Errorf("the login leads to %q, want %q", p.location, path)
	}
	asked := v.get(path).has(200, `name="reason" value="ticket 12"`)
	other.get(path).has(200).hasNot("ticket 12")
	w.visitor("").post("/console/login", login).has(303)
	again := w.visitor("")
	again.post("/console/login", login).has(303)
	again.get(path).has(200).hasNot("ticket 12")
	v.get(path + "?x=1").has(200).hasNot("ticket 12") // another question
	v.post(path, asked.form("reason", "ticket 13")).has(303)
	v.get(path).hasNot("ticket 12")
	v.post("/console/logout", nil)
	v.post(path, url.Values{"reason": {strings.Repeat("x", 100_000)}}).has(401, "Nothing was done.").hasNot("is kept")
}

// TestKeptParameters: a question that is about something in its form is about the same behind the login.
func TestKeptParameters(t *testing.T) {
	w := start(t, people, tokens()...)
	w.known("ann", `{"plan": "free"}`)
	v := w.visitor("")
	page := v.post("/console/people/ann/edit", url.Values{"field": {"plan"}, "value": {"pro"}}).has(401)
	v.post("/console/login", url.Values{"token": {"operate"}, "next": {"/console/people/ann/edit"}, "kept": {keptName.FindStringSubmatch(page.body)[1]}}).has(303)
	v.post("/console/people/ann/edit", v.get("/console/people/ann/edit").has(200, `name="field" value="plan"`, `name="value" value="pro"`).form("value", "pro")).has(303)
	known, err := w.api.Profile(t.Context(), "ann")
	must(t, err)
	if string(known["plan"]) != `"pro"` {
		t.Errorf("known is %s", known)
	}
}

// TestHostileTexts: what people and products say is text.
func TestHostileTexts(t *testing.T) {
	w := start(t, shop)
	hostile := "<script>alert(1)</script>\u202e\u061c\u0085\x01" + strings.Repeat("x", 10_000)
	_, err := w.api.SendEvent(t.Context(), client.Event{Type: "order.shipped", Data: mustJSON(t, map[string]string{"order_id": hostile[:200], "customer": "ann"})})
	must(t, err)
	v := w.visitor("")
	run := w.runOf("ann")
	for _, path := range []string{"/console/runs", "/console/runs/" + run.ID} {
		v.get(path).hasNot("<script>alert", "\u202e", "\u061c", "\u0085", "\x01")
	}
	for _, path := range []string{"/console/runs?flow=" + url.QueryEscape(hostile), "/console/audit?by=" + url.QueryEscape(hostile), "/console/" + url.PathEscape(hostile)} {
		if p := v.get(path + "%ff").hasNot("<script>alert"); !utf8.ValidString(p.body) { // what the visitor typed stays as it is typed
			t.Errorf("%.40s is no UTF-8", path)
		}
	}
}
