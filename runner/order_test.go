package runner_test

import (
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
)

// TestNobodyOvertakes shows that a message which waits for a sender gets the next free
// one, also when a timer that would send is applied in the same step, and that none is
// forgotten on the way.
func TestNobodyOvertakes(t *testing.T) {
	s, core := newStore(t)
	loop := runner.NewLoop(s, core, 1)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	var posts []engine.Post
	step := func(g ...*runner.Group) {
		t.Helper()
		done, err := loop.Step(now, g)
		if err != nil {
			t.Fatal(err)
		}
		posts = append(posts, done.Posts...)
	}
	group := func(in *engine.Input) *runner.Group { return &runner.Group{Inputs: []*engine.Input{in}} }
	accept := func(p engine.Post) *runner.Group {
		return &runner.Group{Frees: 1, Inputs: []*engine.Input{{Payload: &engine.SendResult{
			Run: p.Run, Message: p.Message, Attempt: p.Attempt, Result: channels.Result{Outcome: channels.Accepted, ProviderID: "m"}}}}}
	}
	project, list := flows.Load(fstest.MapFS{
		"flows/later.yaml":     {Data: []byte("flow: later\ntrigger: { event: later }\nsteps: [ { wait: 1h }, { send: hello } ]\n")},
		"flows/tell.yaml":      {Data: []byte("flow: tell\ntrigger: { event: told }\nsteps: [ { send: hello } ]\n")},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	step(group(&engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle, project.Flows[1].Bundle}}}))
	step(group(&engine.Input{Payload: &engine.Event{Type: "later", Profile: "cid"}}))
	step(group(told("ann")), group(told("bob")))
	step(accept(posts[0])) // ann's: the sender is free, and bob waits for it
	now = now.Add(time.Hour)
	step() // cid's timer is due in the step that claims for bob
	for len(posts) < 3 {
		n := len(posts)
		step(accept(posts[n-1]))
		step()
		if len(posts) == n {
			t.Fatalf("after %d posts nobody gets the free sender", n)
		}
	}
	var to []string
	for _, p := range posts {
		to = append(to, p.Content.To)
	}
	if want := []string{"ann", "bob", "cid"}; !slices.Equal(to, want) {
		t.Errorf("posts to %v, want %v", to, want)
	}
}
