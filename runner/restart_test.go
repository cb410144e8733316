package runner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// again is the desk of the next process on the same store, and what its start found.
func (d *desk) again(accounts ...runner.AccountSettings) (*desk, *runner.Step) {
	d.t.Helper()
	core, err := d.store.Engine()
	if err != nil {
		d.t.Fatal(err)
	}
	next := &desk{t: d.t, store: d.store, loop: runner.NewLoopOf(d.store, core, accounts), now: d.now}
	step, err := next.loop.Recover(d.now)
	if err != nil {
		d.t.Fatal(err)
	}
	return next, step
}

var twoAccounts = []runner.AccountSettings{{Account: "main", Places: 2}, {Account: "orders", Places: 2}}

// TestClaimedByADeadProcess holds that nobody knows what became of a message which was being posted when a process died: the next one does
// not post it, and says so. A message that had only been planned goes out.
func TestClaimedByADeadProcess(t *testing.T) {
	d := newDesk(t, twoAccounts...)
	d.happen("told", 0, 3)
	if len(d.posts) != 2 {
		t.Fatalf("%d messages are posted, want 2", len(d.posts))
	}
	next, step := d.again(twoAccounts...)
	next.step()
	if to := next.to(0); len(step.Posts)+len(to) != 1 || len(to) == 1 && to[0] != "p2" {
		t.Errorf("at the start %d posts, then to %v; want one, to p2", len(step.Posts), to)
	}
	for _, p := range d.posts {
		page, err := d.store.Run(p.Run)
		if err != nil || page == nil {
			t.Fatal(err)
		}
		found := false
		for _, e := range page.Timeline {
			found = found || strings.Contains(e.Detail, "the process stopped while it was being posted")
		}
		if m := page.Message(p.Message); m.Attempt != 1 || !found {
			t.Errorf("the message to %s is %s after attempt %d, and its timeline is %+v", page.Profile, m.Status, m.Attempt, page.Timeline)
		}
	}
}

// TestDamagedWhilePosting: a run whose record cannot be read any more is set apart by the start, and the others go on.
func TestDamagedWhilePosting(t *testing.T) {
	kv := new(memory.KV)
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, store: s, loop: runner.NewLoopOf(s, core, twoAccounts), now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	d.step(&runner.Group{Inputs: []*engine.Input{deploy(t)}})
	d.happen("told", 0, 2)
	broken := d.posts[0].Run
	if err := kv.Update(func(w store.Writer) error {
		record := bytes.Clone(w.Get(store.Runs, broken[:]))
		record[len(record)/2] ^= 4
		return w.Put(store.Runs, broken[:], record)
	}); err != nil {
		t.Fatal(err)
	}
	_, step := d.again(twoAccounts...)
	if len(step.Damaged) != 1 || step.Damaged[0].Run != broken {
		t.Errorf("set apart are %v, want %v", step.Damaged, broken)
	}
	if run, err := s.Run(d.posts[1].Run); err != nil || run == nil || !run.Live() {
		t.Errorf("the other run is %+v, %v", run, err)
	}
}

// TestFreezesAfterARestart: an audience that was not read when a process died is read by the next one.
func TestFreezesAfterARestart(t *testing.T) {
	d := newDesk(t, twoAccounts...)
	d.loop.UseAudiences(crowd(1))
	d.step(&runner.Group{Inputs: []*engine.Input{{Payload: &engine.CampaignControl{Do: engine.CampaignStart, Flow: "news"}}}})
	campaigns, err := d.store.ListCampaigns("news", 0, 1)
	if err != nil || len(campaigns) != 1 {
		t.Fatalf("%d campaigns, %v", len(campaigns), err)
	}
	next, step := d.again(twoAccounts...)
	if len(step.Freezes) != 1 || step.Freezes[0].Campaign != campaigns[0].Number {
		t.Fatalf("to be read are %+v", step.Freezes)
	}
	next.step(&runner.Group{Inputs: []*engine.Input{{Payload: &engine.Snapshot{Campaign: campaigns[0].Number, Audience: "crowd", Rows: 1}}}})
	if _, step := next.again(twoAccounts...); len(step.Freezes) != 0 {
		t.Errorf("it is read twice: %+v", step.Freezes)
	}
}

// TestHistoryIsKept: what no timeline shows is in the history of its person.
func TestHistoryIsKept(t *testing.T) {
	d := newDesk(t, twoAccounts...)
	d.happen("unknown", 7, 8)
	page, err := d.store.History("p7", nil, 9)
	if err != nil || len(page.Items) != 1 || page.Items[0].Entry == nil || page.Items[0].Entry.Ignored == "" {
		t.Errorf("the history is %+v, %v", page.Items, err)
	}
}

// fetcher is a function as a Fetcher.
type fetcher func(request flows.FetchRequest) (int, json.RawMessage, error)

func (f fetcher) Do(_ context.Context, request flows.FetchRequest, _ time.Duration) (int, json.RawMessage, error) {
	return f(request)
}

type finally struct{ error }

func (finally) Final() bool { return true }

// TestFetches shows what each kind of answer of a service does, and how often it is asked.
func TestFetches(t *testing.T) {
	for name, test := range map[string]struct {
		answers fetcher
		outcome string
		asked   int
	}{
		"an answer": {func(flows.FetchRequest) (int, json.RawMessage, error) {
			return 200, json.RawMessage(`{"price":3}`), nil
		}, "cheap", 1},
		"another answer": {func(flows.FetchRequest) (int, json.RawMessage, error) {
			return 200, json.RawMessage(`{"price":9}`), nil
		}, "dear", 1},
		"not there": {func(flows.FetchRequest) (int, json.RawMessage, error) { return 404, nil, nil }, "no_price", 1},
		"no answer": {func(flows.FetchRequest) (int, json.RawMessage, error) {
			return 0, nil, errors.New("connection refused")
		}, "no_price", 3},
		"never": {func(flows.FetchRequest) (int, json.RawMessage, error) {
			return 0, nil, finally{errors.New("the address is not public")}
		}, "no_price", 1},
		"no fetcher": {nil, "no_price", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, core := newStore(t)
				var asked atomic.Int32
				config := runner.Config{Channel: channel(accepts)}
				if test.answers != nil {
					config.Fetcher = fetcher(func(r flows.FetchRequest) (int, json.RawMessage, error) {
						asked.Add(1)
						if r.URL != "https://prices.example/lamp" {
							t.Errorf("asked for %s", r.URL)
						}
						return test.answers(r)
					})
				}
				r, stop := run(t, s, core, config)
				project, list := flows.Load(fstest.MapFS{"flows/ask.yaml": {Data: []byte(`
flow: ask
trigger: { event: asked }
data: { of: string }
steps:
  - id: price
    fetch: { url: "https://prices.example/{{ data.of }}", shape: { price: number }, retries: 2, on_error: [ { exit: no_price } ] }
  - branch:
      - if: price.json.price < 5
        then: [ { exit: cheap } ]
  - exit: dear
`)}})
				if list.HasErrors() {
					t.Fatal(list)
				}
				submit(t, r, &engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
				submit(t, r, &engine.Input{Payload: &engine.Event{Type: "asked", Profile: "ann", Data: []byte(`{"of":"lamp"}`)}})
				time.Sleep(time.Hour)
				if err := stop(); err != nil {
					t.Fatal(err)
				}
				if got := onlyRun(t, s); got.Outcome != test.outcome || int(asked.Load()) != test.asked {
					t.Errorf("the run ended as %q after %d requests; want %s after %d", got.Outcome, asked.Load(), test.outcome, test.asked)
				}
			})
		})
	}
}

// TestAudiencesOfNobody: a server that reads no audiences fails a campaign, and an audience without people does not pass in silence.
func TestAudiencesOfNobody(t *testing.T) {
	for name, test := range map[string]struct {
		audiences    runner.Audiences
		status, said string
		warned       bool
	}{
		"no audiences": {nil, "failed", "this server reads no audiences", false},
		"nobody":       {crowd(0), "walked", "", true},
		"somebody":     {crowd(1), "walked", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, core := newStore(t)
				var log bytes.Buffer
				r, stop := run(t, s, core, runner.Config{Channel: channel(accepts), Audiences: test.audiences, Log: slog.New(slog.NewTextHandler(&log, nil))})
				project, list := flows.Load(fstest.MapFS{"flows/news.yaml": {Data: []byte("flow: news\ntrigger: { at: 2036-04-01 09:00, audience: people.jsonl }\nsteps: [ { send: { body: Hi } } ]\n")}})
				if list.HasErrors() {
					t.Fatal(list)
				}
				submit(t, r, &engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
				submit(t, r, &engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignStart, Flow: "news"}})
				time.Sleep(time.Minute)
				if err := stop(); err != nil {
					t.Fatal(err)
				}
				campaigns, err := s.ListCampaigns("news", 0, 1)
				if err != nil || len(campaigns) != 1 || campaigns[0].Status.String() != test.status || campaigns[0].Reason != test.said {
					t.Errorf("the campaign is %s (%s), %v; want %s (%s)", campaigns[0].Status, campaigns[0].Reason, err, test.status, test.said)
				}
				if warned := strings.Contains(log.String(), "this campaign writes to nobody"); warned != test.warned {
					t.Errorf("logged is %s", log.String())
				}
			})
		})
	}
}

// TestReceiptElsewhere holds that a receipt which names a message by the provider's ID alone finds its run in the other partition, unless
// that partition has sent it here.
func TestReceiptElsewhere(t *testing.T) {
	p := newPair(t)
	project, list := flows.Load(fstest.MapFS{"flows/tell.yaml": {Data: []byte("flow: tell\ntrigger: { event: tell }\nsteps: [ { id: hi, send: { body: Hi } }, { wait: [ { read: hi }, { after: 1d } ] } ]\n")}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	accounts := []runner.AccountSettings{{Account: engine.AnyAccount, Places: 8, ByID: true}}
	for i := range p.loops {
		core, err := p.stores[i].Engine()
		if err != nil {
			t.Fatal(err)
		}
		p.loops[i] = runner.NewLoopOf(p.stores[i], core, accounts)
		if err := p.loops[i].UsePeers(other{p, i}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.loops[i].Recover(p.now); err != nil {
			t.Fatal(err)
		}
		p.step(i, &engine.Input{Origin: &engine.Origin{From: 2, Number: 2}, Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
	}
	who := "bob"
	if engine.PartitionOf(who, 2) != 1 {
		t.Fatal("bob belongs to the first partition")
	}
	step, err := p.loops[1].Step(p.now, []*runner.Group{{Inputs: []*engine.Input{{Payload: &engine.Event{Type: "tell", Profile: who}}}}})
	if err != nil || len(step.Posts) != 1 {
		t.Fatalf("%d posts, %v", len(step.Posts), err)
	}
	post := step.Posts[0]
	p.step(1, &engine.Input{Payload: &engine.SendResult{Run: post.Run, Message: post.Message, Attempt: post.Attempt, Result: channels.Result{Outcome: channels.Accepted, ProviderID: "m7"}}})
	p.step(0, &engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{ProviderID: "m7", Status: channels.Read}}})
	if n := p.take(p.handover(9)); n != 1 {
		t.Errorf("%d inputs are handed over", n)
	}
	run, err := p.stores[1].Run(post.Run)
	if err != nil || run.Live() {
		t.Errorf("the run waits for a read that came: %+v, %v", run, err)
	}
}
