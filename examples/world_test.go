package examples_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/engine/runner"
	"nudge/flows"
	"nudge/store"
	"nudge/store/memory"
)

// world runs an example: the real loop over a store in memory, a clock that goes on
// when told to, and a provider that accepts everything at once.
type world struct {
	t    *testing.T
	loop *runner.Loop
	kept *store.Store
	now  time.Time
	sent []channels.Message // those that no expectation has seen yet
	all  []channels.Message
}

func newWorld(t *testing.T, example string) *world {
	t.Helper()
	kept, err := store.Open(new(memory.KV))
	must(t, err)
	state, err := kept.State()
	must(t, err)
	core, err := engine.New(state, nil)
	must(t, err)
	w := &world{t: t, loop: runner.NewLoop(kept, core, 8), kept: kept,
		now: time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)} // a Monday
	project, list := flows.Load(os.DirFS(example))
	must(t, list.Err())
	deploy := &engine.Deploy{}
	for _, f := range project.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	w.input(&engine.Input{Kind: engine.InputDeploy, Deploy: deploy})
	return w
}

// input applies an input and everything that follows from it at once.
func (w *world) input(in *engine.Input) engine.Answer {
	w.t.Helper()
	g := &runner.Group{Inputs: []*engine.Input{in}}
	w.step(g)
	if refused := g.Answers[0].Refused; refused != nil {
		w.t.Fatalf("%s is refused: %s", in.Kind, refused.Detail)
	}
	return g.Answers[0]
}

// step steps the loop until there is nothing to do before its next timer, which it
// returns.
func (w *world) step(groups ...*runner.Group) engine.Instant {
	w.t.Helper()
	for {
		step, err := w.loop.Step(w.now, groups)
		must(w.t, err)
		if len(step.Panics) > 0 {
			w.t.Fatal(step.Panics[0])
		}
		groups = nil
		for _, p := range step.Posts {
			w.sent, w.all = append(w.sent, p.Content), append(w.all, p.Content)
			groups = append(groups, &runner.Group{Frees: 1, Inputs: []*engine.Input{{
				Kind: engine.InputResult,
				Result: &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt,
					Result: channels.Result{Outcome: channels.Accepted, ProviderID: fmt.Sprint("m", len(w.all))}},
			}}})
		}
		if len(groups) == 0 && !step.Again {
			return step.Next
		}
	}
}

// after lets time pass, from timer to timer.
func (w *world) after(d time.Duration) {
	w.t.Helper()
	until := w.now.Add(d)
	for {
		next := w.step()
		if next == 0 || next.Time().After(until) {
			break
		}
		w.now = next.Time()
	}
	w.now = until
	w.step()
}

// event gives an event about a person; the data is a JSON object.
func (w *world) event(kind, profile, data string) engine.Answer {
	w.t.Helper()
	if !json.Valid([]byte(data)) {
		w.t.Fatalf("not JSON: %s", data)
	}
	return w.input(&engine.Input{Kind: engine.InputEvent, Event: &engine.Event{Type: kind, Profile: profile, Data: json.RawMessage(data)}})
}

// last is the newest message to a person.
func (w *world) last(profile string) channels.Message {
	w.t.Helper()
	for _, m := range slices.Backward(w.all) {
		if m.To == profile {
			return m
		}
	}
	w.t.Fatalf("%s has no message", profile)
	return channels.Message{}
}

// status is what becomes of the newest message to a person.
func (w *world) status(profile string, status channels.Status) {
	w.t.Helper()
	w.input(&engine.Input{Kind: engine.InputReceipt, Receipt: &channels.Receipt{Ref: w.last(profile).Ref, Status: status, At: w.now}})
}

// reply is an answer to the newest message to a person.
func (w *world) reply(profile, text string) {
	w.t.Helper()
	m := w.last(profile)
	w.input(&engine.Input{Kind: engine.InputReply, Reply: &channels.Reply{
		Profile: profile, Conversation: m.Conversation, Text: text, Answers: m.Ref, At: w.now}})
}

// expect holds what was sent since the last time to texts that the messages contain,
// in order.
func (w *world) expect(texts ...string) {
	w.t.Helper()
	var bodies []string
	for _, m := range w.sent {
		bodies = append(bodies, m.To+": "+m.Body)
	}
	w.sent = nil
	ok := len(bodies) == len(texts)
	for i := 0; ok && i < len(texts); i++ {
		ok = strings.Contains(bodies[i], texts[i])
	}
	if !ok {
		w.t.Errorf("sent %q, want %q", bodies, texts)
	}
}

// ends holds how the ended runs ended, oldest first, as FLOW OUTCOME; a goal has a
// star.
func (w *world) ends(want ...string) {
	w.t.Helper()
	page, err := w.kept.List(store.Query{Ended: true, Limit: store.MaxPage})
	must(w.t, err)
	var got []string
	for _, r := range slices.Backward(page.Runs) {
		text := r.Flow + " " + r.Outcome
		if r.Goal {
			text += "*"
		}
		got = append(got, text)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("runs ended %q, want %q", got, want)
	}
}
