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
		w.fail("a derived %s follows from nothing", in.Kind())
	}
	want := w.derived[0]
	w.derived, w.owed = w.derived[1:], max(0, w.owed-1)
	got := *in
	got.Derived, got.Elsewhere = 0, nil // the loop has looked around since
	if same := sameInput(want, &got); !same {
		w.fail("a derived %s is not the one that follows:\n got %s\nwant %s", in.Kind(), show(&got), show(want))
	}
}

func sameInput(a, b *engine.Input) bool {
	x, y := *a, *b
	switch p := a.Payload.(type) {
	case *engine.Event:
		q, ok := b.Payload.(*engine.Event)
		if !ok || p.Type != q.Type || p.Profile != q.Profile || !reflect.DeepEqual(object(p.Data), object(q.Data)) {
			return false
		}
		x.Payload, y.Payload = nil, nil
	case *engine.Call:
		q, ok := b.Payload.(*engine.Call)
		if !ok || !reflect.DeepEqual(object(p.Data), object(q.Data)) {
			return false
		}
		one, other := *p, *q
		one.Data, other.Data = nil, nil
		x.Payload, y.Payload = &one, &other
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
