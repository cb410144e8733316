package simtest

import (
	"encoding/json"
	"fmt"
	"time"

	"nudge/engine"
)

var everybody = []string{"ann", "bob", "cid", "dee", "eve", "fay", "gus"}

func personNamed(i int) string { return everybody[i] }

func (w *world) person() string { return personNamed(w.dice.IntN(w.people)) }

// clients send events for as long as the world is not calm.
func (w *world) clients() {
	if w.calm {
		return
	}
	inputs := []*engine.Input{w.happening()}
	for inputs[0].Kind() == engine.InputEvent && w.dice.IntN(6) == 0 { // the API takes events as an array
		inputs = append(inputs, w.event())
	}
	w.submit(inputs, 0)
	if w.example != nil && w.dice.IntN(15) == 0 {
		w.misspeak()
	}
	w.later(w.between(0, 2*w.config.events), w.clients)
}

// flood is a hundred events and more at once, all of one person.
func (w *world) flood() {
	ev := engine.Event{Type: pick(w.dice, "ping", "arrived"), Profile: w.person()}
	data := func() json.RawMessage { return w.order(false) }
	if x := w.example; x != nil {
		ev.Type = pick(w.dice, x.events...)
		data = func() json.RawMessage { return jsonOf(w.fields(x.shapes[ev.Type])) }
	}
	for range 6 {
		var inputs []*engine.Input
		for range 20 {
			one := ev
			one.Data = data()
			inputs = append(inputs, &engine.Input{Payload: &one})
		}
		w.submit(inputs, 0)
	}
}

// submit sends inputs until they are answered, or the client gives up.
func (w *world) submit(inputs []*engine.Input, tries int) {
	fresh := make([]*engine.Input, len(inputs))
	for i, in := range inputs {
		c := *in
		fresh[i] = &c
	}
	w.send(&delivery{inputs: fresh, told: func(answers []engine.Answer) {
		if answers == nil && tries < 6 && (inputs[0].ID != "" || w.dice.IntN(2) == 0) {
			w.later(time.Second<<(2*tries), func() { w.submit(inputs, tries+1) })
		}
	}})
	if w.chance(doubled, 0.1) && inputs[0].ID != "" {
		w.later(w.between(0, time.Hour), func() { w.submit(inputs, 6) })
	}
}

// happening is something a client has to say.
func (w *world) happening() *engine.Input {
	if w.example != nil {
		return w.saying()
	}
	switch w.dice.IntN(14) {
	case 0:
		return w.profileChange()
	case 1:
		return &engine.Input{ID: w.id(), Payload: &engine.Call{Flow: pick(w.dice, "one", "two", "inner", "none"),
			Profile: w.person(), By: "call", Data: w.order(true)}}
	}
	return w.event()
}

func (w *world) event() *engine.Input {
	if w.example != nil {
		return w.heard()
	}
	ev := &engine.Event{Type: pick(w.dice, "order", "order", "order", "order", "back", "arrived", "ping", "ping", "gone"), Profile: w.person()}
	ev.Data = w.order(ev.Type == "order")
	if w.dice.IntN(30) == 0 {
		ev.Data = []byte(`{"id":7}`) // breaks its shape, where it has one
	}
	w.alarm(ev)
	return &engine.Input{ID: w.id(), Payload: ev}
}

// id is an idempotency id, at times one that was used before.
func (w *world) id() string {
	switch w.dice.IntN(20) {
	case 0:
		return fmt.Sprint("id", w.dice.IntN(40))
	case 1, 2, 3, 4, 5:
		return w.unique("e")
	}
	return ""
}

// order is what events say; those that name one may say when it is due.
func (w *world) order(due bool) json.RawMessage {
	data := map[string]any{"id": fmt.Sprint("O", w.dice.IntN(5)), "total": w.dice.IntN(40)}
	if due && w.dice.IntN(2) == 0 {
		data["due"] = w.now.Add(w.between(-12*time.Hour, 48*time.Hour)).Truncate(time.Second).Format(time.RFC3339)
	}
	return jsonOf(data)
}

var attributes = []string{`{"plan":"pro"}`, `{"plan":"free"}`, `{"plan":null}`, `{"name":"N"}`, `{"name":null}`, `{"timezone":"Asia/Kathmandu"}`,
	`{"timezone":"America/New_York"}`, `{"timezone":"Australia/Lord_Howe"}`, `{"timezone":"Europe/London"}`, `{"timezone":"Nowhere/Land"}`, `{"timezone":null}`}

func (w *world) profileChange() *engine.Input {
	change := &engine.ProfileChange{Profile: w.person(), Set: []byte(pick(w.dice, attributes...)), Replace: w.dice.IntN(6) == 0}
	if rarer := w.authors.rarer; rarer != nil && rarer.IntN(6) == 0 {
		change.Set = []byte(`{"name":"{{later}}"}`)
	}
	if w.dice.IntN(5) == 0 {
		change.OptOuts = &[]string{"orders"}
	}
	if rarer := w.authors.rarer; rarer != nil && rarer.IntN(4) == 0 {
		change.OptOut, change.OptIn = pick(rarer, "orders", "", engine.OptOutAll), pick(rarer, "orders", "", "", engine.OptOutAll)
	}
	return &engine.Input{ID: w.id(), Payload: change}
}
