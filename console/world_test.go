package console_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/audience"
	"nudge/channels"
	"nudge/client"
	"nudge/console"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/runner/bulk"
	"nudge/runner/jobs"
	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// shop is the project that most tests run.
var shop = map[string]string{
	"nudge.yaml": "project: shop\nevents: { order.returned: { order_id: string } }\n",
	"flows/order.yaml": `flow: order
trigger: { event: order.shipped, key: event.order_id, to: event.customer }
data: { order_id: string, customer: string }
exit: [ { event: order.returned, key: event.order_id, as: returned } ]
steps:
  - id: shipped
    send: { body: "Your order {{ data.order_id }} is on its way.", from: Shop }
  - wait:
      - read: shipped
      - failed: shipped
      - after: 24h
`,
}

// world is a console over a real server, a real runner and a store in memory.
type world struct {
	t     testing.TB
	url   string
	store *store.Store
	jobs  *jobs.Manager
	api   *client.Client // with every scope
}

// provider accepts everything.
type provider struct{}

func (provider) Send(_ context.Context, m channels.Message) channels.Result {
	return channels.Result{Outcome: channels.Accepted, ProviderID: "m-" + m.Ref.Run}
}

// tokens are one for each scope; the text of each is the word for it.
func tokens() (all []server.Token) {
	for _, scope := range server.Scopes {
		token := server.NewToken("the "+string(scope), string(scope))
		token.Scopes = []server.Scope{scope}
		all = append(all, token)
	}
	return all
}

// start serves a project. With tokens, visitors must log in.
func start(t *testing.T, project map[string]string, tokens ...server.Token) *world {
	t.Helper()
	return startOn(t, new(memory.KV), project, tokens...)
}

// startOn serves a project from a store.
func startOn(t testing.TB, kv store.KV, project map[string]string, tokens ...server.Token) *world {
	t.Helper()
	kept, err := store.Open(kv)
	must(t, err)
	state, err := kept.State()
	must(t, err)
	core, err := engine.New(state, nil)
	must(t, err)
	audiences, err := audience.Open(t.TempDir(), audience.Sources{Project: folderOf(project), People: kept})
	must(t, err)
	loop, err := runner.New(kept, core, runner.Config{Accounts: []runner.Account{{Channel: provider{}, Senders: 2}}, Audiences: audiences})
	must(t, err)
	work := jobs.New(jobs.Config{Store: kept})
	many := bulk.New(kept, loop, work)
	must(t, work.Open())
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(running) }()
	srv, err := server.New(server.Config{
		Audiences: audiences, Jobs: work, Bulk: many, Dev: devOf(project), SecondPerson: func() bool { return strings.Contains(project["nudge.yaml"], "second_person: true") },
		Runner: loop, Store: kept, Tokens: func() []server.Token { return tokens },
		Console: func(api http.Handler) (http.Handler, error) {
			c, err := console.New(console.Config{API: api})
			if err != nil {
				return nil, err
			}
			return c.Handler(), nil
		},
	})
	must(t, err)
	web := httptest.NewServer(srv.Handler())
	t.Cleanup(func() {
		srv.EndLive()
		web.Close()
		work.Close()
		stop()
		must(t, <-ended)
	})
	w := &world{t: t, url: web.URL, store: kept, jobs: work}
	w.deploy(loop, project)
	w.api, err = client.New(client.Config{Server: web.URL, Token: string(server.ScopeAdmin)})
	must(t, err)
	return w
}

// folderOf is a project as a folder.
func folderOf(project map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range project {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func (w *world) deploy(loop *runner.Runner, project map[string]string) {
	w.t.Helper()
	p, list := flows.Load(folderOf(project))
	must(w.t, list.Err())
	d := &engine.Deploy{Marks: p.Marks()}
	for _, f := range p.Flows {
		d.Flows = append(d.Flows, f.Bundle)
	}
	_, err := loop.Submit(w.t.Context(), &engine.Input{Payload: d})
	must(w.t, err)
}

// ship sends the event that starts a run.
func (w *world) ship(order, customer string) client.Answer {
	w.t.Helper()
	a, err := w.api.SendEvent(w.t.Context(), client.Event{Type: "order.shipped", Data: []byte(`{"order_id": "` + order + `", "customer": "` + customer + `"}`)})
	must(w.t, err)
	return *a
}

// runOf waits until a person has a run, and returns it.
func (w *world) runOf(profile string) client.Run {
	w.t.Helper()
	page, err := w.api.Runs(w.t.Context(), client.RunQuery{RunFilter: client.RunFilter{Profile: profile}})
	must(w.t, err)
	if len(page.Runs) == 0 {
		w.t.Fatalf("%s has no run", profile)
	}
	return page.Runs[0]
}

// visitor is a browser without a script.
type visitor struct {
	*world
	http *http.Client
}

// visitor returns a browser; with a token it has logged in.
func (w *world) visitor(token string) *visitor {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	v := &visitor{w, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if token != "" {
		if p := v.post("/console/login", url.Values{"token": {token}}); p.status != http.StatusSeeOther {
			w.t.Fatalf("the login was answered with %d", p.status)
		}
	}
	return v
}

// shown is a page as it was answered.
type shown struct {
	t        testing.TB
	status   int
	header   http.Header
	body     string
	location string
}

func (v *visitor) do(r *http.Request) *shown {
	v.t.Helper()
	answer, err := v.http.Do(r)
	must(v.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(v.t, err)
	return &shown{v.t, answer.StatusCode, answer.Header, string(body), answer.Header.Get("Location")}
}

func (v *visitor) get(path string) *shown {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.url+path, http.NoBody)
	must(v.t, err)
	return v.do(r)
}

func (v *visitor) post(path string, form url.Values) *shown {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+path, strings.NewReader(form.Encode()))
	must(v.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", v.url)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.do(r)
}

// has fails unless a page has a status and all of some texts.
func (p *shown) has(status int, texts ...string) *shown {
	p.t.Helper()
	if p.status != status {
		p.t.Errorf("got status %d, want %d: %.2000s", p.status, status, p.body)
	}
	for _, text := range texts {
		if !strings.Contains(p.body, text) {
			p.t.Errorf("the page does not have %q:\n%.6000s", text, p.body)
		}
	}
	return p
}

// hasNot fails if a page has one of some texts.
func (p *shown) hasNot(texts ...string) *shown {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			p.t.Errorf("the page has %q", text)
		}
	}
	return p
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// form returns the hidden fields of the question on a page, with what is filled in.
func (p *shown) form(filled ...string) url.Values {
	p.t.Helper()
	_, question, ok := strings.Cut(p.body, "data-question>")
	if !ok {
		p.t.Fatalf("the page asks nothing:\n%.4000s", p.body)
	}
	question, _, _ = strings.Cut(question, "</form>")
	values := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(question, -1) {
		values.Add(m[1], m[2])
	}
	for i := 0; i < len(filled); i += 2 {
		values.Set(filled[i], filled[i+1])
	}
	return values
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within ten seconds", what)
		case <-tick.C:
		}
	}
}

func mustJSON(t testing.TB, of any) []byte {
	t.Helper()
	raw, err := json.Marshal(of)
	must(t, err)
	return raw
}
