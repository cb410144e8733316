package simtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"nudge/engine"
	"nudge/lang/shape"
)

// saying is something that a client has to say to an example.
func (w *world) saying() *engine.Input {
	x := w.example
	switch w.dice.IntN(14) {
	case 0:
		return w.attributeOf(x)
	case 1:
		flow := x.project.Flow(pick(w.dice, x.flows...))
		return &engine.Input{ID: w.id(), Payload: &engine.Call{Flow: flow.Name, Profile: w.person(), By: "call",
			Data: jsonOf(w.fields(flow.Data))}}
	}
	return w.heard()
}

// heard is an event that a flow of the example listens to.
func (w *world) heard() *engine.Input {
	event := pick(w.dice, w.example.events...)
	return &engine.Input{ID: w.id(),
		Payload: &engine.Event{Type: event, Profile: w.person(), Data: jsonOf(w.fields(w.example.shapes[event]))}}
}

// attributeOf changes what is known of a person, in the words that the project declares.
func (w *world) attributeOf(x *example) *engine.Input {
	in := w.profileChange()
	change := in.Payload.(*engine.ProfileChange)
	if names := slices.Sorted(maps.Keys(x.project.Categories)); change.OptOuts != nil && len(names) > 0 {
		change.OptOuts = &[]string{pick(w.dice, names...)}
	}
	if p := x.project.Profile; p != nil && len(p.Fields) > 0 && w.dice.IntN(2) == 0 {
		name := pick(w.dice, p.Names()...)
		change.Set = jsonOf(map[string]any{name: w.value(name, p.Fields[name])})
	}
	return in
}

// misspeak sends an event of which a field is missing or is something else. Nobody has
// any use for it, and the sender must be told so.
func (w *world) misspeak() {
	event := pick(w.dice, w.example.events...)
	early := slices.ContainsFunc(w.parts, func(p *process) bool { return p.model.Active() == 0 }) // the deploy is still to come there
	if !w.example.declared[event] || early {
		return
	}
	known := w.example.shapes[event]
	data := w.fields(known)
	name := pick(w.dice, slices.Sorted(maps.Keys(known.Fields))...)
	switch t := known.Fields[name]; {
	case t.Kind == shape.KindAny:
		return
	case !t.Optional && w.dice.IntN(2) == 0:
		delete(data, name)
	default:
		data[name] = true
		if t.Kind == shape.KindBoolean {
			data[name] = "true"
		}
	}
	ev := &engine.Event{Type: event, Profile: w.person(), Data: jsonOf(data)}
	in := &engine.Input{Payload: ev}
	w.send(&delivery{inputs: []*engine.Input{in}, told: func(answers []engine.Answer) {
		switch {
		case answers == nil:
		case answers[0].Refused == nil:
			w.err = broken("I14", "a %s whose %s breaks its shape was taken: %s", event, name, ev.Data)
		default:
			w.reached["an event that breaks its example's shape"]++
		}
	}})
}

// fields is a value of a map's shape; what is optional may be absent.
func (w *world) fields(t *shape.Type) map[string]any {
	data := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(t.Fields)) {
		if f := t.Fields[name]; !f.Optional || w.dice.IntN(2) == 0 {
			data[name] = w.value(name, f)
		}
	}
	return data
}

// value is a value of a shape. Texts come from the few orders and people there are, so that
// keys meet.
func (w *world) value(name string, t *shape.Type) any {
	switch t.Kind {
	case shape.KindNumber:
		return float64(w.dice.IntN(80)) / 2
	case shape.KindBoolean:
		return w.dice.IntN(2) == 0
	case shape.KindTime:
		return w.now.Add(w.between(-12*time.Hour, 48*time.Hour)).Truncate(time.Second).Format(time.RFC3339)
	case shape.KindDate:
		return w.now.Add(w.between(-48*time.Hour, 96*time.Hour)).Format(time.DateOnly)
	case shape.KindList:
		items := []any{}
		for range w.dice.IntN(4) {
			items = append(items, w.value(name, t.Elem))
		}
		return items
	case shape.KindMap:
		return w.fields(t)
	}
	switch {
	case len(t.Words) > 0:
		return pick(w.dice, t.Words...)
	case name == "currency": // money refuses a code that no currency has
		return pick(w.dice, "EUR", "JPY", "KWD", "USD")
	case w.example.named[name], w.dice.IntN(4) == 0:
		return w.person()
	}
	return fmt.Sprint("O", w.dice.IntN(4))
}

// jsonOf is a value as JSON.
func jsonOf(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
