package plan_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
	"nudge/whatif/plan"
)

var before = fstest.MapFS{
	"flows/order.yaml": {Data: []byte(`flow: order
trigger: { event: shipped, key: event.id }
data: { id: string, note: optional string }
steps:
  - send: shipped
  - id: first
    wait: [ { read: shipped }, { failed: shipped }, { after: 24h } ]
  - send: reminder
  - id: second
    wait: 1d
  - send: thanks
`)},
	"flows/quiet.yaml": {Data: []byte("flow: quiet\ntrigger: { event: hush }\nsteps: [ { wait: 3d } ]\n")},
	"flows/gone.yaml":  {Data: []byte("flow: gone\ntrigger: { event: going }\nsteps: [ { wait: 3d }, { send: thanks } ]\n")},

	"templates/shipped.yaml":  {Data: []byte("body: On its way\n")},
	"templates/reminder.yaml": {Data: []byte("body: Again\n")},
	"templates/thanks.yaml":   {Data: []byte("body: Thanks\n")},
}

var after = fstest.MapFS{
	"flows/order.yaml": {Data: []byte(`flow: order
trigger: { event: shipped, key: event.id }
data: { id: string, note: string }
migrate: { from: second, exit: outdated }
steps:
  - send: shipped
  - id: first
    wait: [ { read: shipped }, { failed: shipped }, { after: 12h } ]
  - send: thanks
`)},
	"flows/quiet.yaml": before["flows/quiet.yaml"],
	"flows/fresh.yaml": {Data: []byte("flow: fresh\ntrigger: { event: new }\nsteps: [ { wait: 3d } ]\n")},

	"templates/shipped.yaml": before["templates/shipped.yaml"],
	"templates/thanks.yaml":  {Data: []byte("body: Thank you\n")},
}

func load(t *testing.T, files fstest.MapFS) *flows.Project {
	t.Helper()
	p, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	return p
}

// shop is a store with runs of the flows before: five orders, of which two have gone on.
func shop(t *testing.T) (*store.Store, time.Time) {
	t.Helper()
	kv := new(memory.KV)
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	loop := runner.NewLoop(s, core, 100)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	apply := func(in *engine.Input) []engine.Post {
		step, err := loop.Step(now, []*runner.Group{{Frees: 1, Inputs: []*engine.Input{in}}})
		if err != nil {
			t.Fatal(err)
		}
		return step.Posts
	}
	deploy := &engine.Deploy{}
	for _, f := range load(t, before).Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	apply(&engine.Input{Payload: deploy})
	accept := func(posts []engine.Post) {
		for _, p := range posts {
			apply(&engine.Input{Payload: &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: 1,
				Result: channels.Result{Outcome: channels.Accepted}}})
		}
	}
	for i, who := range []string{"ann", "bob", "cid", "dan", "eve"} {
		data := `{"id":"` + who + `","note":"x"}`
		if who == "cid" {
			data = `{"id":"cid"}`
		}
		posts := apply(&engine.Input{Payload: &engine.Event{Type: "shipped", Profile: who, Data: []byte(data)}})
		accept(posts)
		if i < 2 {
			accept(apply(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: posts[0].Content.Ref, Status: channels.Read}}}))
		}
	}
	apply(&engine.Input{Payload: &engine.Event{Type: "hush", Profile: "ann"}})
	apply(&engine.Input{Payload: &engine.Event{Type: "going", Profile: "ann"}})
	return s, now.Add(time.Hour)
}

func TestPlan(t *testing.T) {
	s, now := shop(t)
	p, err := plan.Make(context.Background(), s, load(t, after).Flows, engine.InstantOf(now))
	if err != nil {
		t.Fatal(err)
	}
	if p.Affected != 2 || p.Parked != 6 {
		t.Errorf("%d affected, %d parked", p.Affected, p.Parked)
	}
	want := map[string]plan.Change{"order": plan.Changed, "quiet": plan.Unchanged, "gone": plan.Removed, "fresh": plan.New}
	got := map[string]plan.Change{}
	var order, gone plan.Flow
	for _, f := range p.Flows {
		got[f.Flow] = f.Change
		switch f.Flow {
		case "order":
			order = f
		case "gone":
			gone = f
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"flows/order.yaml", "templates/reminder.yaml is gone", "templates/thanks.yaml"}, order.Because); diff != "" {
		t.Error(diff)
	}
	old := func(runs int, unread, read plan.Story) []plan.Ahead {
		return []plan.Ahead{{Runs: runs, IfUnread: unread, IfRead: read}}
	}
	rest := func(outcome string, messages ...string) plan.Story {
		return plan.Story{Messages: append([]string{}, messages...), Outcome: outcome}
	}
	both := rest("completed", "reminder", "thanks")
	first := plan.Parked{Version: order.Active, Step: "first", Runs: 3, InNext: "changed", Fate: plan.Stays, Looked: 3,
		Ahead: old(3, both, both), Then: old(2, rest("completed", "thanks"), rest("completed", "thanks")),
		Refused: []string{"note is missing; it must be text"}, Hypothetical: true}
	second := plan.Parked{Version: order.Active, Step: "second", Runs: 2, InNext: "gone", Fate: plan.Ends, To: "outdated", Looked: 2,
		Ahead: old(2, rest("completed", "thanks"), rest("completed", "thanks")),
		Then:  old(2, rest("outdated"), rest("outdated"))}
	for i := range order.Parked {
		if len(order.Parked[i].Sample) == 0 {
			t.Errorf("no run of %s is named", order.Parked[i].Step)
		}
		order.Parked[i].Sample = nil
	}
	if diff := cmp.Diff([]plan.Parked{first, second}, order.Parked); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if len(gone.Parked) != 1 || gone.Parked[0].Fate != plan.Stays || gone.Parked[0].Then == nil || len(gone.Parked[0].Then) != 0 {
		t.Errorf("the flow that goes: %+v", gone.Parked)
	}
}

// TestNothingToDo shows that the deployed flows plan nothing.
func TestNothingToDo(t *testing.T) {
	s, now := shop(t)
	p, err := plan.Make(context.Background(), s, load(t, before).Flows, engine.InstantOf(now))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Flows {
		if f.Change != plan.Unchanged || len(f.Parked) > 0 {
			t.Errorf("%+v", f)
		}
	}
	if p.Affected+p.Parked > 0 {
		t.Errorf("%+v", p)
	}
}

// TestCampaign: the runs of a campaign have a future too, also those that have not begun because they wait for their person's own time.
func TestCampaign(t *testing.T) {
	for name, c := range map[string]struct {
		zone, condition, outcome string
		messages                 int
	}{
		"begun": {"UTC", `profile.id == "ann"`, "completed", 1}, "waits for its time": {"local", `profile.id == "ann"`, "completed", 1},
		"is left out at its time": {"local", `profile.id == "bob"`, "left out", 0},
	} {
		t.Run(name, func(t *testing.T) {
			files := func(wait string) fstest.MapFS {
				return fstest.MapFS{"flows/sale.yaml": {Data: []byte("flow: sale\ntrigger: { at: 2026-03-03 10:00, timezone: " + c.zone +
					", audience: people.csv, if: '" + c.condition + "' }\nsteps: [ { wait: " + wait + " }, { send: { body: Thanks } } ]\n")}}
			}
			s, err := store.Open(new(memory.KV))
			must(t, err)
			core, err := s.Engine()
			must(t, err)
			loop, now := runner.NewLoop(s, core, 100), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
			step := func(payload engine.Payload) *runner.Step {
				done, err := loop.Step(now, []*runner.Group{{Inputs: []*engine.Input{{Payload: payload}}}})
				must(t, err)
				return done
			}
			step(&engine.Deploy{Flows: []flows.Bundle{load(t, files("3d")).Flows[0].Bundle}})
			now = time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC)
			if c.zone == "local" {
				now = now.Add(-14 * time.Hour)
			}
			step(&engine.Tick{Flow: "sale", Due: engine.InstantOf(now)})
			all, err := s.ListCampaigns("sale", 0, 1)
			must(t, err)
			if len(all) != 1 {
				t.Fatal("there is no campaign")
			}
			number := all[0].Number
			step(&engine.Snapshot{Campaign: number, Audience: "people", Rows: 1})
			step(&engine.Rows{Campaign: number, Rows: []engine.Row{{Profile: "ann"}}})
			p, err := plan.Make(context.Background(), s, load(t, files("2d")).Flows, engine.InstantOf(now))
			must(t, err)
			if len(p.Flows) != 1 || len(p.Flows[0].Parked) != 1 || len(p.Flows[0].Parked[0].Ahead) != 1 {
				t.Fatalf("planned is %+v", p.Flows)
			}
			if ahead := p.Flows[0].Parked[0].Ahead[0].IfUnread; len(ahead.Messages) != c.messages || ahead.Outcome != c.outcome {
				t.Errorf("ahead is %s", ahead)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
