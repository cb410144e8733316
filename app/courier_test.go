package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/client"
	"nudge/engine"
	"nudge/runner"
	"nudge/runner/notify"
)

// news is what an endpoint of a test was told.
type news struct {
	Type string
	Data struct {
		Profile, Flow, Outcome, Step, Status, Campaign string
		Categories                                     []string
	}
}

// TestEndpoints lets an instance live, and holds that another system is told all of it, once.
func TestEndpoints(t *testing.T) {
	heard := make(chan news, 100)
	crm := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var n news
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
			t.Error(err)
		}
		heard <- n
	}))
	defer crm.Close()
	files := fstest.MapFS{
		"nudge.yaml":         {Data: []byte("project: shop\nprofile: { plan: optional string }\ncategories: { news: { at_most: 9 per 1d } }\n")},
		"flows/welcome.yaml": {Data: []byte("flow: welcome\ntrigger: { event: joined }\nsteps:\n  - id: hello\n    send: { body: Hello }\n  - wait: [ { read: hello } , { after: 7d } ]\n")},
		"flows/sale.yaml": {Data: []byte(`flow: sale
trigger: { cron: "0 9 1 1 *", timezone: UTC, max_delay: 6h, audience: { if: profile.plan == "pro" } }
steps: [ { wait: 1ms } ]
`)},
	}
	p := Read(files, LocalSettings(os.LookupEnv))
	p.Settings.Endpoints = []notify.Endpoint{{Endpoint: runner.Endpoint{Name: "crm", Types: engine.NoticeTypes}, URL: crm.URL, Secrets: []string{"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}}}
	local := startProject(t, p, t.TempDir())
	a, ctx := clientOf(t, local.Instance), t.Context()
	if _, err := a.SetProfile(ctx, "ann", []byte(`{"plan": "pro", "opt_outs": ["news"]}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.SetProfile(ctx, "ann", []byte(`{"opt_outs": []}`)); err != nil {
		t.Fatal(err)
	}
	for _, optOuts := range []string{`["news"]`, `[]`} { // of whom nothing else is known
		if _, err := a.SetProfile(ctx, "bob", []byte(`{"opt_outs": `+optOuts+`}`)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.SendEvent(ctx, client.Event{Type: "joined", Profile: "ann"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.StartCampaign(ctx, client.CampaignStart{Flow: "sale"}); err != nil {
		t.Fatal(err)
	}
	missing := []string{"person.opted_out ann [news]", "person.opted_in ann [news]", "person.opted_out bob [news]", "person.opted_in bob [news]", "message.status ann welcome hello read", "run.ended ann welcome completed", "run.ended ann sale completed", "campaign.finished sale finished"}
	seen := map[string]int{}
	late := time.After(patience)
	for len(missing) > 0 {
		var n news
		select {
		case n = <-heard:
		case <-late:
			t.Fatalf("nobody was told %q; told was %v", missing, seen)
		}
		line := strings.Join(strings.Fields(strings.Join([]string{n.Type, n.Data.Profile, n.Data.Flow, n.Data.Outcome, n.Data.Step, n.Data.Status}, " ")), " ")
		if len(n.Data.Categories) > 0 {
			line += " [" + strings.Join(n.Data.Categories, " ") + "]"
		}
		if seen[line]++; seen[line] > 1 {
			t.Errorf("told twice: %s", line)
		}
		missing = slices.DeleteFunc(missing, func(m string) bool { return m == line })
	}
}
