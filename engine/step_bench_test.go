package engine_test

import (
	"testing"
	"testing/fstest"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
)

// BenchmarkStep applies the three inputs of a run that sends and waits for Read: an event
// that starts the run, the result of its send, and the receipt that ends it. Each starts
// from the result of the one before. The benchmark includes the needs, the working set and
// the changes, but not the store.
func BenchmarkStep(b *testing.B) {
	core, err := engine.New(engine.State{Installation: engine.Installation{1}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	apply := func(b *testing.B, in *engine.Input, loaded ...*engine.Run) *engine.Run {
		var needs engine.Needs
		core.Needs(in, &needs)
		ws := engine.NewWorkingSet(&needs, &engine.Loaded{Runs: loaded})
		if out := core.Apply(ws, in, 1_772_445_600_000, engine.AnySlots(1)); out.Answer.Refused != nil {
			b.Fatal(out.Answer.Refused)
		}
		changes, _ := ws.Changes()
		if len(changes) == 0 {
			return nil
		}
		return changes[0].After
	}
	apply(b, &engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{followUp(b)}}})
	event := &engine.Input{Payload: &engine.Event{Type: "order.shipped", Profile: "u-1", Data: []byte(
		`{"name":"Ada","order":"A-1","date":"2026-11-22","carrier":"DHL","url":"https://example.org/t/1"}`)}}
	sending := apply(b, event)
	result := &engine.Input{Payload: &engine.SendResult{Run: sending.ID, Message: 1, Attempt: 1,
		Result: channels.Result{Outcome: channels.Accepted, ProviderID: "m-1"}}}
	waiting := apply(b, result, sending)
	receipt := &engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Status: channels.Read, ProviderID: "m-1",
		Ref: channels.Ref{Installation: engine.Installation{1}.String(), Run: sending.ID.String(), Message: 1, Attempt: 1}}}}
	for _, step := range []struct {
		name   string
		in     *engine.Input
		loaded []*engine.Run
		want   engine.RunStatus
	}{
		{"event", event, nil, engine.Sending},
		{"result", result, []*engine.Run{sending}, engine.Waiting},
		{"receipt", receipt, []*engine.Run{waiting}, engine.Ended},
	} {
		b.Run(step.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if r := apply(b, step.in, step.loaded...); r == nil || r.Status != step.want {
					b.Fatalf("the run is %+v, want it %s", r, step.want)
				}
			}
		})
	}
}

func followUp(b *testing.B) flows.Bundle {
	b.Helper()
	project, list := flows.Load(fstest.MapFS{
		"nudge.yaml": {Data: []byte("events:\n  order.shipped: { name: string, order: string, date: string, carrier: string, url: string }\n")},
		"flows/follow_up.yaml": {Data: []byte("flow: follow_up\ntrigger: { event: order.shipped }\nsteps:\n" +
			"  - send: shipped\n  - wait: [ { read: shipped }, { after: 1h } ]\n")},
		"templates/shipped.yaml": {Data: []byte(`body: "Hello {{ data.name }}, your order {{ data.order }} of {{ data.date }} is on its way with {{ data.carrier }}. Track it at {{ data.url }} - reply STOP to opt out."` + "\n")},
	})
	if list.HasErrors() {
		b.Fatal(list)
	}
	return project.Flows[0].Bundle
}
