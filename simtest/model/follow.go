package model

import (
	"encoding/json"

	"nudge/engine"
)

func (w *World) effect(r *Run, e effect) {
	p := w.personOf(r.profile)
	switch e.kind {
	case "attributes":
		p.known = e.known
	case "opted":
		p.optOuts = e.outs
	case "places":
		if p.places = e.places; len(p.places) == 0 {
			p.homes = nil
		}
	case "emit":
		w.derive(r, &engine.Input{Payload: &engine.Event{Type: e.name, Profile: r.profile, Data: jsonOf(e.data)}})
	case "call":
		call := &engine.Call{Flow: e.name, Profile: e.who, Key: e.key, By: r.flow.Name, Data: jsonOf(e.data)}
		if e.wait {
			call.Parent, call.Number = r.id, e.call
		}
		w.derive(r, &engine.Input{Payload: call})
	case "ask":
		w.asks = append(w.asks, e.ask)
		if w.beginning != nil {
			delete(w.beginning.open, r.id)
		}
	case "reached":
		w.Reached[e.name]++
	case "waits":
		if to := w.activeNamed(r.flow.Name); to != nil && to != e.flow && to.mayTake(e.place, e.tookDo) {
			w.Reached["taken over on coming to a wait"]++
			w.derive(r, &engine.Input{Payload: &engine.Move{Run: r.id, Version: to.Version}})
		}
	case "joined":
		r.campaign.lanes[e.at]++
		w.fired[r.campaign] = true
	case "let in":
		w.letIn(r)
	case "left out":
		w.Reached["left out: "+e.name]++
		r.campaign.left[e.name]++
		r.campaign.members[r.profile] = nil
	case "ended":
		w.afterEnd(r, e.left)
	}
}

func jsonOf(data map[string]any) json.RawMessage {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	return raw
}

// derive notes what must come next, unless too many causes led here.
func (w *World) derive(r *Run, in *engine.Input) {
	if in.Kind() == engine.InputDequeue { // what waits in a queue is no cause of what waits behind it
		w.follows(in)
		return
	}
	in.Depth = max(w.in.Depth, r.depth) + 1
	if in.Kind() == engine.InputChildEnded { // it starts nothing, and how the child began is no cause of its end
		in.Depth = min(w.in.Depth+1, engine.MaxDepth)
	}
	if in.Depth > engine.MaxDepth {
		w.Reached["depth limit"]++
		return
	}
	w.follows(in)
}
