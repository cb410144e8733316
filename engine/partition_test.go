package engine_test

import (
	"testing"
	"testing/fstest"
	"time"

	"nudge/engine"
	"nudge/flows"
)

// TestMaxOwed holds that an event from outside is refused while a partition that it concerns has too much to take, and that
// nothing else is.
func TestMaxOwed(t *testing.T) {
	project, list := flows.Load(fstest.MapFS{"flows/f.yaml": {Data: []byte("flow: f\ntrigger: { event: told, to: event.to }\nsteps: [ { wait: 1h } ]\n")}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	f := project.Flows[0]
	apply := func(backlog uint64, in *engine.Input) engine.Applied {
		e, err := engine.New(engine.State{Partition: engine.Partition{Of: 2}, Owed: []uint64{0, 7 + backlog},
			Active: []engine.FlowVersion{{Flow: f.Name, Version: f.Version}}}, project.Flows)
		if err != nil {
			t.Fatal(err)
		}
		e.Delivered(1, 7)
		var needs engine.Needs
		e.Needs(in, &needs)
		return e.Apply(engine.NewWorkingSet(&needs, &engine.Loaded{}), in, engine.InstantOf(time.Unix(1, 0)), nil)
	}
	event := func(to string) *engine.Event {
		return &engine.Event{Type: "told", Profile: "ann", Data: []byte(`{"to":"` + to + `"}`)}
	}
	elsewhere := &engine.Input{Payload: event("bob")} // in the other partition
	out := apply(engine.MaxOwed-1, elsewhere)
	if !out.Taken || len(out.Owed) != 1 || out.Owed[0].To != 1 || out.Owed[0].Origin.Number != 7+engine.MaxOwed {
		t.Errorf("with a place left: %+v", out)
	}
	if out := apply(engine.MaxOwed, elsewhere); out.Taken || len(out.Owed) > 0 || out.Answer.Refused == nil || out.Answer.Refused.Why != engine.RefusedBusy {
		t.Errorf("without a place: %+v", out)
	}
	if out := apply(engine.MaxOwed, &engine.Input{Derived: 1, Payload: event("bob")}); !out.Taken || len(out.Owed) != 1 {
		t.Errorf("an event that follows from another: %+v", out)
	}
	if out := apply(engine.MaxOwed, &engine.Input{Payload: event("cid")}); !out.Taken || len(out.Owed) > 0 {
		t.Errorf("an event that concerns nobody else: %+v", out)
	}
}

// TestPace holds a campaign's share of a rate to that of its rows.
func TestPace(t *testing.T) {
	rate := flows.Rate{Messages: 100, Per: time.Second}
	for _, c := range []struct {
		rows, total, want int
	}{{1000, 0, 10}, {1000, 1000, 10}, {500, 1000, 5}, {1, 1000, 1}, {990, 1000, 9}} {
		if got := (&engine.Campaign{Rows: c.rows, Total: c.total}).Pace(rate); got != c.want {
			t.Errorf("%d of %d rows: %d at a time, want %d", c.rows, c.total, got, c.want)
		}
	}
}
