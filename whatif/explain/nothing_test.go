package explain_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/audience"
	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
	"nudge/whatif/explain"
	"nudge/whatif/story"
	"nudge/whatif/virtual"
)

var shop = fstest.MapFS{
	"nudge.yaml": {Data: []byte("profile: { plan: optional string }\nevents: { opened: { id: string } }\n")},
	"flows/order.yaml": {Data: []byte(`flow: order
trigger: { event: order.shipped, key: event.id }
data: { id: string }
exit: [ { event: order.returned, key: event.id, as: returned } ]
steps: [ { wait: 30d } ]
`)},
	"flows/ask.yaml": {Data: []byte(`flow: ask
trigger: { event: asked }
data: { id: string }
steps:
  - send: { body: Well, conversation: "{{ data.id }}" }
  - wait: [ { reply: any }, { after: 30d } ]
`)},
	"flows/listed.yaml": {Data: []byte(`flow: listed
trigger: { cron: 0 9 * * *, timezone: UTC, max_delay: 6h, audience: people.csv, if: data.n > 1 }
data: { n: number }
steps: [ { send: { body: Hello } } ]
`)},
	"flows/pros.yaml": {Data: []byte(`flow: pros
trigger: { cron: 0 9 * * *, timezone: UTC, max_delay: 6h, audience: { if: profile.plan == "pro" } }
steps: [ { send: { body: Hello } } ]
`)},
	"flows/locals.yaml": {Data: []byte(`flow: locals
trigger: { at: 2026-03-02 23:30, timezone: local, audience: { if: profile.plan == "pro" } }
steps: [ { send: { body: Hello } } ]
`)},
	"flows/incident.yaml": {Data: []byte(`flow: incident
trigger: { event: opened, key: event.id, audience: { if: profile.plan == "pro" or event.id == "all" }, if: profile.id != "cid" }
exit: { event: closed, key: event.id }
steps: [ { send: { body: Hello } }, { wait: 30d } ]
`)},
	"flows/lost.yaml": {Data: []byte(`flow: lost
trigger: { cron: 0 9 * * *, timezone: UTC, max_delay: 6h, audience: lost.csv }
steps: [ { send: { body: Hello } } ]
`)},
	"audiences/people.csv": {Data: []byte("profile,n\nann,2\nbob,1\nann,3\n,4\n")},
}

// town is a store that a day was played in.
type town struct {
	*virtual.World
	store     *store.Store
	audiences *audience.Snapshots
}

func newTown(t *testing.T, start time.Time) *town {
	t.Helper()
	project, list := flows.Load(shop)
	if list.HasErrors() {
		t.Fatal(list)
	}
	s, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	w := &town{store: s, audiences: audience.NewSnapshots(audience.Sources{Project: shop, People: s})}
	loop := runner.NewLoop(s, core, 10)
	loop.UseAudiences(w.audiences)
	w.World = virtual.New(loop, start, w.outside)
	deploy := &engine.Deploy{}
	for _, f := range project.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	w.apply(t, deploy)
	return w
}

func (w *town) outside(step *runner.Step, _ []*runner.Group) error {
	for _, p := range step.Posts {
		w.Arrive(virtual.Result(p.Run, p.Message, p.Attempt, channels.Result{Outcome: channels.Accepted}))
	}
	for _, f := range step.Freezes {
		frozen, err := w.audiences.Freeze(context.Background(), f)
		if err != nil {
			return err
		}
		frozen.Campaign = f.Campaign
		w.Arrive(virtual.Snapshot(frozen))
	}
	return nil
}

func (w *town) apply(t *testing.T, p engine.Payload) {
	t.Helper()
	g := virtual.One(&engine.Input{Payload: p})
	w.Arrive(g)
	if err := w.Settle(); err != nil {
		t.Fatal(err)
	}
	if refused := g.Answers[0].Refused; refused != nil {
		t.Fatal(refused.Detail)
	}
}

func (w *town) until(t *testing.T, end time.Time) {
	t.Helper()
	for at, ok := w.Next(); ok && !at.After(end); at, ok = w.Next() {
		w.JumpTo(at)
		if err := w.Settle(); err != nil {
			t.Fatal(err)
		}
	}
	w.JumpTo(end)
}

func (w *town) event(t *testing.T, kind, who, data string) {
	t.Helper()
	w.apply(t, &engine.Event{Type: kind, Profile: who, Data: []byte(data)})
}

// told is what was told beside the entries of runs.
func (w *town) told(t *testing.T, who, flow string) (texts []string) {
	t.Helper()
	answer, err := explain.Ask(context.Background(), w.store, explain.Question{Profile: who, Flow: flow}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range answer.Lines {
		if l.Kind != story.LineRun && l.Kind != story.LineMessage && l.Text != "the provider: accepted" {
			texts = append(texts, l.Text)
		}
	}
	return texts
}

// TestCampaignPeople holds why somebody was or was not among the people of a campaign.
func TestCampaignPeople(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	w := newTown(t, start)
	w.apply(t, &engine.ProfileChange{Profile: "ann", Set: []byte(`{"plan":"pro"}`)})
	w.apply(t, &engine.ProfileChange{Profile: "bob", Set: []byte(`{"plan":"free"}`)})
	w.until(t, start.Add(16*time.Hour))
	for name, c := range map[string]struct {
		who, flow string
		want      []string
	}{
		"a row twice": {"ann", "listed", []string{
			"campaign listed@2026-03-02T09:00:00Z begins",
			`campaign listed@2026-03-02T09:00:00Z comes to ann {"n":2}`,
			`campaign listed@2026-03-02T09:00:00Z comes to ann {"n":3}`,
			"if data.n > 1 is true: data.n is 2",
			"left out of listed@2026-03-02T09:00:00Z: the campaign had them already",
		}},
		"the schedule's if": {"bob", "listed", []string{
			"campaign listed@2026-03-02T09:00:00Z begins",
			`campaign listed@2026-03-02T09:00:00Z comes to bob {"n":1}`,
			"if data.n > 1 is false: data.n is 1",
			"left out of listed@2026-03-02T09:00:00Z: the schedule's if is false",
		}},
		"no row": {"eve", "listed", []string{
			"campaign listed@2026-03-02T09:00:00Z begins",
			"not among the people of listed@2026-03-02T09:00:00Z: none of its 3 rows is for eve; 1 more could not be read",
		}},
		"a stored profile": {"ann", "pros", []string{
			"campaign pros@2026-03-02T09:00:00Z begins",
			`audience if profile.plan == "pro" is true: profile.plan is "pro"`,
			"campaign pros@2026-03-02T09:00:00Z comes to ann",
		}},
		"the audience's if": {"bob", "pros", []string{
			"campaign pros@2026-03-02T09:00:00Z begins",
			`audience if profile.plan == "pro" is false: profile.plan is "free"`,
			"not among the people of pros@2026-03-02T09:00:00Z: the audience's if is false",
		}},
		"no profile": {"eve", "pros", []string{
			"campaign pros@2026-03-02T09:00:00Z begins",
			"not among the people of pros@2026-03-02T09:00:00Z: eve has no stored profile",
		}},
		"at their own time, wanted": {"ann", "locals", []string{
			"campaign locals@2026-03-02T23:30 begins",
			"campaign locals@2026-03-02T23:30 comes to ann",
			"timer",
			`if profile.plan == "pro" is true: profile.plan is "pro"`,
		}},
		"at their own time, not wanted": {"bob", "locals", []string{
			"campaign locals@2026-03-02T23:30 begins",
			"campaign locals@2026-03-02T23:30 comes to bob",
			"timer",
			`if profile.plan == "pro" is false: profile.plan is "free"`,
		}},
		"no audience": {"ann", "lost", []string{
			"campaign lost@2026-03-02T09:00:00Z begins",
			"the audience of lost@2026-03-02T09:00:00Z could not be read: audiences/lost.csv: there is no such file",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, w.told(t, c.who, c.flow)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestPeopleOfAnEvent holds why somebody was or was not among the people of an event.
func TestPeopleOfAnEvent(t *testing.T) {
	w := newTown(t, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
	w.apply(t, &engine.ProfileChange{Profile: "ann", Set: []byte(`{"plan":"pro"}`)})
	w.apply(t, &engine.ProfileChange{Profile: "bob", Set: []byte(`{"plan":"free"}`)})
	w.apply(t, &engine.ProfileChange{Profile: "cid", Set: []byte(`{"plan":"pro"}`)})
	g := virtual.One(&engine.Input{ID: "e1", Payload: &engine.Event{Type: "opened", Data: []byte(`{"id":"I1"}`)}})
	w.Arrive(g)
	if err := w.Settle(); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string][]string{
		"ann": {
			"campaign incident@e1 begins", `audience if profile.plan == "pro" or event.id == "all" is true: profile.plan is "pro", event.id is "I1"`,
			"campaign incident@e1 comes to ann", `if profile.id != "cid" is true: profile.id is "ann"`,
		},
		"bob": {
			"campaign incident@e1 begins", `audience if profile.plan == "pro" or event.id == "all" is false: profile.plan is "free", event.id is "I1"`,
			"not among the people of incident@e1: the audience's if is false",
		},
		"cid": {
			"campaign incident@e1 begins", `audience if profile.plan == "pro" or event.id == "all" is true: profile.plan is "pro", event.id is "I1"`,
			"campaign incident@e1 comes to cid", `if profile.id != "cid" is false: profile.id is "cid"`, "left out of incident@e1: the schedule's if is false",
		},
	} {
		if diff := cmp.Diff(want, w.told(t, who, "incident")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", who, diff)
		}
	}
}

// TestEventsThatMatchNothing holds that they are shown, and why nothing came of them.
func TestEventsThatMatchNothing(t *testing.T) {
	for name, c := range map[string]struct {
		kind, data string
		want       []string
	}{
		"a type one letter off": {"order.shiped", `{"id":"7"}`, []string{
			`event order.shiped of ann {"id":"7"}`, "order.shiped matched nothing: no flow listens to it; did you mean order.shipped?"}},
		"a type like no other": {"page.viewed", "", []string{
			"event page.viewed of ann", "page.viewed matched nothing: no flow listens to it"}},
		"a key that is no text": {"order.returned", `{"id":1.5}`, []string{
			`event order.returned of ann {"id":1.5}`,
			`order.returned matched nothing: order cannot use its key: flows/order.yaml:4:39: "event.id" must be text or a whole number, but is a number`}},
		"a key of no run": {"order.returned", `{"id":"9"}`, []string{
			`event order.returned of ann {"id":"9"}`, `order.returned matched nothing: no run of order with the key "9" waits for it`}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
			w.event(t, c.kind, "bob", c.data)
			w.event(t, c.kind, "ann", c.data)
			if diff := cmp.Diff(c.want, w.told(t, "ann", "order")); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	t.Run("many alike have one line", func(t *testing.T) {
		w := newTown(t, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
		for range 3 {
			w.event(t, "page.viewed", "ann", "")
		}
		want := []string{"event page.viewed of ann",
			"page.viewed matched nothing: no flow listens to it (and 2 more like it, the last mon 2026-03-02 10:00:00)"}
		if diff := cmp.Diff(want, w.told(t, "ann", "order")); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// TestPassedOver holds that a reply which nobody took names the run that waits in another
// conversation, and that only the questions about that run tell of it.
func TestPassedOver(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	w := newTown(t, start)
	w.event(t, "asked", "ann", `{"id":"v1"}`)
	w.until(t, start.Add(time.Hour))
	w.apply(t, &engine.Reply{Reply: channels.Reply{Profile: "ann", Conversation: "v2", Text: "yes"}})
	runs, err := w.store.Live(engine.RunID{}, 10)
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	want := []string{"reply by ann in v2: yes",
		"the reply passed over run " + runs[0].String() + " of ask: it waits for a reply, but not in the conversation v2"}
	got := w.told(t, "ann", "ask")
	if diff := cmp.Diff(want, got[max(0, len(got)-2):]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if others := w.told(t, "ann", "order"); len(others) > 0 {
		t.Errorf("of another flow is told %q", others)
	}
}
