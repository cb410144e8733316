package app

import (
	"bytes"
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/client"
	"nudge/engine"
	"nudge/runner"
	"nudge/runner/jobs"
	"nudge/runner/notify"
	"nudge/store/bolt"
)

// known is a project that comes to know a lot of a person.
var known = fstest.MapFS{
	"nudge.yaml": {Data: []byte("project: shop\nprofile: { first_name: private search optional string, plan: optional string }\nevents: { paid: { id: string, customer: string } }\n")},
	"flows/order.yaml": {Data: []byte(`flow: order
trigger: { event: ordered, key: event.id, to: event.customer }
data: { id: string, customer: string }
entry: { if_running: queue }
steps:
  - send: { body: 'Hello {{ profile.first_name | default "you" }}, we have {{ data.id }}' }
  - wait: [ { event: paid, key: event.id }, { after: 7d } ]
`)},
	"flows/sale.yaml": {Data: []byte(`flow: sale
trigger: { cron: "0 9 1 1 *", timezone: UTC, max_delay: 6h, audience: { if: profile.plan == "pro" } }
steps: [ { send: { body: Sale } } ]
`)},
	"flows/late.yaml": {Data: []byte(`flow: late
trigger: { cron: "0 9 1 1 *", timezone: UTC, max_delay: 6h, audience: { if: profile.plan == "pro" }, if: profile.first_name == "Bob" }
steps: [ { send: { body: Late } } ]
`)},
}

// TestForgottenEverywhere lets a person get into everything that an instance keeps, and forgets them. Once
// the store has given back the space that is free, no file of the data folder has them, and the trail still
// says who did what.
func TestForgottenEverywhere(t *testing.T) {
	const who, name, order = "zoe-of-kings-road", "Zoe the Unforgotten", "order-4711-of-kings-road"
	dir := t.TempDir()
	gone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }))
	defer gone.Close()
	p := Read(known, LocalSettings(os.LookupEnv))
	p.Settings.Endpoints = []notify.Endpoint{{Endpoint: runner.Endpoint{Name: "crm", Types: engine.NoticeTypes}, URL: gone.URL, Secrets: []string{"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}}}
	local := startProject(t, p, dir)
	a, ctx := clientOf(t, local.Instance), t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ordered := func(id string) *client.Answer {
		t.Helper()
		answer, err := a.SendEvent(ctx, client.Event{Type: "ordered", Profile: who, Data: []byte(`{"id": "` + id + `", "customer": "` + who + `"}`)})
		must(answer, err)
		return answer
	}
	must(a.SetProfile(ctx, who, []byte(`{"first_name": "`+name+`", "plan": "pro", "opt_outs": ["news"]}`)))
	must(a.SetProfile(ctx, "bob", []byte(`{"first_name": "Bob", "plan": "pro"}`)))
	for line, err := range a.StreamProfiles(ctx, strings.NewReader(`{"id": "`+who+`", "plan": "pro"}`+"\n")) {
		must(line, err)
	}
	answer := ordered(order)
	if len(answer.Decisions) == 0 {
		t.Fatalf("%+v", answer)
	}
	first := answer.Decisions[0].Run
	untilRun(t, a, first, func(r *client.Run) bool { return len(r.Messages) == 1 && r.Messages[0].Status == "read" })
	ordered("o2") // waits in the queue of the entry
	must(a.SendEvent(ctx, client.Event{Type: "paid", Data: []byte(`{"id": "o9", "customer": "` + who + `"}`)}))
	finished := func(flow string) string {
		t.Helper()
		sale, err := a.StartCampaign(ctx, client.CampaignStart{Flow: flow})
		must(sale, err)
		for deadline := time.Now().Add(patience); sale.Status != "finished" && time.Now().Before(deadline); {
			sale, err = a.Campaign(ctx, sale.ID)
			must(sale, err)
		}
		return sale.ID
	}
	finished("sale")
	late := finished("late")
	named := func() bool {
		t.Helper()
		c, err := a.CampaignDetail(ctx, late)
		must(c, err)
		if len(c.LeftOut) != 1 || c.LeftOut[0].Rows != 1 {
			t.Fatalf("%+v", c.LeftOut)
		}
		return len(c.LeftOut[0].Examples) == 1
	}
	if !named() {
		t.Fatal("the campaign names nobody whom it left out")
	}
	must(a.SendEvent(ctx, client.Event{ID: "u1", Type: "unheard", Profile: who, Data: []byte(`{"name": "` + name + `"}`)}))
	must(a.OptOut(ctx, []string{who}, []string{"offers"}))
	must(a.RevealProfile(ctx, who, who+" called"))
	for line, err := range a.ExportProfile(ctx, who) {
		must(line, err)
	}
	if _, err := a.SendEvent(ctx, client.Event{Type: "paid", Profile: who, Data: []byte(`{"id": 7, "name": "` + name + `"}`)}); err == nil {
		t.Fatal("an event of a wrong shape was taken")
	}
	must(a.SendEvent(ctx, client.Event{Type: "seen", Profile: who, Data: []byte(`{"name": "` + name + `"}`)}))
	must(a.SendEvent(ctx, client.Event{Type: "seen.long", Data: []byte(`{"name": "` + name + `", "text": "` + strings.Repeat("x", 5000) + `", "customer": "` + who + `"}`)}))
	must(nil, a.SetOutbound(ctx, client.Outbound{Mode: "only", Only: []string{"bob", who}}))
	must(a.RetryRuns(ctx, client.RunFilter{Flow: "order", Key: order}, 0, who+" called"))
	must(a.CancelRuns(ctx, client.RunFilter{Profile: who, Key: "o9"}, 0, "as "+who+" asked"))
	must(a.CancelRun(ctx, first, who+" called"))
	must(a.CallFlow(ctx, "order", client.Call{Profile: who, Data: []byte(`{"id": "o3", "customer": "` + who + `"}`)}))
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if page, err := a.FailedNotices(ctx, "", 100); err == nil && len(page.Notices) > 3 {
			break
		}
	}
	reviewed(t, a, p, who)
	job, err := local.jobs.Start(engine.Actor{Name: "ops"}, "plan", map[string]string{"profile": who}, func(ctx context.Context, _ *jobs.Task) (any, error) {
		<-ctx.Done() // it works until the instance stops, and names the person then
		return map[string]string{"somebody": who}, ctx.Err()
	})
	must(job, err)
	for _, text := range []string{who, name, order} {
		if has := filesWith(t, dir, text); len(has) == 0 {
			t.Fatalf("no file has %s, so this proves nothing", text)
		}
	}

	must(a.ForgetProfile(ctx, who))
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		page, err := a.Audit(ctx, client.AuditQuery{Profile: who})
		must(page, err)
		failed, err := a.FailedNotices(ctx, "", 100)
		must(failed, err)
		story, err := a.History(ctx, who, client.HistoryQuery{})
		must(story, err)
		refused, err := a.RefusedEvents(ctx, client.RefusedQuery{}) // erased last
		must(refused, err)
		if !named() && len(story.History) == 0 && len(refused.Refused) == 1 && refused.Refused[0].Profile == "" && len(page.Entries) > 0 && page.Entries[0].Erased != "" && !slices.ContainsFunc(failed.Notices, func(n client.FailedNotice) bool { return bytes.Contains(n.Data, []byte(who)) }) {
			break
		}
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) && slices.ContainsFunc(filesWith(t, dir, who), func(name string) bool { return filepath.Ext(name) == ".jsonl" }); {
		// the copy of the audience goes last
	}
	untilNothingOwed(t, local.Instance)
	page, err := a.Audit(ctx, client.AuditQuery{Profile: who, Limit: 100})
	must(page, err)
	did := map[string]int{}
	for _, e := range page.Entries {
		did[e.Did]++
	}
	for what, times := range map[string]int{"change person": 2, "cancel run": 1, "start run": 1, "export person": 1, "reveal person": 1, "forget person": 1} {
		if did[what] != times {
			t.Errorf("the trail has %d times that somebody did: %s, want %d", did[what], what, times)
		}
	}
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Compact(context.Background(), dir, nil); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{who, name, order} {
		for _, file := range filesWith(t, dir, text) {
			t.Errorf("%s still has %s", file, text)
		}
	}
}

// untilNothingOwed waits until no partition has an input for another, taken or not.
func untilNothingOwed(t *testing.T, i *Instance) {
	t.Helper()
	parts := i.store.Parts()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		owed := 0
		for _, s := range parts {
			for to := range parts {
				some, err := s.OwedTo(to, 0, 100)
				if err != nil {
					t.Fatal(err)
				}
				owed += len(some)
			}
		}
		if owed == 0 {
			return
		}
	}
	t.Error("what other partitions have taken is kept")
}

// filesWith returns the files of a folder in which a text stands.
func filesWith(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, []byte(text)) {
			found = append(found, filepath.Base(path))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// reviewed proposes a project that would have written to a person once more, and backtests it.
func reviewed(t *testing.T, a *client.Client, p *Project, who string) {
	t.Helper()
	files := p.Deployable()
	for i := range files {
		files[i].Text = strings.Replace(files[i].Text, "steps:\n", "steps:\n  - send: { body: First }\n", 1)
	}
	d, err := a.ProposeDeploy(t.Context(), files, who+" wants it")
	if err != nil {
		t.Fatal(err)
	}
	job, err := a.BacktestProposal(t.Context(), d.ID, client.BacktestOf{Days: 7})
	for deadline := time.Now().Add(patience); err == nil && !job.Over() && time.Now().Before(deadline); {
		job, err = a.Job(t.Context(), job.ID)
	}
	if err == nil {
		d, err = a.ProposedDeploy(t.Context(), d.ID)
	}
	if err != nil || len(d.Reviews) != 1 || !bytes.Contains(d.Reviews[0].Result, []byte(who)) {
		t.Fatalf("no review names the person, so this proves nothing: %+v, %v", d, err)
	}
}
