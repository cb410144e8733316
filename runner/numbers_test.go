package runner_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
	"nudge/runner/live"
	"nudge/store"
)

// TestLiveNumbers holds which numbers readers of the live news see: runs by what became of them, and events by their verdict.
func TestLiveNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, core := newStore(t)
		r, stop := run(t, s, core, runner.Config{Channel: channel(accepts)})
		submit(t, r, deploy(t))
		reader, err := r.Live().Read(0)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		is := func(what string, topic live.Topic, want live.Counts) {
			t.Helper()
			if got := reader.News(topic); !maps.Equal(got, want) {
				t.Errorf("%s: the news are %v, want %v", what, got, want)
			}
		}
		id := submit(t, r, told("ann"))
		submit(t, r, told("bob"))
		synctest.Wait() // their messages are taken
		ref := channels.Ref{Installation: core.State.Installation.String(), Run: id, Message: 1, Attempt: 1}
		if _, err := r.Submit(t.Context(), &engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: ref, Status: channels.Delivered}}}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		is("two runs, and a receipt", live.Runs, live.Counts{"started": 2, "changed": 3})
		is("two runs", live.Events, live.Counts{"started": 2})
		run, err := engine.ParseRunID(id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Submit(t.Context(), &engine.Input{Payload: &engine.Cancel{Run: run}}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Submit(t.Context(), &engine.Input{Payload: &engine.Event{Type: "unknown", Profile: "ann"}}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		is("one is cancelled", live.Runs, live.Counts{"ended": 1})
		is("an event that nobody knows", live.Events, live.Counts{"nothing": 1})
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestHeldAccountIsTold: operators read once that nothing goes to an account, and once that messages go to it again.
func TestHeldAccountIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, core := newStore(t)
		registry := prometheus.NewRegistry()
		var log bytes.Buffer
		var free atomic.Bool
		out := channel(func(context.Context, channels.Message) channels.Result {
			if !free.Load() {
				return channels.Result{Outcome: channels.Deferred, Reason: "429", RetryAfter: time.Hour}
			}
			return channels.Result{Outcome: channels.Accepted, ProviderID: "m"}
		})
		r, stop := run(t, s, core, runner.Config{Channel: out, Registry: registry, Log: slog.New(slog.NewTextHandler(&log, nil))})
		submit(t, r, deploy(t))
		for _, who := range []string{"ann", "bob", "cid"} {
			submit(t, r, told(who))
		}
		time.Sleep(time.Minute)
		if held := shown(t, registry, "nudge_account_held"); held != 1 {
			t.Errorf("while it asks to wait, it is held: %v", held)
		}
		free.Store(true)
		time.Sleep(2 * time.Hour)
		if held := shown(t, registry, "nudge_account_held"); held != 0 {
			t.Errorf("after it, it is held: %v", held)
		}
		synctest.Wait()
		for _, said := range []string{"nothing goes to the account for now", "messages go to the account again"} {
			if n := strings.Count(log.String(), said); n != 1 {
				t.Errorf("%q is logged %d times:\n%s", said, n, log.String())
			}
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// countingStore counts commits.
type countingStore struct {
	*store.Store
	commits atomic.Int32
}

func (s *countingStore) Commit(b *engine.Batch) error {
	s.commits.Add(1)
	return s.Store.Commit(b)
}

// TestNothingIsCommitted: what changes nothing costs no sync of the disk.
func TestNothingIsCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, core := newStore(t)
		counting := &countingStore{Store: s}
		r, stop := run(t, counting, core, runner.Config{Channel: channel(accepts)})
		submit(t, r, deploy(t))
		synctest.Wait()
		before := counting.commits.Load()
		for range 3 {
			answers, err := r.Submit(t.Context(), &engine.Input{Payload: &engine.Cancel{Run: engine.RunID{9}}})
			if err != nil || answers[0].Refused == nil {
				t.Fatal(answers, err)
			}
		}
		if n := counting.commits.Load() - before; before == 0 || n != 0 {
			t.Errorf("what was refused took %d commits, after %d", n, before)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestPausedCampaigns: a campaign that is paused holds up no other, whatever their order.
func TestPausedCampaigns(t *testing.T) {
	d := newDesk(t, runner.AccountSettings{Account: "main", Places: 99}, runner.AccountSettings{Account: "orders", Places: 99})
	d.loop.UseAudiences(crowd(3))
	number := map[string]uint64{}
	for _, flow := range []string{"news", "offers"} {
		d.step(&runner.Group{Inputs: []*engine.Input{{Payload: &engine.CampaignControl{Do: engine.CampaignStart, Flow: flow}}}})
		campaigns, err := d.store.ListCampaigns(flow, 0, 1)
		if err != nil || len(campaigns) != 1 {
			t.Fatal(campaigns, err)
		}
		number[flow] = campaigns[0].Number
	}
	d.step(&runner.Group{Inputs: []*engine.Input{{Payload: &engine.CampaignControl{Do: engine.CampaignPause, Campaign: number["news"]}}}})
	for _, flow := range []string{"news", "offers"} {
		d.step(&runner.Group{Inputs: []*engine.Input{{Payload: &engine.Snapshot{Campaign: number[flow], Audience: "crowd", Rows: 3}}}})
	}
	for flow, want := range map[string]int{"news": 0, "offers": 3} {
		if campaigns, err := d.store.ListCampaigns(flow, 0, 1); err != nil || campaigns[0].Walked != want {
			t.Errorf("of %s %d rows are taken, %v; want %d", flow, campaigns[0].Walked, err, want)
		}
	}
	d.step(&runner.Group{Inputs: []*engine.Input{{Payload: &engine.CampaignControl{Do: engine.CampaignResume, Campaign: number["news"]}}}})
	if campaigns, err := d.store.ListCampaigns("news", 0, 1); err != nil || campaigns[0].Walked != 3 {
		t.Errorf("of the resumed campaign %d rows are taken, %v", campaigns[0].Walked, err)
	}
}

// TestOneRefusalIsWritten: an event that was not taken is written although nothing else comes.
func TestOneRefusalIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, core := newStore(t)
		r, stop := run(t, s, core, runner.Config{Channel: channel(accepts)})
		submit(t, r, deploy(t))
		synctest.Wait()
		r.Refuse(&store.Refusal{From: "shop", Code: "json", Type: "told", Body: []byte("{")})
		time.Sleep(time.Second)
		if refused, _, err := s.Refusals(store.RefusalQuery{Limit: 9}); err != nil || len(refused) != 1 {
			t.Errorf("%d refusals are written, %v", len(refused), err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestNoticesByEndpoint: each system gets the notices that it wants, and who delivers them is told that there are some.
func TestNoticesByEndpoint(t *testing.T) {
	d := newDesk(t, twoAccounts...)
	d.loop.Tell([]runner.Endpoint{{Name: "crm", Types: []engine.NoticeType{engine.NoticeRunEnded}}, {Name: "erp", Types: []engine.NoticeType{engine.NoticeMessageStatus, engine.NoticeRunEnded}}})
	step := func(noticed bool, in engine.Payload) *runner.Step {
		t.Helper()
		done, err := d.loop.Step(d.now, []*runner.Group{{Inputs: []*engine.Input{{Payload: in}}}})
		if err != nil || done.Noticed != noticed {
			t.Errorf("there are notices: %v, %v; want %v", done.Noticed, err, noticed)
		}
		return done
	}
	post := step(false, &engine.Event{Type: "told", Profile: "ann"}).Posts[0]
	step(true, &engine.SendResult{Run: post.Run, Message: post.Message, Attempt: post.Attempt, Result: taken})
	step(true, &engine.Cancel{Run: post.Run})
	for name, want := range map[string][]engine.NoticeType{"crm": {engine.NoticeRunEnded}, "erp": {engine.NoticeMessageStatus, engine.NoticeRunEnded}} {
		due, _, err := d.store.DueNotices(name, engine.InstantOf(d.now.Add(time.Hour)), 9)
		var types []engine.NoticeType
		for _, n := range due {
			types = append(types, n.Type)
		}
		if err != nil || !slices.Equal(types, want) {
			t.Errorf("%s gets %v, %v; want %v", name, types, err, want)
		}
	}
}

// TestCampaignsTakeTurns: of campaigns that may go on, each takes some rows in its turn, also beside one that may not.
func TestCampaignsTakeTurns(t *testing.T) {
	const rows = 3 * engine.MaxRows
	d := newDesk(t, runner.AccountSettings{Account: "main", Places: 9999}, runner.AccountSettings{Account: "orders", Places: 9999})
	d.loop.UseAudiences(crowd(rows))
	var numbers []uint64
	for _, flow := range []string{"news", "offers", "offers"} {
		d.now = d.now.Add(time.Minute)
		d.step(&runner.Group{Inputs: []*engine.Input{{Payload: &engine.CampaignControl{Do: engine.CampaignStart, Flow: flow}}}})
		campaigns, err := d.store.ListCampaigns(flow, 0, 1)
		if err != nil || len(campaigns) != 1 {
			t.Fatal(campaigns, err)
		}
		numbers = append(numbers, campaigns[0].Number)
	}
	for _, n := range numbers { // no row is taken before all are open
		d.step(&runner.Group{Inputs: []*engine.Input{{Payload: &engine.CampaignControl{Do: engine.CampaignPause, Campaign: n}}}})
		d.step(&runner.Group{Inputs: []*engine.Input{{Payload: &engine.Snapshot{Campaign: n, Audience: "crowd", Rows: rows}}}})
	}
	var resumed []*runner.Group
	for _, n := range numbers[1:] {
		resumed = append(resumed, &runner.Group{Inputs: []*engine.Input{{Payload: &engine.CampaignControl{Do: engine.CampaignResume, Campaign: n}}}})
	}
	d.step(resumed...)
	var order []uint64
	for _, p := range d.posts {
		run, err := d.store.Run(p.Run)
		if err != nil {
			t.Fatal(err)
		}
		if len(order) == 0 || order[len(order)-1] != run.Campaign {
			order = append(order, run.Campaign)
		}
	}
	if len(d.posts) != 2*rows || len(order) != 6 || slices.Contains(order, numbers[0]) {
		t.Errorf("%d messages, and the campaigns took turns as %v", len(d.posts), order)
	}
}
