package backtest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// history is a server's life: random events and people, met by the real loop.
type history struct {
	t     testing.TB
	dice  *rand.Rand
	kv    *memory.KV
	store *store.Store
	loop  *runner.Loop
	now   time.Time
	next  engine.Instant
	due   []coming // what the provider and people will do
	sent  int
	to    map[string]int // messages by person
	own   bool           // nobody has the order of somebody else
	rows  []engine.Row   // of every audience
}

// Freeze, Read and Keep let it be the audiences of its loop.
func (h *history) Freeze(context.Context, engine.SnapshotRequest) (*engine.Snapshot, error) {
	return nil, nil
}

func (h *history) Read(_ string, offset int64, limit int) ([]engine.Row, int64, error) {
	end := min(int(offset)+limit, len(h.rows))
	return slices.Clone(h.rows[offset:end]), int64(end), nil
}

func (h *history) Keep(int, []string) error { return nil }

type coming struct {
	at    time.Time
	group *runner.Group
}

var begin = time.Date(2026, 3, 27, 6, 0, 0, 0, time.UTC)

func newHistory(t testing.TB, seed uint64, files fstest.MapFS) *history {
	t.Helper()
	h := &history{t: t, dice: rand.New(rand.NewPCG(seed, 1)), kv: new(memory.KV), now: begin, to: map[string]int{}}
	if err := store.Create(h.kv, engine.Installation{byte(seed), 1}); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.store, err = store.Open(h.kv); err != nil {
		t.Fatal(err)
	}
	core, err := h.store.Engine()
	if err != nil {
		t.Fatal(err)
	}
	h.loop = runner.NewLoop(h.store, core, 64)
	h.loop.UseAudiences(h)
	h.apply(&engine.Input{Payload: &engine.Deploy{Flows: bundles(t, files)}})
	return h
}

func bundles(t testing.TB, files fstest.MapFS) (all []flows.Bundle) {
	t.Helper()
	project, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	for _, f := range project.Flows {
		all = append(all, f.Bundle)
	}
	return all
}

func (h *history) apply(in *engine.Input) {
	h.t.Helper()
	g := &runner.Group{Inputs: []*engine.Input{in}}
	h.step([]*runner.Group{g})
	if refused := g.Answers[0].Refused; refused != nil {
		h.t.Fatal(refused.Detail)
	}
}

func (h *history) step(groups []*runner.Group) {
	h.t.Helper()
	for again := true; again; groups = nil {
		step, err := h.loop.Step(h.now, groups)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, p := range step.Posts {
			h.sent++
			h.to[p.Content.To]++
			h.respond(p)
		}
		for _, f := range step.Freezes {
			h.due = append(h.due, coming{h.now.Add(3 * time.Second), &runner.Group{Inputs: []*engine.Input{{Payload: &engine.Snapshot{Campaign: f.Campaign, Audience: "people", Rows: len(h.rows)}}}}})
		}
		h.next, again = step.Next, step.Again
	}
}

// respond is what provider and person do with a message.
func (h *history) respond(p engine.Post) {
	delay := time.Duration(h.dice.IntN(900)) * time.Millisecond
	h.due = append(h.due, coming{h.now.Add(delay), &runner.Group{Frees: 1, Inputs: []*engine.Input{{Payload: &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt,
		Result: channels.Result{Outcome: channels.Accepted, ProviderID: "m"}}}}}})
	for _, status := range [][]channels.Status{nil, {channels.Delivered}, {channels.Delivered, channels.Read}, {channels.Failed}}[h.dice.IntN(4)] {
		delay += time.Duration(h.dice.Int64N(int64(30 * time.Hour)))
		h.due = append(h.due, coming{h.now.Add(delay), &runner.Group{Inputs: []*engine.Input{{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: p.Content.Ref, Status: status}}}}}})
	}
}

// until lets time pass: timers are met, and what was to come comes.
func (h *history) until(t time.Time) {
	h.t.Helper()
	for {
		at := t
		for _, c := range h.due {
			if c.at.Before(at) {
				at = c.at
			}
		}
		if h.next != 0 && h.next.Time().Before(at) {
			at = h.next.Time()
		}
		if at.After(h.now) {
			h.now = at
		}
		var groups []*runner.Group
		h.due = slices.DeleteFunc(h.due, func(c coming) bool {
			if !c.at.After(h.now) {
				groups = append(groups, c.group)
				return true
			}
			return false
		})
		h.step(groups)
		if !h.now.Before(t) && len(groups) == 0 {
			return
		}
	}
}

// live gives the loop random events, replies and profiles for some days.
func (h *history) live(days int) {
	h.t.Helper()
	for end := h.now.AddDate(0, 0, days); h.now.Before(end); {
		h.until(h.now.Add(time.Duration(h.dice.Int64N(int64(3 * time.Hour)))))
		who, order := fmt.Sprint("p", h.dice.IntN(12)), "O"
		if h.own {
			order = who + "O"
		}
		switch h.dice.IntN(8) {
		case 0:
			h.apply(&engine.Input{Payload: &engine.Reply{Reply: channels.Reply{Profile: who, Text: "help"}}})
		case 1:
			h.apply(&engine.Input{Payload: &engine.ProfileChange{Profile: who,
				Set: fmt.Appendf(nil, `{"plan":%q}`, []string{"free", "pro"}[h.dice.IntN(2)])}})
		case 2:
			h.apply(&engine.Input{Payload: &engine.Event{Type: "order.delivered",
				Profile: who, Data: fmt.Appendf(nil, `{"order_id":"%s%d"}`, order, h.dice.IntN(40))}})
		default:
			h.apply(&engine.Input{Payload: &engine.Event{Type: "order.shipped",
				Profile: who, Data: fmt.Appendf(nil, `{"order_id":"%s%d","total":%d}`, order, h.dice.IntN(40), h.dice.IntN(100))}})
		}
	}
}
