package console_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nudge/client"
)

// oneCampaign answers for a campaign with a message that failed.
type oneCampaign struct{ campaign client.CampaignDetail }

const saleID = "sale@2026-11-27T09:00:00.000Z"

func (f *oneCampaign) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := func(of any) { _ = json.NewEncoder(w).Encode(of) }
	run := client.Run{ID: "01JD0Q7V6T3M5R8W9X0Y1Z2A3B", Flow: "sale", Profile: "col", Status: "ended", StartedBy: saleID,
		Messages: []client.Message{{Number: 1, Step: "offer", Status: "failed", Reason: "no such device"}}, Timeline: []client.Entry{{Kind: "started", Text: "started by " + saleID}}}
	switch path := r.URL.Path; {
	case path == "/v1/token":
		answer(map[string]any{"name": "local", "may": []string{"read", "operate"}, "server": map[string]any{"project": "acme"}})
	case strings.HasPrefix(path, "/v1/campaigns/"):
		answer(f.campaign)
	case path == "/v1/campaigns":
		answer(client.CampaignPage{Campaigns: []client.Campaign{f.campaign.Campaign}})
	case path == "/v1/runs":
		answer(client.RunPage{Runs: []client.Run{run}})
	case strings.HasPrefix(path, "/v1/runs/"):
		answer(run)
	case path == "/v1/health":
		answer(client.Health{Accounts: []client.HealthAccount{{Account: "*"}}})
	default:
		http.NotFound(w, r)
	}
}

// TestCampaignWords: a message that failed has the reason of the provider, a campaign in which everybody has begun has runs to end and
// nothing to cancel, and one that is over has neither. Its name is for people, and its ID stands beside it.
func TestCampaignWords(t *testing.T) {
	api := &oneCampaign{client.CampaignDetail{Campaign: client.Campaign{ID: saleID, Flow: "sale", Version: "9c41aaaabbbbcccc", Status: "started", Audience: 2, Taken: 2, Live: 1,
		Outcomes: map[string]uint64{"failed": 1, "read": 1}}, Started: client.CampaignStarted{How: "operator", By: "local"}}}
	at := "/console/campaigns/" + url.PathEscape(saleID)
	text := &shown{t: t, status: 200, body: page(t, api, at)}
	text.has(200, "Failed at the provider", `col</a> <span class="soft">no such device</span>`, "End its runs…", "<code>"+saleID+"</code>", "by this machine").hasNot("btn danger")
	text = &shown{t: t, status: 200, body: page(t, api, at+"/cancel")}
	text.has(200, "End the runs of sale?", "Everybody has begun. 1 run lives and ends now", "End 1 run", `name="end_runs" value="yes"`)
	api.campaign.Outcomes = map[string]uint64{"to come": 1, "read": 1}
	api.campaign.Status = "starting"
	text = &shown{t: t, status: 200, body: page(t, api, at)}
	text.has(200, `<a class="btn danger" data-ask href="`+at+`/cancel">Cancel</a>`)
	api.campaign.Status, api.campaign.Live = "finished", 0
	text = &shown{t: t, status: 200, body: page(t, api, at)}
	text.hasNot("/cancel", "End its runs")

	text = &shown{t: t, status: 200, body: page(t, api, "/console/runs/01JD0Q7V6T3M5R8W9X0Y1Z2A3B")}
	text.has(200, `sale of 27 Nov 2026 at 09:00 UTC</a><br><code class="soft">`+saleID, "started by sale of 27 Nov 2026 at 09:00 UTC")
	text = &shown{t: t, status: 200, body: page(t, api, "/console/health")}
	text.has(200, "for all messages", "this machine, operate").hasNot(">*<")
}

// TestChooseCampaign: without a flow, the page has those of which a campaign can be started; one that cannot is no dead end.
func TestChooseCampaign(t *testing.T) {
	w := start(t, sale, tokens()...)
	v := w.visitor("operate")
	page := v.get("/console/campaigns/new").has(200, `<option value="sale">sale</option>`)
	token := page.formToken("/console/campaigns/new")
	v.post("/console/campaigns/new", url.Values{"form": {token}, "flow": {"none"}, "next": {"/console/campaigns/new"}}).has(404, `role="alert"`, `<option value="sale">sale</option>`)
	project := maps.Clone(sale)
	project["flows/sale.yaml"] = strings.Replace(project["flows/sale.yaml"], "2099-11-27", "2001-11-27", 1)
	start(t, project, tokens()...).visitor("operate").get("/console/campaigns/new").has(200, `<option value="sale">sale</option>`) // its time is over
	start(t, shop, tokens()...).visitor("operate").get("/console/campaigns/new").has(200, "No flow starts for an audience").hasNot("Look ahead<")
}

// TestProposalOnce: what waits for somebody is not in the history as well.
func TestProposalOnce(t *testing.T) {
	project, people := second()
	w := start(t, project, people...)
	mira := w.visitor("mira")
	at := propose(t, mira, "shorter")
	body := mira.get("/console/deploys").has(200, "To review").body
	if n := strings.Count(body, `href="`+at+`"`); n != 1 {
		t.Errorf("the proposal is listed %d times", n)
	}
}
