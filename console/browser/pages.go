package browser

import (
	"net/url"
	"strings"
)

// Page is a page of the console, as the tests open it.
type Page struct {
	Address string // its path, with gaps for what [world.World.Places] names: /console/runs/{run}
	Dev     bool   // only a server of nudge dev has it
	Brief   bool   // it is looked at in every run of the tests; others are looked at with -every
}

// Pages are all pages of the console. A page that a link leads to and that is missing here fails [TestLinks]; add it
// when you write it. Several addresses may be of one page, each with another thing on it.
var Pages = []Page{
	{Address: "/console/", Brief: true},
	{Address: "/console/find?q=p00"},
	{Address: "/console/flows", Brief: true},
	{Address: "/console/flows/{flow}", Brief: true},
	{Address: "/console/flows/{flow}?since=24h&step=choice"},
	{Address: "/console/flows/{flow.other}"},
	{Address: "/console/flows/{flow}/runs"},
	{Address: "/console/flows/{flow}/proof"},
	{Address: "/console/flows/{flow}/versions", Brief: true},
	{Address: "/console/flows/{flow}/source"},
	{Address: "/console/flows/{flow}/send"},
	{Address: "/console/flows/{flow}/stories"},
	{Address: "/console/flows/{flow}/stories/{story}", Brief: true},
	{Address: "/console/flows/{flow}/stories/{story}?at=3"},
	{Address: "/console/stories"},
	{Address: "/console/batches"},
	{Address: "/console/batches/{batch}", Brief: true},
	{Address: "/console/batches/new?do=cancel&flow={flow}"},
	{Address: "/console/runs", Brief: true},
	{Address: "/console/runs?status=live"},
	{Address: "/console/runs?flow=no_such_flow"},
	{Address: "/console/runs/failed", Brief: true},
	{Address: "/console/runs/{run}", Brief: true},
	{Address: "/console/runs/{run.failed}"},
	{Address: "/console/runs/{run.reply}", Brief: true},
	{Address: "/console/runs/{run.goal}"},
	{Address: "/console/runs/{run.unsent}"},
	{Address: "/console/runs/{run}/cancel", Brief: true},
	{Address: "/console/runs/{run.failed}/retry"},
	{Address: "/console/people", Brief: true},
	{Address: "/console/people?q=p00"},
	{Address: "/console/people/{person}", Brief: true},
	{Address: "/console/people/nobody-is-known-by-this-name"},
	{Address: "/console/people/{person}/start"},
	{Address: "/console/people/{person}/event"},
	{Address: "/console/people/{person}/opt-out"},
	{Address: "/console/people/{person}/opt-in?category=orders"},
	{Address: "/console/people/{person}/edit", Brief: true},
	{Address: "/console/people/{person}/forget"},
	{Address: "/console/people/{person}/reveal"},
	{Address: "/console/campaigns", Brief: true},
	{Address: "/console/campaigns/{campaign}", Brief: true},
	{Address: "/console/campaigns/{campaign}/pause"},
	{Address: "/console/campaigns/{campaign}/cancel"},
	{Address: "/console/campaigns/{campaign.paused}"},
	{Address: "/console/campaigns/{campaign.paused}/resume"},
	{Address: "/console/events", Brief: true},
	{Address: "/console/events/{event}", Brief: true},
	{Address: "/console/templates"},
	{Address: "/console/templates/{template}", Brief: true},
	{Address: "/console/health", Brief: true},
	{Address: "/console/health/hold"},
	{Address: "/console/campaigns/new"},
	{Address: "/console/campaigns/new?flow=flash_sale"},
	{Address: "/console/deploys"},
	{Address: "/console/deploys/{deploy}", Brief: true},
	{Address: "/console/deploys/{deploy}/approve"},
	{Address: "/console/deploys/{deploy}/withdraw"},
	{Address: "/console/audit", Brief: true},
	{Address: "/console/inbox?people={person}", Dev: true, Brief: true},
	{Address: "/console/kit", Dev: true},
}

// Soon are the pages that links lead to and nobody has written yet. One that answers must be moved to [Pages].
var Soon = []string{}

// Files are what links offer to keep.
var Files = []Action{
	{Address: "/console/people/{person}/export", Scope: "operate"},
	{Address: "/console/flows/{flow}/source/file", Scope: "read"},
	{Address: "/console/runs.csv", Scope: "read"},
	{Address: "/console/runs.ndjson", Scope: "read"},
	{Address: "/console/people.csv", Scope: "read"},
	{Address: "/console/people.ndjson", Scope: "read"},
}

// Action is something that a form of the console changes.
type Action struct {
	Address string // that the form is posted to, with gaps; its query is what it is about
	Scope   string // that a token needs for it; empty: everybody who has logged in
	Direct  bool   // it acts on the first click, so that no page asks about it
	Rare    bool   // no world is in the state in which a page offers it
	Later   bool   // it asks about what an earlier page made, and nothing is there without it
	Upload  bool   // the form has files
	Dev     bool   // only a server of nudge dev has it
}

// Actions are all of them. A form that is missing here fails [TestForms]; add it when you write it.
var Actions = []Action{
	{Address: "/console/settings"},
	{Address: "/console/logout"},
	{Address: "/console/flows/{flow}/send", Scope: "events"}, // and author, which each token with it in the tests has too
	{Address: "/console/runs/{run}/cancel", Scope: "operate"},
	{Address: "/console/runs/{run.failed}/retry", Scope: "operate"},
	{Address: "/console/batches/new?do=cancel&flow={flow}", Scope: "operate"},
	{Address: "/console/batches/{batch}/stop", Scope: "operate", Rare: true},
	{Address: "/console/people/{person}/start", Scope: "operate"},
	{Address: "/console/people/{person}/event", Scope: "events"},
	{Address: "/console/people/{person}/opt-out", Scope: "operate"},
	{Address: "/console/people/{person}/opt-in", Scope: "operate"},
	{Address: "/console/people/{person}/edit", Scope: "operate"},
	{Address: "/console/people/{person}/forget", Scope: "operate"},
	{Address: "/console/people/{person}/reveal", Scope: "operate", Rare: true}, // offered where something is private
	{Address: "/console/campaigns/new?flow=flash_sale", Scope: "operate", Direct: true},
	{Address: "/console/campaigns/start?flow=flash_sale", Scope: "operate", Rare: true, Later: true},
	{Address: "/console/campaigns/{campaign}/pause", Scope: "operate"},
	{Address: "/console/campaigns/{campaign.paused}/resume", Scope: "operate"},
	{Address: "/console/campaigns/{campaign}/cancel", Scope: "operate"},
	{Address: "/console/deploys", Scope: "author", Direct: true, Upload: true},
	{Address: "/console/deploys/{deploy}/approve", Scope: "author"},
	{Address: "/console/deploys/{deploy}/withdraw", Scope: "author"},
	{Address: "/console/deploys/{deploy}/plan", Scope: "author", Direct: true},
	{Address: "/console/deploys/{deploy}/backtest", Scope: "author", Direct: true},
	{Address: "/console/deploys/{deploy}/prove", Scope: "author", Direct: true},
	{Address: "/console/deploys/{deploy}/watch", Scope: "author", Direct: true},
	{Address: "/console/deploys/{deploy}/unwatch", Scope: "author", Direct: true, Rare: true},
	{Address: "/console/health/kill", Scope: "operate", Direct: true},
	{Address: "/console/health/on", Scope: "operate", Rare: true},
	{Address: "/console/health/hold", Scope: "operate"},
	{Address: "/console/health/live", Scope: "operate", Rare: true},
	{Address: "/console/inbox/clock", Scope: "operate", Direct: true, Dev: true},
	{Address: "/console/inbox/send", Scope: "events", Direct: true, Dev: true},
	{Address: "/console/inbox/fail", Scope: "operate", Direct: true, Dev: true},
	{Address: "/console/inbox/people/{person}/reply", Scope: "operate", Direct: true, Dev: true},
	{Address: "/console/inbox/people/{person}/script", Scope: "operate", Direct: true, Dev: true},
	{Address: "/console/inbox/people/{person}/read", Scope: "operate", Direct: true, Dev: true},
}

// Matches reports whether a path is that of an address: each gap takes the place of one part of a path.
func Matches(address, path string) bool {
	address, _, _ = strings.Cut(address, "?")
	want, got := strings.Split(address, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if gap := strings.HasPrefix(want[i], "{"); !gap && want[i] != got[i] || gap && got[i] == "" {
			return false
		}
	}
	return true
}

// pathOf is the path of a link with its escapes, and whether it stays on the page's own server.
func pathOf(link *url.URL, server string) (path string, own bool) {
	return link.EscapedPath(), link.Scheme+"://"+link.Host == server
}
