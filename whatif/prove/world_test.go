package prove_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
)

// world is the real engine with one run in it. A world is never changed: what happens
// makes another one.
type world struct {
	core  *engine.Engine
	state engine.State
	run   *engine.Run   // nil before it starts
	calls []*engine.Run // live runs that it started
	who   *engine.Person
	now   time.Time
	begun time.Time
	name  string // of the person
}

var began = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func newWorld(t testing.TB, files fstest.MapFS) (*world, *flows.Project) {
	t.Helper()
	p, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatalf("%v\n%s", list, files["flows/one.yaml"].Data)
	}
	core, err := engine.New(engine.State{Installation: engine.Installation{7}, Outbound: engine.OutboundLive}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{core: core, state: core.State, now: began, begun: began, name: "p0"}
	deploy := &engine.Deploy{}
	for _, f := range p.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	w = w.apply(&engine.Input{Payload: deploy}, 0)
	return w, p
}

// apply is the world after an input, so much later, and after all that follow from it.
func (w *world) apply(in *engine.Input, later time.Duration) *world {
	next := *w
	next.now = w.now.Add(later)
	for inputs := []*engine.Input{in}; len(inputs) > 0; {
		inputs = append(next.take(inputs[0]), inputs[1:]...)
	}
	return &next
}

// take applies an input now, and answers what follows from it.
func (w *world) take(in *engine.Input) []*engine.Input {
	w.core.State = w.state
	loaded := &engine.Loaded{Runs: slices.Clone(w.calls)}
	if w.run != nil {
		loaded.Runs = append(loaded.Runs, w.run)
	}
	if w.who != nil {
		loaded.People = append(loaded.People, w.who)
	}
	needs := &engine.Needs{}
	w.core.Needs(in, needs)
	ws := engine.NewWorkingSet(needs, loaded)
	out := w.core.Apply(ws, in, engine.InstantOf(w.now), engine.AnySlots(1000))
	if out.Panic != "" {
		panic(out.Panic)
	}
	w.state = w.core.State
	changes, _ := ws.Changes()
	for _, c := range changes {
		w.note(c.After)
	}
	for _, p := range ws.People() {
		w.who = p
	}
	return out.Derived
}

// note notes a run that was changed. The first one is that of the flow in question.
func (w *world) note(r *engine.Run) {
	if w.run == nil || r.ID == w.run.ID {
		w.run = r
		return
	}
	w.calls = slices.DeleteFunc(slices.Clone(w.calls), func(o *engine.Run) bool { return o.ID == r.ID })
	if r.Live() {
		w.calls = append(w.calls, r)
	}
}

// runs are the live runs.
func (w *world) runs() []*engine.Run {
	if !w.live() {
		return nil
	}
	return append([]*engine.Run{w.run}, w.calls...)
}

func (w *world) event(kind string, data map[string]any, later time.Duration) *world {
	return w.eventBy(w.name, kind, data, later)
}

// eventBy is an event that names somebody; an empty name is nobody.
func (w *world) eventBy(who, kind string, data map[string]any, later time.Duration) *world {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	return w.apply(&engine.Input{Payload: &engine.Event{Type: kind, Profile: who, Data: raw}}, later)
}

func (w *world) result(outcome channels.Outcome) *world { return w.resultOf(w.run, outcome) }

func (w *world) resultOf(r *engine.Run, outcome channels.Outcome) *world {
	n := len(r.Messages)
	return w.apply(&engine.Input{Payload: &engine.SendResult{
		Run: r.ID, Message: n, Attempt: r.Message(n).Attempt, Result: channels.Result{Outcome: outcome, Reason: "no"},
	}}, 0)
}

func (w *world) receipt(message int, status channels.Status, later time.Duration) *world {
	return w.receiptOf(w.run, message, status, later)
}

func (w *world) receiptOf(r *engine.Run, message int, status channels.Status, later time.Duration) *world {
	return w.apply(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Status: status, Ref: channels.Ref{
		Installation: w.state.Installation.String(), Run: r.ID.String(), Message: message, Attempt: 1,
	}}}}, later)
}

// reply is a reply to the newest message that has gone out, so that a run keeps it for a later
// wait.
func (w *world) reply(text string, later time.Duration) *world {
	reply := channels.Reply{Profile: w.name, Text: text}
	for i := range w.run.Messages {
		if w.run.Messages[i].Attempt > 0 {
			reply.Answers = channels.Ref{Installation: w.state.Installation.String(), Run: w.run.ID.String(), Message: i + 1, Attempt: 1}
		}
	}
	return w.apply(&engine.Input{Payload: &engine.Reply{Reply: reply}}, later)
}

func (w *world) plan(plan string, later time.Duration) *world {
	set := fmt.Appendf(nil, `{"plan":%q}`, plan)
	return w.apply(&engine.Input{Payload: &engine.ProfileChange{Profile: w.name, Set: set}}, later)
}

// ring goes on to the next timer of the run.
func (w *world) ring() *world { return w.ringOf(w.run) }

func (w *world) ringOf(r *engine.Run) *world {
	return w.apply(&engine.Input{Payload: &engine.Timer{Due: r.Deadline, Run: r.ID}}, r.Deadline.Time().Sub(w.now))
}

func (w *world) live() bool { return w.run != nil && w.run.Live() }

// posted is how many messages have gone out.
func (w *world) posted() (n int) {
	for i := range w.run.Messages {
		if w.run.Messages[i].Attempt > 0 {
			n++
		}
	}
	return n
}

// postedBy is the steps of the messages that have gone out, in their order.
func (w *world) postedBy() (steps []string) {
	if w.run == nil {
		return nil
	}
	f := w.core.Flow(engine.FlowVersion{Flow: w.run.Flow, Version: w.run.Version})
	for i := range w.run.Messages {
		if m := &w.run.Messages[i]; m.Attempt > 0 {
			steps = append(steps, f.Steps[m.Step].ID)
		}
	}
	return steps
}

func (w *world) age() time.Duration { return w.now.Sub(w.begun) }

// as is the same world for another person, whom splits deal elsewhere. It must not have
// begun.
func (w *world) as(n int) *world {
	other := *w
	other.name = fmt.Sprintf("p%d", n)
	return &other
}
