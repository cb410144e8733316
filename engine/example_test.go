package engine_test

import (
	"fmt"
	"testing/fstest"
	"time"

	"nudge/engine"
	"nudge/flows"
)

// Applying an input needs no server and no store: load what the input needs, apply it, and
// read the changes and effects.
func ExampleEngine_Apply() {
	project, problems := flows.Load(fstest.MapFS{
		"flows/welcome.yaml":     {Data: []byte("flow: welcome\ntrigger: { event: user.signed_up }\ndata: { name: string }\nsteps:\n  - send: welcome\n  - wait: 1d\n")},
		"templates/welcome.yaml": {Data: []byte("body: \"Hello {{ data.name }}\"\n")},
	})
	if problems.HasErrors() {
		fmt.Println(problems)
		return
	}
	core, err := engine.New(engine.State{Installation: engine.Installation{1}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	now := engine.InstantOf(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
	for _, in := range []*engine.Input{
		{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}},
		{Payload: &engine.Event{Type: "user.signed_up", Profile: "ann", Data: []byte(`{"name":"Ann"}`)}},
	} {
		var needs engine.Needs
		core.Needs(in, &needs)
		ws := engine.NewWorkingSet(&needs, &engine.Loaded{}) // an empty store has nothing to load
		out := core.Apply(ws, in, now, engine.AnySlots(10))
		fmt.Printf("%s: %s %s\n", in.Kind(), out.Answer.Decisions[0].Action, out.Answer.Decisions[0].Flow)
		for _, post := range out.Posts {
			fmt.Printf("to send to %s: %s\n", post.Content.To, post.Content.Body)
		}
		changes, _ := ws.Changes()
		for _, c := range changes {
			for _, e := range c.After.Timeline {
				fmt.Printf("%s  %s\n", e.At, engine.Describe(project.Flows[0], e))
			}
		}
	}
	// Output:
	// deploy: deployed welcome
	// event: started welcome
	// to send to ann: Hello Ann
	// 2026-03-02T10:00:00.000Z  started by user.signed_up
	// 2026-03-02T10:00:00.000Z  welcome handed to the channel
}
