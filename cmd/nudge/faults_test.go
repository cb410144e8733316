package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"nudge/app"
	"nudge/channels"
	"nudge/client"
	"nudge/engine"
	"nudge/examples"
	"nudge/sandbox"
	"nudge/sandbox/people"
)

var (
	faultyRuns  = flag.Int("faulty-runs", 200, "runs that TestFaultyProvider starts")
	faultySpeed = flag.Float64("faulty-speed", 100_000, "how fast its clock runs")
)

// TestFaultyProvider has a provider on a very bad day: every tenth request is answered
// with an error, every fifth is carried out and not answered, every event is posted
// twice, in another order, and some come late. All runs end as their flow says, and
// nobody gets a message twice.
func TestFaultyProvider(t *testing.T) {
	cast := &people.People{Seed: 1, Rules: []people.Rule{{Does: []people.Plan{{Share: 1, Script: mustScript(t, "reads after 1m-8h")}}}}}
	dir := t.TempDir()
	local, err := app.StartLocal(t.Context(), app.LocalConfig{
		Project: app.Read(examples.OrderShipped(), app.LocalSettings(os.LookupEnv)), DataDir: dir,
		People: func(m sandbox.Message) people.Script { return cast.Script(m.Profile, m.Text) },
		Faults: people.Faults{Seed: 1, Errors: 0.1, Drop: 0.2, Duplicate: 1, Reorder: 1, Withhold: 0.05},
		Clock:  app.NewSteeredClock(time.Now(), *faultySpeed, false),
	})
	if err != nil {
		t.Fatal(err)
	}
	a := clientOf(t, local.URL())
	for n := range *faultyRuns {
		_, err := a.SendEvent(t.Context(), client.Event{
			Type: "order.shipped", Data: fmt.Appendf(nil, `{"order_id": "%d", "customer": "p%d", "total": 1}`, n, n),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	runs := untilAllEnded(t, local.Instance, *faultyRuns)
	posts, stats := local.Sandbox.Messages(), local.Sandbox.Stats()
	if err := local.Stop(); err != nil {
		t.Error(err)
	}
	if report, err := checkStore(dir); err != nil || len(report.Problems) > 0 {
		t.Errorf("the store: %+v, %v", report, err)
	}

	outcomes := map[string]int{}
	for _, r := range runs {
		outcomes[r.Outcome]++
		for _, e := range r.Timeline {
			if e.Kind == engine.KindError || e.Kind == engine.KindQuarantined {
				t.Errorf("run %s: %s", r.ID, e.Detail)
			}
		}
		if !slices.Contains([]string{engine.OutcomeCompleted, "undeliverable"}, r.Outcome) {
			t.Errorf("run %s ended as %q", r.ID, r.Outcome)
		}
	}
	sent := map[channels.Ref]int{}
	for _, m := range posts {
		var metadata struct{ Nudge channels.Ref }
		if err := json.Unmarshal(m.Metadata, &metadata); err != nil {
			t.Fatal(err)
		}
		key := channels.Ref{Run: metadata.Nudge.Run, Message: metadata.Nudge.Message}
		if sent[key]++; sent[key] == 2 {
			t.Errorf("run %s: message %d was taken twice", key.Run, key.Message)
		}
	}
	t.Logf("%d runs ended %v; %d requests looked at, %d met a fault, %d messages taken, %d events posted",
		len(runs), outcomes, stats.Requests, stats.Faulted, len(posts), stats.Posted)
	if stats.Faulted == 0 || len(posts) == 0 {
		t.Errorf("%+v: nothing went wrong, or nothing went well: it proved nothing", stats)
	}
}

func mustScript(t *testing.T, text string) people.Script {
	t.Helper()
	s, err := people.ParseScript(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// untilAllEnded waits until n runs have ended, and returns them.
func untilAllEnded(t *testing.T, i *app.Instance, n int) []*engine.Run {
	t.Helper()
	late := time.After(patience + time.Duration(n)*20*time.Millisecond)
	for look := time.NewTicker(50 * time.Millisecond); ; {
		all := allRuns(t, i.Store())
		live := slices.IndexFunc(all, func(r *engine.Run) bool { return r.Live() })
		if len(all) == n && live < 0 {
			return all
		}
		select {
		case <-look.C:
		case err := <-i.Failure():
			t.Fatal(err)
		case <-late:
			t.Fatalf("of %d runs there are %d, and run %d lives", n, len(all), live)
		}
	}
}
