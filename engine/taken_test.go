package engine_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
)

// decided applies an event and returns what became of the runs, in words.
func (w *world) decided(kind, profile string) (did []string) {
	w.t.Helper()
	group := &runner.Group{Inputs: []*engine.Input{{Payload: &engine.Event{Type: kind, Profile: profile}}}}
	w.step(group)
	for _, d := range group.Answers[0].Decisions {
		did = append(did, string(d.Action))
	}
	return did
}

// TestDecisions holds what the sender of an event is told: that a run started, went on, left or gathered it.
func TestDecisions(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- flows/f.yaml --
flow: f
trigger: { event: go }
exit: [ { event: stop, as: stopped } ]
steps:
  - wait: [ { event: on, as: gone_on }, { after: 1d } ]
  - collect: { event: item, until: { items: 2 } }
  - repeat:
      times: 2
      until: [ { event: over } ]
      steps: [ { wait: 1d } ]
  - wait: 1d
`)))
	for _, test := range []struct {
		event string
		want  []string
	}{
		{"go", []string{"started"}}, {"on", []string{"advanced"}}, {"item", []string{"collected"}}, {"item", []string{"collected"}}, {"over", []string{"advanced"}}, {"stop", []string{"exited"}}, {"on", nil},
	} {
		if did := w.decided(test.event, "ann"); !slices.Equal(did, test.want) {
			t.Errorf("%s: %v, want %v", test.event, did, test.want)
		}
	}
	w.check()
}

// TestLongTypes: the type of an event may have so many characters, and no more.
func TestLongTypes(t *testing.T) {
	w := newTold(t)
	for n, want := range map[int]bool{engine.MaxEventType: true, engine.MaxEventType + 1: false} {
		w.out.Reset()
		w.apply(&engine.Input{Payload: &engine.Event{Type: strings.Repeat("x", n), Profile: "ann"}})
		if taken := !strings.Contains(w.out.String(), "refused"); taken != want {
			t.Errorf("%d characters: %s", n, w.out.String())
		}
	}
}

// TestPoisonedRow holds that a fault of the engine affects one person of a campaign, whom it leaves out, and nobody else. Rows that come out
// of turn change nothing.
func TestPoisonedRow(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- flows/news.yaml --
flow: news
trigger: { at: 2036-03-02 12:00, timezone: UTC, audience: people.csv }
steps: [ { send: { body: Hello } } ]
-- audiences/people.csv --
profile
ann
bob
cid
`)))
	w.loop.Core().Active()[0].Steps[0].Send.Message = breaking{"bob"}
	w.do("campaign start news")
	var to []string
	for _, p := range w.posts {
		to = append(to, p.Content.To)
	}
	if !slices.Equal(to, []string{"ann", "cid"}) {
		t.Errorf("posted to %v", to)
	}
	campaigns, err := w.store.ListCampaigns("news", 0, 1)
	if err != nil || len(campaigns) != 1 {
		t.Fatal(campaigns, err)
	}
	c := campaigns[0]
	if len(c.Excluded) != 1 || c.Excluded[0] != (engine.Excluded{Reason: engine.LeftFault, Rows: 1}) || c.Walked != 3 {
		t.Errorf("the campaign left out %+v of %d", c.Excluded, c.Walked)
	}
	w.out.Reset()
	w.apply(&engine.Input{Payload: &engine.Rows{Campaign: c.Number, From: 0, Next: 9, Rows: []engine.Row{{Profile: "dee"}}}})
	if got := w.out.String(); got != "ignored: the firing does not wait for these rows\n" {
		t.Errorf("rows out of turn: %s", got)
	}
}

// TestReplied holds that a reply counts for the newest message that was out before it.
func TestReplied(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- flows/f.yaml --
flow: f
trigger: { event: go }
steps:
  - { id: one, send: { body: One } }
  - { id: two, send: { body: Two } }
  - wait: [ { reply: any, then: [ { exit: answered } ] }, { after: 1d } ]
`)))
	w.do("provider accepts")
	w.do("event go by ann")
	w.do("after 1m")
	w.do("reply ann yes")
	r, err := w.store.Run(w.runs[0])
	if err != nil || len(r.Messages) != 2 || r.Messages[0].Replied || !r.Messages[1].Replied {
		t.Errorf("replied to: %+v, %v", r.Messages, err)
	}
}

// noted is what a batch of one input tells other systems.
func noted(t *testing.T, e *engine.Engine, in *engine.Input, loaded *engine.Loaded, wanted func(engine.NoticeType) bool) (notices []string, ws *engine.WorkingSet, out engine.Applied) {
	t.Helper()
	var needs engine.Needs
	e.Needs(in, &needs)
	ws = engine.NewWorkingSet(&needs, loaded)
	out = e.Apply(ws, in, engine.InstantOf(time.Unix(100, 0)), engine.Slots{{Free: 1}})
	for _, n := range e.Notices(ws, out.Forgotten, wanted) {
		for _, field := range []string{`"outcome":"`, `"status":"`, `"categories":["`} {
			if _, value, ok := strings.Cut(string(n.Data), field); ok {
				value, _, _ = strings.Cut(value, `"`)
				notices = append(notices, string(n.Type)+" "+value)
			}
		}
		if n.Profile != "ann" {
			t.Errorf("a notice is about %q", n.Profile)
		}
	}
	return notices, ws, out
}

// TestNotices holds what other systems are told: each new status of a message once, the end of a run, and what people opt out of; nothing
// that they do not want, and nothing of who is forgotten.
func TestNotices(t *testing.T) {
	project, list := flows.Load(fstest.MapFS{"flows/f.yaml": {Data: []byte("flow: f\ntrigger: { event: go }\nsteps: [ { id: hi, send: { body: Hi } }, { wait: [ { read: hi }, { after: 1d } ] } ]\n")}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	f := project.Flows[0]
	e, err := engine.New(engine.State{Active: []engine.FlowVersion{{Flow: f.Name, Version: f.Version}}}, project.Flows)
	if err != nil {
		t.Fatal(err)
	}
	all := func(engine.NoticeType) bool { return true }
	loaded := &engine.Loaded{}
	var run engine.RunID
	is := func(what string, payload engine.Payload, wanted func(engine.NoticeType) bool, want ...string) {
		t.Helper()
		got, ws, out := noted(t, e, &engine.Input{Payload: payload}, loaded, wanted)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
		if len(out.Posts) > 0 {
			run = out.Posts[0].Run
		}
		loaded = &engine.Loaded{}
		if r := ws.Run(run); r != nil {
			loaded.Runs = []*engine.Run{r}
		}
	}
	result := func(outcome channels.Outcome) engine.Payload {
		return &engine.SendResult{Run: run, Message: 1, Attempt: 1, Result: channels.Result{Outcome: outcome, ProviderID: "m"}}
	}
	receipt := func(status channels.Status) engine.Payload {
		return &engine.Receipt{Receipt: channels.Receipt{Ref: channels.Ref{Installation: e.State.Installation.String(), Run: run.String(), Message: 1, Attempt: 1}, Status: status}}
	}
	is("a message under way", &engine.Event{Type: "go", Profile: "ann"}, all)
	is("accepted", result(channels.Accepted), all, "message.status accepted")
	is("accepted again", result(channels.Accepted), all)
	is("delivered", receipt(channels.Delivered), all, "message.status delivered")
	is("delivered again", receipt(channels.Delivered), all)
	is("read, and over", receipt(channels.Read), all, "message.status read", "run.ended completed")
	is("opted out", &engine.ProfileChange{Profile: "ann", OptOut: "news"}, all, "person.opted_out news")
	is("an attribute", &engine.ProfileChange{Profile: "ann", Set: []byte(`{"a":1}`)}, all)
	is("a message under way", &engine.Event{Type: "go", Profile: "ann"}, all)
	is("accepted", result(channels.Accepted), func(n engine.NoticeType) bool { return n != engine.NoticeMessageStatus })
	is("cancelled", &engine.Cancel{Run: run}, func(n engine.NoticeType) bool { return n == engine.NoticeRunEnded }, "run.ended cancelled")
	is("a message under way", &engine.Event{Type: "go", Profile: "ann"}, all)
	is("accepted", result(channels.Accepted), all, "message.status accepted")
	is("forgotten", &engine.ProfileChange{Profile: "ann", Forget: true}, all)
}

// TestIgnoredIsKept: what no timeline shows is in the history of its person, in the partition that has them.
func TestIgnoredIsKept(t *testing.T) {
	for _, n := range []int{1, 2} {
		for number := range n {
			e, err := engine.New(engine.State{Partition: engine.Partition{Number: number, Of: n}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, who := range []string{"ann", "bob", "cid", "dee"} {
				in := &engine.Input{Payload: &engine.Event{Type: "unknown", Profile: who}}
				var needs engine.Needs
				e.Needs(in, &needs)
				out := e.Apply(engine.NewWorkingSet(&needs, &engine.Loaded{}), in, engine.InstantOf(time.Unix(1, 0)), nil)
				kept := len(out.History) == 1 && out.History[0].Profile == who && out.History[0].Ignored != ""
				if own := engine.PartitionOf(who, n) == number; kept != own {
					t.Errorf("partition %d of %d keeps for %s %+v", number, n, who, out.History)
				}
			}
		}
	}
}
