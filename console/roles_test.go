package console_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nudge/client"
	"nudge/console"
	"nudge/engine"
	"nudge/runner/bulk"
	"nudge/runner/jobs"
	"nudge/server"
)

// playedDev are the tools of nudge dev, with people who do nothing.
type playedDev struct{ server.DevTools }

func (playedDev) Clock() (server.DevClock, error) {
	return server.DevClock{Now: engine.InstantOf(time.Now()), Speed: 1}, nil
}
func (playedDev) Jump(context.Context, time.Time) error { return nil }
func (playedDev) FailNext(int, int)                     {}
func (playedDev) Script(string, string) error           { return nil }
func (playedDev) Read(string) int                       { return 1 }
func (playedDev) People(int) []server.DevPerson         { return nil }
func (playedDev) Reply(_, _, text string) (server.DevMessage, error) {
	return server.DevMessage{Text: text, Inbound: true}, nil
}
func (playedDev) Person(who string, _ int) server.DevPerson {
	return server.DevPerson{Profile: who, Messages: []server.DevMessage{}}
}

// devOf are the dev tools of a world whose project asks for them.
func devOf(project map[string]string) server.DevTools {
	if strings.Contains(project["nudge.yaml"], "# dev") {
		return playedDev{}
	}
	return nil
}

// roled is a project in which every action of the console has something to act on.
var roled = map[string]string{
	"nudge.yaml":       "project: shop # dev\nfrom: Shop\nevents: { order.returned: { order_id: string } }\nprofile: { email: private optional string, plan: optional string }\n",
	"flows/order.yaml": shop["flows/order.yaml"],
	"flows/broken.yaml": `flow: broken
trigger: { event: broke, key: event.id, to: event.customer }
data: { id: string, customer: string }
steps: [ { set: { number: "= int(data.id)" } } ]
`,
	"flows/sale.yaml":        strings.Replace(sale["flows/sale.yaml"], ", if:", ", rate: 1/h, if:", 1),
	"templates/offer.yaml":   sale["templates/offer.yaml"],
	"audiences/shoppers.csv": sale["audiences/shoppers.csv"],
}

// attempt is an action on something, ready to be posted.
type attempt struct {
	page   string // that has its form, or leads to it; empty: none has always
	path   string
	query  string   // of the question
	filled []string // names and values
}

// attempts make something to act on, for each action.
func (w *world) attempts() map[string]func() attempt {
	n := 0
	id := func() string { n++; return "r" + string(rune('a'+n/26)) + string(rune('a'+n%26)) }
	person := func() string {
		who := id()
		w.known(who, `{"email": "`+who+`@example.com", "plan": "free"}`)
		return "/console/people/" + who
	}
	onPerson := func(do, query string, filled ...string) func() attempt {
		return func() attempt { at := person(); return attempt{at, at + "/" + do, query, filled} }
	}
	inbox := func(do string, filled ...string) func() attempt {
		return func() attempt { return attempt{"/console/inbox?people=ann", "/console/inbox/" + do, "", filled} }
	}
	campaign := func(do string, paused bool, filled ...string) func() attempt {
		return func() attempt {
			c, err := w.api.StartCampaign(w.t.Context(), client.CampaignStart{Flow: "sale", Again: true})
			must(w.t, err)
			eventually(w.t, "one has begun", func() bool {
				c, err := w.api.Campaign(w.t.Context(), c.ID)
				return err == nil && c.Taken > 0 && c.Outcomes["to come"] == 3
			})
			if paused {
				_, err = w.api.PauseCampaign(w.t.Context(), c.ID, "x")
				must(w.t, err)
			}
			at := "/console/campaigns/" + url.PathEscape(c.ID)
			return attempt{at, at + "/" + do, "", filled}
		}
	}
	open := ""
	proposed := func() string {
		if open != "" { // or too many are open
			_, _ = w.api.WithdrawDeploy(w.t.Context(), path.Base(open))
		}
		open = proposeOf(w.t, w.visitor("admin"), roled, id())
		return open
	}
	proposal := func(do string, filled ...string) func() attempt {
		return func() attempt {
			at := proposed()
			return attempt{at, at + "/" + do, "", filled}
		}
	}
	watched := func() attempt {
		at := proposed()
		_, err := w.api.WatchDeploy(w.t.Context(), path.Base(at), client.BacktestOf{})
		must(w.t, err)
		return attempt{at, at + "/unwatch", "", nil}
	}
	outbound := func(do string, before client.Outbound) func() attempt {
		return func() attempt {
			must(w.t, w.api.SetOutbound(w.t.Context(), before))
			return attempt{"/console/health", "/console/health/" + do, "", nil}
		}
	}
	yes, no := true, false
	return map[string]func() attempt{
		"people/{id}/start": onPerson("start", "", "flow", "order", "data", `{"order_id": "1", "customer": "ann"}`),
		"flows/{flow}/send": func() attempt {
			who := id()
			return attempt{"/console/flows/order", "/console/flows/order/send", "", []string{"profile", who, "data", `{"order_id": "1", "customer": "` + who + `"}`}}
		},
		"people/{id}/event":   onPerson("event", "", "type", "order.returned", "data", `{"order_id": "1"}`),
		"people/{id}/opt-out": onPerson("opt-out", "", "category", "all"),
		"people/{id}/opt-in": func() attempt {
			a := onPerson("opt-in", "?category=all")()
			_, err := w.api.OptOut(w.t.Context(), []string{strings.TrimPrefix(a.page, "/console/people/")}, []string{"all"})
			must(w.t, err)
			return a
		},
		"people/{id}/edit":   onPerson("edit", "?field=plan", "value", "pro"),
		"people/{id}/reveal": onPerson("reveal", "", "reason", "why"),
		"people/{id}/forget": func() attempt {
			at := person()
			return attempt{at, at + "/forget", "", []string{"confirm", strings.TrimPrefix(at, "/console/people/")}}
		},
		"runs/{id}/cancel": func() attempt {
			who := id()
			w.ship(who, who)
			at := "/console/runs/" + w.runOf(who).ID
			return attempt{at, at + "/cancel", "", nil}
		},
		"runs/{id}/retry": func() attempt {
			who := id()
			must(w.t, w.send("broke", who, `{"id": "x", "customer": "`+who+`"}`))
			at := "/console/runs/" + w.runOf(who).ID
			return attempt{at, at + "/retry", "", nil}
		},
		"batches/new": func() attempt {
			who := id()
			w.ship(who, who)
			return attempt{"/console/runs?flow=order&profile=" + who, "/console/batches/new", "?do=cancel&flow=order&profile=" + who, []string{"reason", "why"}}
		},
		"batches/{id}/stop": func() attempt {
			job, err := w.jobs.Start(engine.Actor{Name: "ops"}, bulk.Cancel, map[string]any{"filter": map[string]string{"flow": id()}}, func(ctx context.Context, _ *jobs.Task) (any, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
			must(w.t, err)
			return attempt{"/console/batches/" + job.ID, "/console/batches/" + job.ID + "/stop", "", nil}
		},
		"inbox/clock":              inbox("clock", "do", "1h"),
		"inbox/send":               inbox("send", "event", "order.returned", "for", "ann", "data", `{"order_id": "1"}`),
		"inbox/fail":               inbox("fail", "status", "503"),
		"inbox/people/{id}/reply":  inbox("people/ann/reply", "text", "yes"),
		"inbox/people/{id}/script": inbox("people/ann/script", "script", "never reads"),
		"inbox/people/{id}/read":   inbox("people/ann/read"),
		"campaigns/new": func() attempt {
			return attempt{"/console/campaigns/new?flow=sale", "/console/campaigns/new", "", []string{"flow", "sale"}}
		},
		"campaigns/start": func() attempt {
			all, err := w.api.Campaigns(w.t.Context(), client.CampaignQuery{})
			must(w.t, err)
			for _, c := range all.Campaigns { // or those that take people are in the way
				_, _ = w.api.CancelCampaign(w.t.Context(), c.ID, "x", true)
			}
			job, err := w.api.StartPreview(w.t.Context(), client.CampaignPreview{Flow: "sale"})
			must(w.t, err)
			eventually(w.t, "the preview is done", func() bool {
				job, err = w.api.Job(w.t.Context(), job.ID)
				return err == nil && job.State == "done"
			})
			query := "?flow=sale&job=" + job.ID
			return attempt{"/console/campaigns/new" + query, "/console/campaigns/start", query, []string{"confirm", "sale", "reason", "why"}}
		},
		"campaigns/{id}/pause":  campaign("pause", false, "reason", "why"),
		"campaigns/{id}/resume": campaign("resume", true, "reason", "why"),
		"campaigns/{id}/cancel": campaign("cancel", false, "confirm", "sale", "reason", "why"),
		"deploys/{id}/plan":     proposal("plan"),
		"deploys/{id}/prove":    proposal("prove"),
		"deploys/{id}/backtest": proposal("backtest"),
		"deploys/{id}/watch":    proposal("watch"),
		"deploys/{id}/unwatch":  watched,
		"deploys/{id}/withdraw": proposal("withdraw"),
		"deploys/{id}/approve":  proposal("approve", "confirm", "nudge"),
		"health/kill":           outbound("kill", client.Outbound{Mode: "live", Killed: &no}),
		"health/on":             outbound("on", client.Outbound{Mode: "live", Killed: &yes}),
		"health/hold":           outbound("hold", client.Outbound{Mode: "live", Killed: &no}),
		"health/live":           outbound("live", client.Outbound{Mode: "hold", Killed: &no}),
	}
}

// TestEachActionWithEachRole posts every action of the console with every role, each time with a right form of its own session. It acts
// for the roles that have its scope, and no other may change anything; what a role may not do is not on the page.
func TestEachActionWithEachRole(t *testing.T) {
	w := start(t, roled, tokens()...)
	u, err := url.Parse(w.url)
	must(t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }}
	var changes atomic.Int32
	c, err := console.New(console.Config{API: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			changes.Add(1)
		}
		proxy.ServeHTTP(out, r)
	})})
	must(t, err)
	web := httptest.NewServer(c.Handler())
	t.Cleanup(web.Close)
	behind := &world{t: t, url: web.URL, store: w.store, api: w.api}
	attempts, scopes := w.attempts(), console.ActionScopes()
	visitors := map[string]*visitor{}
	for _, role := range []string{"read", "operate", "author", "admin"} {
		visitors[role] = behind.visitor(role)
	}
	includes := map[string][]string{"events": {"admin"}, "operate": {"operate", "author", "admin"}, "author": {"author", "admin"}}
	for _, pattern := range slices.Sorted(maps.Keys(scopes)) {
		name := strings.TrimPrefix(pattern, console.Root)
		if name == "deploys" { // TestDeployRoles posts files
			continue
		}
		if attempts[name] == nil {
			t.Errorf("a new action: say in attempts how %s is posted", name)
			continue
		}
		for role, v := range visitors {
			a := attempts[name]()
			may := slices.Contains(includes[scopes[pattern]], role)
			form := url.Values{}
			mark := `action="` + a.path + `"`
			if asked := visitors["admin"].get(a.path + a.query); asked.status == http.StatusOK && strings.Contains(asked.body, "data-question>") {
				form, mark = asked.form(), `"`+a.path
			}
			if a.page != "" && strings.Contains(v.get(a.page).has(200).body, mark) != may {
				t.Errorf("%s shows %s to %s: %v", a.page, name, role, !may)
			}
			for i := 0; i < len(a.filled); i += 2 {
				form.Set(a.filled[i], a.filled[i+1])
			}
			form.Set("form", c.FormOf(v.cookie().Value))
			before := changes.Load()
			p := v.post(a.path, form)
			switch changed := changes.Load() != before; {
			case may && (p.status != http.StatusSeeOther || !changed):
				t.Errorf("%s as %s: %d, and something was changed: %v\n%.1500s", name, role, p.status, changed, mainOf(p.body))
			case !may && (p.status != http.StatusForbidden || changed):
				t.Errorf("%s as %s: %d, and something was changed: %v", name, role, p.status, changed)
			}
		}
	}
}

// mainOf is what a page says, without its frame.
func mainOf(body string) string {
	_, main, _ := strings.Cut(body, `<div class="head">`)
	main, _, _ = strings.Cut(main, "</main>")
	return main
}
