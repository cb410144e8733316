package main

import (
	"fmt"
	"os"
	"testing"
	"time"

	"nudge/app"
	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/bolt"
)

// aWeek runs a shop for some days: twelve orders, of which every third is read.
func aWeek(t *testing.T, dir, dataDir string) {
	t.Helper()
	project, list := flows.Load(os.DirFS(dir))
	if list.HasErrors() {
		t.Fatal(list)
	}
	kv, err := bolt.Open(dataDir)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Create(kv, engine.Installation{1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	loop := runner.NewLoop(s, core, 100)
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	apply := func(in *engine.Input) (posts []engine.Post) {
		groups := []*runner.Group{}
		if in != nil {
			groups = append(groups, &runner.Group{Inputs: []*engine.Input{in}})
		}
		for again := true; again; groups = nil {
			step, err := loop.Step(now, groups)
			if err != nil {
				t.Fatal(err)
			}
			posts, again = append(posts, step.Posts...), step.Again
			for _, p := range step.Posts {
				if _, err := loop.Step(now, []*runner.Group{{Frees: 1, Inputs: []*engine.Input{{Payload: &engine.SendResult{
					Run: p.Run, Message: p.Message, Attempt: p.Attempt, Result: channels.Result{Outcome: channels.Accepted, ProviderID: "m"}}}}}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		return posts
	}
	apply(&engine.Input{Payload: &engine.Deploy{Flows: (&app.Project{Project: project}).Bundles()}})
	for i := range 12 {
		posts := apply(&engine.Input{Payload: &engine.Event{Type: "order.shipped",
			Profile: fmt.Sprint("customer", i), Data: fmt.Appendf(nil, `{"order_id":"O%d","total":%d}`, i, 10*i)}})
		now = now.Add(6 * time.Hour)
		if i%3 == 0 {
			for _, p := range posts {
				apply(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: p.Content.Ref, Status: channels.Read}}})
			}
		}
		apply(nil)
	}
}
