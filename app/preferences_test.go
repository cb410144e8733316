package app

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/client"
)

// newsletter is a project whose messages link to the page of preferences.
var newsletter = fstest.MapFS{
	"nudge.yaml":          {Data: []byte("categories: { news: {}, orders: {} }\npreferences: { public_url: \"https://shop.example\", secrets: [ \"${NUDGE_PREFERENCES_SECRET}\" ], names: { news: News of the shop } }\n")},
	"templates/news.yaml": {Data: []byte("body: \"News for you. Fewer messages: {{ preferences_url }}\"\nmetadata: { n: 1 }\n")},
	"flows/news.yaml":     {Data: []byte("flow: news\ntrigger: { event: published }\nsteps: [ { send: { template: news, category: news } } ]\n")},
	"flows/orders.yaml":   {Data: []byte("flow: orders\ntrigger: { event: ordered }\nsteps: [ { send: { body: Thank you, category: orders } } ]\n")},
}

var linkInText = regexp.MustCompile(`http://127\.0\.0\.1:\d+/p/[\w-]+`)

// browse makes a request and returns the page.
func browse(t *testing.T, method, link string, form url.Values) (status int, page string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, link, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(raw)
}

// TestPreferencesLink takes the link out of a message, opens the page and clicks. The next message of
// that category does not go out, and those of others do.
func TestPreferencesLink(t *testing.T) {
	local := startExample(t, newsletter, t.TempDir())
	a := clientOf(t, local.Instance)
	sends := func(event string) *client.Run {
		t.Helper()
		answer, err := a.SendEvent(t.Context(), client.Event{Type: event, Profile: "ann"})
		if err != nil || len(answer.Decisions) != 1 {
			t.Fatalf("%+v, %v", answer, err)
		}
		return untilRun(t, a, answer.Decisions[0].Run, func(r *client.Run) bool { return r.Outcome != "" })
	}
	sends("published")
	sent := local.Sandbox.Messages()
	link := linkInText.FindString(sent[0].Text)
	if link == "" || !strings.HasPrefix(link, local.PreferencesURL()) || !strings.Contains(string(sent[0].Request), `"unsubscribe_url":"`+link+`"`) {
		t.Fatalf("the message has no link: %s, %s", sent[0].Text, sent[0].Request)
	}
	if status, page := browse(t, "GET", link, nil); status != 200 || !strings.Contains(page, "News of the shop") || !strings.Contains(page, "Turn off") {
		t.Errorf("the page is %d: %s", status, page)
	}
	if r := sends("published"); r.Messages[0].Status == "unsent" {
		t.Errorf("opening the page holds messages back: %+v", r.Messages[0])
	}
	if status, page := browse(t, "POST", link, url.Values{"opt_out": {"news"}}); status != 200 || !strings.Contains(page, "Your choice is saved") {
		t.Errorf("the page after the click is %d: %s", status, page)
	}
	if r := sends("published"); r.Messages[0].Status != "unsent" || r.Messages[0].Reason != "opted_out" {
		t.Errorf("after the click a message is %+v", r.Messages[0])
	}
	if r := sends("ordered"); r.Messages[0].Status == "unsent" {
		t.Errorf("after the click a message of another category is %+v", r.Messages[0])
	}
	if status, _ := browse(t, "GET", local.PreferencesURL()+"/v1/runs", nil); status != 404 {
		t.Errorf("the listener of the page answers %d for the API", status)
	}
	if status, _ := browse(t, "GET", local.URL()+strings.TrimPrefix(link, local.PreferencesURL()), nil); status != 404 {
		t.Errorf("the API answers %d for the page", status)
	}
}

// TestPreferencesAfterReload shows that names follow a reload, and that links stay valid.
func TestPreferencesAfterReload(t *testing.T) {
	local := startExample(t, newsletter, t.TempDir())
	link := messageLinks{local.Instance}.URL("ann", "news", local.config.Clock.Now())
	p := Read(newsletter, LocalSettings(os.LookupEnv))
	p.Settings.Preferences.Names["news"][""] = "Other news"
	local.reloadPreferences(p.Settings.Preferences)
	if status, page := browse(t, "GET", link, nil); status != 200 || !strings.Contains(page, "Other news") {
		t.Errorf("the page is %d: %s", status, page)
	}
	local.reloadPreferences(nil)
	if status, _ := browse(t, "GET", link, nil); status != 200 {
		t.Errorf("without settings the page is %d", status)
	}
}
