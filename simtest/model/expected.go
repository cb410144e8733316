package model

import (
	"bytes"
	"encoding/json"
	"reflect"

	"nudge/engine"
)

// expected takes the derived input that must come next.
func (w *World) expected(in *engine.Input) {
	if len(w.derived) == 0 {
		w.fail("a derived %s follows from nothing", in.Kind)
	}
	want := w.derived[0]
	w.derived, w.owed = w.derived[1:], max(0, w.owed-1)
	got := *in
	got.Derived = 0
	if same := sameInput(want, &got); !same {
		w.fail("a derived %s is not the one that follows:\n got %s\nwant %s", in.Kind, show(&got), show(want))
	}
}

func sameInput(a, b *engine.Input) bool {
	x, y := *a, *b
	if a.Kind == engine.InputEvent && b.Kind == engine.InputEvent {
		if a.Event.Type != b.Event.Type || a.Event.Profile != b.Event.Profile || !reflect.DeepEqual(object(a.Event.Data), object(b.Event.Data)) {
			return false
		}
		x.Event, y.Event = nil, nil
	}
	if a.Kind == engine.InputCall && b.Kind == engine.InputCall {
		p, q := *a.Call, *b.Call
		if !reflect.DeepEqual(object(p.Data), object(q.Data)) {
			return false
		}
		p.Data, q.Data = nil, nil
		x.Call, y.Call = &p, &q
	}
	return reflect.DeepEqual(x, y)
}

func show(in *engine.Input) string {
	text, err := json.Marshal(in)
	if err != nil {
		return err.Error()
	}
	return string(bytes.ReplaceAll(text, []byte(`null`), []byte(`-`)))
}
