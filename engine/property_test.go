package engine_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"nudge/audience"
	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
	again "nudge/whatif/replay"
)

// The flows of the random histories: every construct, with keys, people and replies that
// interfere with each other.
var randomFlows = fstest.MapFS{
	"nudge.yaml": {Data: []byte("timezone: Europe/London\nprofile: { plan: optional string, rounds: optional number }\nevents:\n  order: { id: string, total: number }\n" +
		"categories: { service: { always: true }, orders: { window: [06:00-11:00, mon-fri 13:00-22:00], at_most: 3 per 1d }, asks: { at_most: 2 per 5h } }\n")},
	"flows/shipped.yaml": {Data: []byte(`flow: shipped
trigger: { event: order, key: event.id, if: event.total > 10 }
entry: { if_running: skip }
exit:
  - { event: back, key: event.id, as: returned }
from: Customer Services
category: orders
steps:
  - send: { template: hello, on_unknown: resend, max_delay: 9h }
  - wait:
      - read: hello
      - failed: hello
        then: [ { exit: undeliverable } ]
      - reply: hello
        if: reply.number in 0..10
        then:
          - set: { score: = reply.number, doubled: = now < run.started }
          - send: thanks
      - event: arrived
        key: event.id
      - after: 1d
        then:
          - send: { template: hello, category: service, window: 09:00-17:00 }
          - wait: [ { read: any }, { reply: any }, { after: 2d } ]
  - branch:
      - if: wait_1.outcome == "reply"
        then: [ { exit: scored } ]
      - else: [ { send: { template: bye, account: orders, expires: 30m } } ]
`)},
	"flows/chat.yaml": {Data: []byte(`flow: chat
trigger:
  - { event: ping }
  - { event: order, key: event.id, to: '[event.id, "ann"]' }
exit:
  - { event: gone, key: any, as: gone, goal: true }
steps:
  - wait: 90m
  - send: { template: hello, on_unknown: fail, category: asks }
  - wait: [ { reply: any }, { event: ping, key: any }, { delivered: hello }, { after: 3d } ]
`)},
	"flows/loop.yaml": {Data: []byte(`flow: loop
trigger: { event: order, key: event.id }
entry: { if_running: queue, at_most: 9 per 2d }
exit:
  - if: profile.plan == "pro"
    as: bought
  - after: 9d
steps:
  - id: more
    collect:
      event: ping
      key: any
      until: [ { quiet: 2h }, { items: 4 }, { at: "09:00" }, { event: gone, key: any } ]
  - id: asked
    repeat:
      times: 3
      every: 6h
      until: [ { read: any }, { reply: any, if: reply.number > 5, as: scored } ]
      steps:
        - if: profile.plan != "free"
          send: { template: hello, account: orders, category: asks, max_delay: 2h }
        - split: [ { as: slow, weight: 1, then: [ { wait: 1h } ] }, { as: quick, weight: 2, then: [ { set: { profile.rounds: = round } } ] } ]
  - emit: { event: looped, data: { items: = more.count } }
  - id: called
    start: { flow: inner, data: { why: text }, wait: true }
  - if: called.outcome == "short"
    exit: well
`)},
	"flows/inner.yaml": {Data: []byte(`flow: inner
trigger: { event: looped }
data: { why: optional string }
entry: { if_running: restart }
steps:
  - opt_out: all
  - wait: [ { reply: any, then: [ { exit: short } ] }, { after: 5h } ]
`)},
	"flows/answer.yaml": {Data: []byte(`flow: answer
trigger: { reply: any, if: reply.text == "no idea", before_waits: true }
steps:
  - opt_in: all
  - emit: { event: ping }
`)},
	"flows/weekly.yaml": {Data: []byte(`flow: weekly
trigger:
  - { cron: "*/20 * * * *", timezone: Europe/London, max_delay: 2h, audience: { if: profile.plan == "pro" } }
  - { cron: "0 9,21 * * *", timezone: local, max_delay: 3h, audience: people.csv, rate: 1/m, if: data.total > 3 }
data: { total: optional number }
entry: { if_running: skip }
exit: [ { event: gone, key: any } ]
steps:
  - send: hello
  - wait: [ { read: hello }, { reply: any }, { after: 4h } ]
`)},
	"audiences/people.csv":  {Data: []byte("profile,total\nann,4\nbob,3\ncid,many\nann,9\ndee,5\neve,6\n")},
	"templates/hello.yaml":  {Data: []byte("body: Hello at {{ now }}\n")},
	"templates/thanks.yaml": {Data: []byte("body: \"{{ vars.score }}: thanks\"\n")},
	"templates/bye.yaml":    {Data: []byte("body: \"{{ data.id }}: bye\"\n")},
}

// history drives a loop with random inputs.
type history struct {
	t     *testing.T
	dice  *rand.Rand
	kv    *memory.KV
	store *store.Store
	loop  *runner.Loop
	now   time.Time
	posts []engine.Post        // everything ever posted
	open  []engine.Post        // without a result
	asks  []engine.StatusQuery // without an answer
	seed  uint64
	keep  runner.Retention // zero: nothing is ever dropped

	shelf  *audience.Snapshots
	frozen []*engine.Input // snapshots that were taken, and not yet reported
}

func newHistory(t *testing.T, seed uint64, files fstest.MapFS) *history {
	h := &history{t: t, seed: seed, shelf: audience.NewSnapshots(audience.Sources{Project: files}), dice: rand.New(rand.NewPCG(seed, 0)), kv: new(memory.KV),
		now: time.Date(2026, 3, 27, 22, 0, 0, 0, time.UTC)}
	if err := store.Create(h.kv, engine.Installation{byte(seed), 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	h.start()
	project, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	var deploy engine.Deploy
	for _, f := range project.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	h.step([]*runner.Group{{Inputs: []*engine.Input{{Payload: &deploy}}}})
	return h
}

func (h *history) start() {
	h.t.Helper()
	var core *engine.Engine
	h.store, core = reopen(h.t, h.kv)
	h.loop = runner.NewLoopOf(h.store, core, []runner.AccountSettings{
		{Account: "main", Places: 1 + h.dice.IntN(4), Asks: true, Verify: h.seed%3 == 1 && h.dice.IntN(4) > 0},
		{Account: "orders", Places: 1 + h.dice.IntN(2), Rate: flows.Rate{Messages: 5, Per: time.Hour},
			Asks: true, ByID: h.seed%3 != 0 && h.dice.IntN(6) > 0, Verify: h.seed%3 == 2},
	})
	h.open, h.asks = nil, nil
	h.shelf.People, h.frozen = h.store, nil
	h.loop.UseAudiences(h.shelf)
	h.loop.Keep(h.keep)
	step, err := h.loop.Recover(h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	h.took(step)
}

func reopen(t *testing.T, kv store.KV) (*store.Store, *engine.Engine) {
	t.Helper()
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	return s, core
}

func (h *history) step(groups []*runner.Group) {
	h.t.Helper()
	step, err := h.loop.Step(h.now, groups)
	if err != nil {
		h.t.Fatal(err)
	}
	h.took(step)
}

func (h *history) took(step *runner.Step) {
	if len(step.Panics) > 0 {
		h.t.Fatal(step.Panics[0])
	}
	h.posts = append(h.posts, step.Posts...)
	h.open = append(h.open, step.Posts...)
	h.asks = append(h.asks, step.Asks...)
	for _, f := range step.Freezes {
		frozen, err := h.shelf.Freeze(h.t.Context(), f)
		if err != nil {
			h.t.Fatal(err)
		}
		frozen.Campaign = f.Campaign
		h.frozen = append(h.frozen, &engine.Input{Payload: frozen})
	}
}

// live makes steps of random inputs, with passing time and restarts in between.
func (h *history) live(steps int) {
	for range steps {
		groups := make([]*runner.Group, h.dice.IntN(6))
		for i := range groups {
			groups[i] = h.group()
		}
		h.step(groups)
		switch h.dice.IntN(12) {
		case 0:
			if h.dice.IntN(4) == 0 { // long enough for the provider to give up on webhooks
				h.now = h.now.Add(25 * time.Hour)
			}
			h.start()
		case 1, 2, 3, 4:
			h.now = h.now.Add(time.Duration(h.dice.Int64N(int64(8 * time.Hour))))
		case 5:
			h.now = h.now.Add(-time.Duration(h.dice.Int64N(int64(time.Minute)))) // the clock steps back
		}
	}
	// The last stamp equals the clock, which the store used when it deleted old records.
	h.step([]*runner.Group{{Inputs: []*engine.Input{{Payload: &engine.Event{Type: "end"}}}}})
}

func (h *history) group() *runner.Group {
	if len(h.frozen) > 0 && h.dice.IntN(2) == 0 {
		in := h.frozen[0]
		h.frozen = h.frozen[1:]
		return &runner.Group{Inputs: []*engine.Input{in}}
	}
	if len(h.asks) > 0 && h.dice.IntN(3) == 0 {
		return h.asked()
	}
	switch h.dice.IntN(8) {
	case 0, 1, 2:
		return &runner.Group{Inputs: []*engine.Input{h.event()}}
	case 3, 4:
		if len(h.open) > 0 {
			return h.result()
		}
	case 5, 6:
		if len(h.posts) > 0 {
			return &runner.Group{Inputs: []*engine.Input{{Payload: &engine.Receipt{Receipt: *h.receipt()}}}}
		}
	}
	if h.dice.IntN(3) == 0 {
		return &runner.Group{Inputs: []*engine.Input{h.command()}}
	}
	in := &engine.Input{Payload: &engine.Reply{Reply: channels.Reply{Profile: h.person(),
		Text: pick(h.dice, "9", "no idea", "I'd say 11", ""), Conversation: pick(h.dice, "", "nudge_ann", "Customer_Services_bob")}}}
	if h.dice.IntN(3) == 0 {
		in.ID = fmt.Sprint("reply ", h.dice.IntN(20))
	}
	return &runner.Group{Inputs: []*engine.Input{in}}
}

// receipt returns a receipt about any message. It names the message, or gives the provider's
// ID, or both.
func (h *history) receipt() *channels.Receipt {
	p := h.posts[h.dice.IntN(len(h.posts))]
	r := &channels.Receipt{Ref: p.Content.Ref, Status: channels.Sent + channels.Status(h.dice.IntN(5)), Reason: "as it happens"}
	if h.seed%3 == 0 {
		return r
	}
	switch h.dice.IntN(4) {
	case 0, 1:
		r.Ref, r.ProviderID = channels.Ref{}, providerID(p)
	case 2:
		r.ProviderID = providerID(p)
	}
	return r
}

// providerID returns the ID that the provider gives to one attempt of a message.
func providerID(p engine.Post) string { return fmt.Sprint(p.Run, " ", p.Message, " ", p.Attempt) }

// asked returns an answer to a status query.
func (h *history) asked() *runner.Group {
	i := h.dice.IntN(len(h.asks))
	q := h.asks[i]
	h.asks = slices.Delete(h.asks, i, i+1)
	in := &engine.StatusAnswer{Run: q.Run, Message: q.Message, Receipt: channels.Receipt{ProviderID: q.ProviderID}}
	switch h.dice.IntN(5) {
	case 0:
		in.Failed = "connection refused"
	case 1:
		in.Busy = true
	case 2:
		in.Receipt.Reason = "processing"
	default:
		in.Receipt.Status = channels.Sent + channels.Status(h.dice.IntN(5))
	}
	return &runner.Group{Inputs: []*engine.Input{{Payload: in}}}
}

// command returns a change of a profile, a call, or a cancel.
func (h *history) command() *engine.Input {
	switch h.dice.IntN(8) {
	case 6, 7:
		return h.steer()
	case 0:
		change := &engine.ProfileChange{Profile: h.person(), OptOuts: &[]string{"orders"}}
		if h.dice.IntN(2) == 0 { // by the page of preferences
			change.OptOuts, change.OptOut, change.OptIn = nil, pick(h.dice, "orders", "cart", ""), pick(h.dice, "orders", "", engine.OptOutAll)
		}
		return &engine.Input{Payload: change}
	case 1, 2:
		set := pick(h.dice, `{"plan":"pro"}`, `{"plan":null}`, `{"timezone":"Asia/Kathmandu"}`, `{"timezone":7}`)
		return &engine.Input{Payload: &engine.ProfileChange{Profile: h.person(), Set: []byte(set), Replace: h.dice.IntN(4) == 0}}
	case 4:
		if len(h.posts) > 0 {
			in, run, err := h.store.Retry(h.posts[h.dice.IntN(len(h.posts))].Run, "as asked")
			if err == nil && run != nil && !run.Live() {
				return &engine.Input{Payload: in}
			}
		}
	case 3:
		if len(h.posts) > 0 {
			return &engine.Input{Payload: &engine.Cancel{Run: h.posts[h.dice.IntN(len(h.posts))].Run}}
		}
	}
	return &engine.Input{Payload: &engine.Call{Flow: pick(h.dice, "inner", "chat", "none"), Profile: h.person(), By: "call", Data: []byte(`{"id":"O1","total":12}`)}}
}

// steer returns an operator's command for one of the newest campaigns.
func (h *history) steer() *engine.Input {
	s := &engine.CampaignControl{Do: engine.CampaignVerb(1 + h.dice.IntN(4)), Flow: pick(h.dice, "weekly", "chat"), EndRuns: h.dice.IntN(2) == 0}
	if s.Do != engine.CampaignStart {
		newest, err := h.store.ListCampaigns("", 0, 4)
		if err != nil {
			h.t.Fatal(err)
		}
		s.Flow, s.Campaign = "", 1
		if len(newest) > 0 {
			s.Campaign = newest[h.dice.IntN(len(newest))].Number
		}
	}
	return &engine.Input{Payload: s}
}

func (h *history) event() *engine.Input {
	kind := pick(h.dice, "order", "order", "order", "back", "arrived", "ping", "gone")
	data := map[string]any{"id": fmt.Sprint("O", h.dice.IntN(6)), "total": h.dice.IntN(40)}
	if h.dice.IntN(10) == 0 {
		data["total"] = "not a number"
	}
	raw, err := json.Marshal(data)
	if err != nil {
		h.t.Fatal(err)
	}
	in := &engine.Input{Payload: &engine.Event{Type: kind, Profile: h.person(), Data: raw}}
	if h.dice.IntN(4) == 0 {
		in.ID = fmt.Sprint("e", h.dice.IntN(30))
	}
	return in
}

func (h *history) person() string { return pick(h.dice, "ann", "bob", "cid") }

func (h *history) result() *runner.Group {
	i := h.dice.IntN(len(h.open))
	p := h.open[i]
	h.open = slices.Delete(h.open, i, i+1)
	result := channels.Result{Outcome: channels.Accepted + channels.Outcome(h.dice.IntN(4)), Reason: "as it happens"}
	if result.Outcome == channels.Accepted {
		result.ProviderID = providerID(p)
	}
	send := &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt, Result: result}
	if h.dice.IntN(6) == 0 {
		send.Returned, send.Result = true, channels.Result{Reason: "held"}
	}
	return &runner.Group{Frees: 1, Account: p.Account, Inputs: []*engine.Input{{Payload: send}}}
}

func pick(dice *rand.Rand, words ...string) string { return words[dice.IntN(len(words))] }

// dump returns everything in a store, except records that are deleted at no fixed input:
// cancelled timers, the index from people to ended runs, and answers that are no longer
// given.
func dump(t *testing.T, kv *memory.KV) map[string]string {
	t.Helper()
	s, core := reopen(t, kv)
	if _, err := s.Forget(core.State.Stamp.Add(-engine.IDRetention), 1<<30); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		var err error
		if more, err = s.Drop(); err != nil {
			t.Fatal(err)
		}
	}
	for more := true; more; { // when counts are added up is upkeep, and no input says so
		var err error
		if more, err = s.FoldCounts(1 << 60); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string]string{}
	for _, b := range store.Buckets {
		for k, v := range kv.Dump(b) {
			all[b.String()+" "+k] = string(v)
		}
	}
	timers, _, err := s.Due(1<<60, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for _, timer := range timers {
		if r, err := s.Run(timer.Run); err != nil || r == nil || r.Deadline != timer.Due {
			maps.DeleteFunc(all, func(k, _ string) bool {
				return k == "timers "+string(timerKey(timer))
			})
		}
	}
	for key := range kv.Dump(store.People) {
		var id engine.RunID
		copy(id[:], key[len(key)-len(id):])
		if r, err := s.Run(id); err != nil || r == nil || !r.Live() {
			delete(all, "people "+key)
		}
	}
	return all
}

func timerKey(t engine.Timer) []byte {
	key := make([]byte, 0, 24)
	for shift := 56; shift >= 0; shift -= 8 {
		key = append(key, byte(t.Due>>shift))
	}
	return append(key, t.Run[:]...)
}

// replay applies a journal to an empty store, in batches of at most the given sizes.
func replay(t *testing.T, from *store.Store, batches func() int) *memory.KV {
	t.Helper()
	state, err := from.State()
	if err != nil {
		t.Fatal(err)
	}
	var journal []*engine.Journaled
	if err := from.Entries(0, func(j *engine.Journaled) bool {
		journal = append(journal, j)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	r, err := again.New(state)
	if err != nil {
		t.Fatal(err)
	}
	r.Keep = true
	for len(journal) > 0 {
		n, _, err := r.Apply(journal[:min(batches(), len(journal))], nil)
		if err != nil {
			t.Fatal(err)
		}
		journal = journal[n:]
	}
	return r.KV
}

func compare(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: %q differs", what, k)
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%s: %q should not be there", what, k)
		}
	}
}

// TestReplay shows that replaying a journal into an empty store gives the same store (I8),
// and that batches change nothing: one by one, in random batches, and in as few as possible.
func TestReplay(t *testing.T) {
	inputs, ended := 0, 0
	for seed := range uint64(12) {
		h := newHistory(t, seed, randomFlows)
		h.live(120)
		want := dump(t, h.kv)
		for name, batches := range map[string]func() int{
			"one by one":     func() int { return 1 },
			"in batches":     func() int { return 1 + h.dice.IntN(20) },
			"as one, nearly": func() int { return 1 << 30 },
		} {
			compare(t, fmt.Sprintf("seed %d, %s", seed, name), dump(t, replay(t, h.store, batches)), want)
		}
		if t.Failed() {
			return
		}
		report, err := h.store.Check()
		if err != nil || len(report.Problems) > 0 {
			t.Fatalf("seed %d: %v %q", seed, err, report.Problems)
		}
		inputs, ended = inputs+int(report.Journal), ended+report.Ended
	}
	if ended < 100 {
		t.Errorf("only %d of the runs ended: the histories prove little", ended)
	}
	t.Logf("%d inputs, %d runs ended", inputs, ended)
}

// TestZoneOfTheMachine shows that the time zone of the machine changes nothing.
func TestZoneOfTheMachine(t *testing.T) {
	local := time.Local
	defer func() { time.Local = local }()
	in := func(zone string) map[string]string {
		var err error
		if time.Local, err = time.LoadLocation(zone); err != nil {
			t.Fatal(err)
		}
		h := newHistory(t, 7, randomFlows)
		h.live(150)
		return dump(t, h.kv)
	}
	compare(t, "Kathmandu against New York", in("Asia/Kathmandu"), in("America/New_York"))
}

// TestReceiptsInAnyOrder shows that the statuses of messages are the same for every
// order and repetition of the same receipts (I4).
func TestReceiptsInAnyOrder(t *testing.T) {
	statuses := []channels.Status{channels.Sent, channels.Delivered, channels.Read, channels.Failed, channels.Expired}
	for subset := 1; subset < 1<<len(statuses); subset++ {
		var set []channels.Status
		for i, s := range statuses {
			if subset>>i&1 == 1 {
				set = append(set, s)
			}
		}
		want := engine.MessageStatus(0)
		permutations(set, func(order []channels.Status) {
			w := newTold(t)
			p := w.posts[0]
			for _, s := range append(slices.Clone(order), order...) {
				w.apply(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: p.Content.Ref, Status: s}}})
			}
			r, err := w.store.Run(p.Run)
			if err != nil {
				t.Fatal(err)
			}
			got := r.Message(1).Status
			if want == 0 {
				want = got
			}
			if got != want {
				t.Fatalf("%v: got %v, another order gives %v", order, got, want)
			}
			w.check()
		})
	}
}

// permutations calls visit with every order of the values.
func permutations[T any](values []T, visit func([]T)) {
	var next func(int)
	next = func(n int) {
		if n == len(values) {
			visit(values)
			return
		}
		for i := n; i < len(values); i++ {
			values[n], values[i] = values[i], values[n]
			next(n + 1)
			values[n], values[i] = values[i], values[n]
		}
	}
	next(0)
}
