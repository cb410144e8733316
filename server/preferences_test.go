package server_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"math"
	"mime/multipart"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nudge/engine"
	"nudge/runner/preferences"
	"nudge/server"
)

// newsletters is a project with messages of several categories.
var newsletters = map[string]string{
	"nudge.yaml":      "categories: { orders: {}, cart_reminders: {}, service: { always: true } }\n",
	"flows/all.yaml":  "flow: all\ntrigger: { event: order }\nsteps: [ { send: { body: Hello, category: orders } }, { send: { body: Your key, category: service } } ]\n",
	"flows/cart.yaml": "flow: cart\ntrigger: { event: cart }\nsteps: [ { send: { body: Your cart, category: cart_reminders } } ]\n",
}

var planned = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// visited is a service, and its page of preferences.
type visited struct {
	*service
	page  *service
	links *preferences.Links
	now   time.Time
	log   lockedBuffer
}

func visit(t *testing.T) *visited {
	t.Helper()
	v := &visited{now: planned, links: preferences.New("", time.Hour, []string{"a secret of the page, as long as it must be"})}
	var config server.Config
	v.service = start(t, newsletters, func(c *server.Config) { config = *c })
	config.Registry, config.Log = nil, slog.New(slog.NewTextHandler(&v.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	config.Preferences = func() *server.Preferences {
		return &server.Preferences{Links: v.links, Now: func() time.Time { return v.now },
			Names: map[string]map[string]string{"orders": {"": "Your orders", "de": "Bestellungen"}}}
	}
	s, err := server.New(config)
	must(t, err)
	web := httptest.NewServer(s.PreferencesHandler())
	t.Cleanup(web.Close)
	v.page = &service{t: t, url: web.URL}
	return v
}

// link is the path of a link of a person.
func (v *visited) link(profile, category string) string {
	return v.links.URL(profile, category, planned)
}

// get opens a page.
func (v *visited) get(path string, headers ...string) *answer {
	return v.page.do("GET", path, "", headers...)
}

// click posts a form, and follows where it leads.
func (v *visited) click(path, form string) *answer {
	return v.page.do("POST", path, form, "Content-Type", "application/x-www-form-urlencoded")
}

// optOuts are those of a person, as the API shows them.
func (v *visited) optOuts(profile string) string {
	v.t.Helper()
	p, err := v.store.Person(profile)
	must(v.t, err)
	if p == nil {
		return ""
	}
	return strings.Join(p.OptOuts, " ")
}

var markup = regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>|\s+`)

// read is the text of a page.
func (a *answer) read() string {
	return strings.Join(strings.Fields(markup.ReplaceAllString(a.body, " ")), " ")
}

// TestPreferences opens the page and clicks every kind of button.
func TestPreferences(t *testing.T) {
	v := visit(t)
	path := v.link("ann", "orders")
	for _, step := range []struct{ form, optOuts, reads string }{
		{"", "", "Your orders – on Turn off : Your orders Cart reminders – on Turn off : Cart reminders Service – always on All messages"},
		{"opt_out=cart_reminders", "cart_reminders", "Your choice is saved. Choose which messages you would like to get. A change takes effect at once. Kinds of messages Your orders – on Turn off : Your orders Cart reminders – off Turn on : Cart reminders"},
		{"opt_out=orders", "cart_reminders orders", "Your orders – off Turn on : Your orders"},
		{"opt_in=cart_reminders", "orders", "Cart reminders – on Turn off"},
		{"opt_out=all", "all orders", "Your orders – off Cart reminders – off Service – always on All messages You have turned off all messages that can be turned off. Turn on all messages"},
		{"opt_in=all", "", "Your orders – on Turn off : Your orders Cart reminders – on Turn off"},
	} {
		var a *answer
		if step.form == "" {
			a = v.get(path)
		} else {
			a = v.click(path, step.form)
		}
		if a.is(200); !strings.Contains(a.read(), step.reads) {
			t.Errorf("after %q the page is %q, want %q in it", step.form, a.read(), step.reads)
		}
		if got := v.optOuts("ann"); got != step.optOuts {
			t.Errorf("after %q the opt-outs are %q, want %q", step.form, got, step.optOuts)
		}
	}
}

// TestLooksChangeNothing shows that nothing but a click changes anything: scanners follow links.
func TestLooksChangeNothing(t *testing.T) {
	v := visit(t)
	path := v.link("ann", "orders")
	before, err := v.store.State()
	must(t, err)
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE"} {
		for _, query := range []string{"", "?opt_out=orders", "?List-Unsubscribe=One-Click", "?saved"} {
			v.page.do(method, path+query, "")
		}
	}
	for _, form := range []string{"", "opt_out=", "opt_out=service", "opt_out=unknown", "opt_out=orders&opt_in=orders", "opt_in=service", "x=y", "%zz", "List-Unsubscribe=No"} {
		v.click(path, form).is(400, "Nothing was changed")
	}
	v.click(path, "opt_out="+strings.Repeat("a", 5000)).is(413)
	after, err := v.store.State()
	must(t, err)
	if after.Seq != before.Seq {
		t.Errorf("%d inputs were taken", after.Seq-before.Seq)
	}
}

// TestOneClick is the button of an app or a mail program (RFC 8058).
func TestOneClick(t *testing.T) {
	const click = "List-Unsubscribe=One-Click"
	v := visit(t)
	v.click(v.link("ann", "orders"), click).is(200, "You are unsubscribed")
	v.click(v.link("bob", ""), click).is(200)
	v.click(v.link("cid", "service"), click).is(200)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	must(t, w.WriteField("List-Unsubscribe", "One-Click"))
	must(t, w.Close())
	v.page.do("POST", v.link("dan", "cart_reminders"), form.String(), "Content-Type", w.FormDataContentType()).is(200)
	for profile, want := range map[string]string{"ann": "orders", "bob": "all", "cid": "all", "dan": "cart_reminders"} {
		if got := v.optOuts(profile); got != want {
			t.Errorf("%s opted out of %q, want %q", profile, got, want)
		}
	}
}

// TestBadLinks shows that a link which is wrong, of another secret or expired changes nothing, and says
// nothing of anybody.
func TestBadLinks(t *testing.T) {
	v := visit(t)
	path := v.link("ann", "orders")
	other := preferences.New("", time.Hour, []string{"another secret, as long as it must be"})
	for _, wrong := range []string{"/p/", "/p/x", path[:len(path)-1], path + "x", path + "/", path + "%0A", other.URL("ann", "orders", planned), "/", "/v1/runs", "/metrics", "/webhooks/comapi", "/favicon.ico"} {
		got := v.get(wrong).is(404, "This link does not work").body
		if first := v.get("/p/x").body; got != first {
			t.Errorf("%s differs from other wrong links", wrong)
		}
		v.click(wrong, "opt_out=orders").is(404)
	}
	v.now = planned.Add(time.Hour)
	v.get(path).is(410, "This link has expired")
	v.click(path, "opt_out=orders").is(410)
	if got := v.optOuts("ann"); got != "" {
		t.Errorf("the opt-outs are %q", got)
	}
	v.get("/-/healthy").is(200)
}

// TestLanguages shows the page in every language, and how one is chosen.
func TestLanguages(t *testing.T) {
	v := visit(t)
	for language, title := range map[string]string{"en": "Your messages", "de": "Ihre Nachrichten", "fr": "Vos messages", "es": "Sus mensajes", "it": "I Suoi messaggi", "nl": "Uw berichten", "pt": "As suas mensagens"} {
		a := v.get(v.link("ann", ""), "Accept-Language", language+"-XX,"+language+";q=0.9,en;q=0.1").is(200, `<html lang="`+language+`">`, "<h1>"+title+"</h1>")
		if strings.Contains(a.body, "ZgotmplZ") || strings.Contains(a.body, "<p></p>") {
			t.Errorf("a text of %s is missing: %s", language, a.body)
		}
		v.get("/p/x", "Accept-Language", language).is(404, `<html lang="`+language+`">`)
	}
	for accept, want := range map[string]string{"": "en", "ja": "en", "ja, fr;q=0.5, de;q=0.8": "de", "de;q=0": "en", "*": "en", "fr;q=x": "en", ";;,": "en", "DE-at": "de"} {
		v.get(v.link("ann", ""), "Accept-Language", accept).is(200, `<html lang="`+want+`">`)
	}
	v.do("PATCH", "/v1/profiles/ann", `{"locale": "de_DE.UTF-8"}`).is(200)
	v.get(v.link("ann", ""), "Accept-Language", "fr").is(200, `<html lang="de">`, "Bestellungen")
	v.do("PATCH", "/v1/profiles/ann", `{"locale": 7}`).is(200)
	v.get(v.link("ann", ""), "Accept-Language", "fr").is(200, `<html lang="fr">`)
}

// TestPageIsClosed shows that the page lets nothing in and gives its address to nobody.
func TestPageIsClosed(t *testing.T) {
	v := visit(t)
	path := v.link("person-4711", "orders")
	for _, a := range []*answer{v.get(path), v.get("/p/x"), v.click(path, "opt_out=orders"), v.click(path, "")} {
		for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "X-Content-Type-Options": "nosniff", "Content-Type": "text/html; charset=utf-8"} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(a.body)
		sum := sha256.Sum256([]byte(style[1]))
		if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
			t.Errorf("the policy %q does not let in the page's own style", policy)
		}
		if strings.Contains(a.body, "<script") || strings.Contains(a.body, "http:") || strings.Contains(a.body, "https:") || strings.Contains(a.body, "4711") {
			t.Errorf("the page has what it must not have: %s", a.body)
		}
	}
	if log := v.log.String(); strings.Contains(log, strings.TrimPrefix(path, "/p/")) || !strings.Contains(log, "path=/p/…") {
		t.Errorf("the log gives links away:\n%s", log)
	}
}

// TestPageCanBeRead shows that text and buttons have the contrast that WCAG 2.2 asks for (AA: 4.5 to 1), in
// light and in dark, and that each button has a name of its own.
func TestPageCanBeRead(t *testing.T) {
	v := visit(t)
	page := v.get(v.link("ann", "orders")).is(200).body
	schemes := regexp.MustCompile(`(--[a-z-]+): (#[0-9a-f]{6})`)
	for i, scheme := range strings.Split(page, "prefers-color-scheme: dark") {
		colours := map[string]string{}
		for _, m := range schemes.FindAllStringSubmatch(scheme, -1) {
			colours[m[1]] = m[2]
		}
		for _, pair := range [][2]string{{"--text", "--back"}, {"--faint", "--back"}, {"--accent", "--back"}, {"--on-accent", "--accent"}} {
			if got := contrast(t, colours[pair[0]], colours[pair[1]]); got < 4.5 {
				t.Errorf("scheme %d: %s on %s has a contrast of %.1f", i, pair[0], pair[1], got)
			}
		}
	}
	names := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?s)<button[^>]*>(.*?)</button>`).FindAllStringSubmatch(page, -1) {
		names[markup.ReplaceAllString(m[1], "")] = true
	}
	if len(names) != 3 {
		t.Errorf("the names of the buttons are %v", names)
	}
}

// contrast is that of two colours, as WCAG 2.2 computes it.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	light, dark := luminance(t, a), luminance(t, b)
	return (max(light, dark) + 0.05) / (min(light, dark) + 0.05)
}

func luminance(t *testing.T, colour string) (sum float64) {
	t.Helper()
	for i, share := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		must(t, err)
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += share * c
	}
	return sum
}

// TestClickIsAudited shows that a click stands in the audit trail, with what it changed.
func TestClickIsAudited(t *testing.T) {
	v := visit(t)
	v.click(v.link("ann", "orders"), "opt_out=orders").is(200)
	all := v.trail("?profile=ann")
	if len(all) != 1 || all[0].By.Name != "preferences page" || all[0].By.Request == "" || all[0].By.Address != "" {
		t.Fatalf("the trail is %+v", all)
	}
	if got, want := all[0].told(), "preferences page: change person, ann map[] → map[opt_outs:[orders]]"; got != want {
		t.Errorf("the entry is %q, want %q", got, want)
	}
}

// TestForgottenPerson shows that the page of somebody of whom nothing is known is a page as all are.
func TestForgottenPerson(t *testing.T) {
	v := visit(t)
	path := v.link("ann", "orders")
	v.click(path, "opt_out=orders").is(200)
	v.do("DELETE", "/v1/profiles/ann", "").is(200)
	v.get(path).is(200, "Turn off")
	v.click(path, "opt_out=cart_reminders").is(200)
	if got := v.optOuts("ann"); got != "cart_reminders" {
		t.Errorf("the opt-outs are %q", got)
	}
}

// TestClicksDoNotLoseEachOther shows that two clicks at once are both kept.
func TestClicksDoNotLoseEachOther(t *testing.T) {
	v := visit(t)
	path := v.link("ann", "orders")
	var clicks sync.WaitGroup
	for _, category := range []string{"orders", "cart_reminders"} {
		clicks.Go(func() { v.click(path, "opt_out="+category) })
	}
	clicks.Wait()
	if got := v.optOuts("ann"); got != "cart_reminders orders" {
		t.Errorf("the opt-outs are %q", got)
	}
}

// TestOptOutHoldsMessagesBack shows that after a click nothing more of the category goes out.
func TestOptOutHoldsMessagesBack(t *testing.T) {
	v := visit(t)
	v.click(v.link("ann", "cart_reminders"), "opt_out=cart_reminders").is(200)
	var got engine.Answer
	v.event(`{"type": "cart", "profile": "ann"}`).is(200).decode(&got)
	if r := v.ended(got.Decisions[0].Run); r.Messages[0].Reason != "opted_out" {
		t.Errorf("the message is %+v", r.Messages[0])
	}
}
