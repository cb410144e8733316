package prove

import (
	"cmp"
	"fmt"
	"strings"

	"nudge/flows"
	"nudge/lang/shape"
)

// start begins the run: by its event where that would start it, else by a call.
func (w *writer) start(m Move) {
	for i := range w.f.Triggers {
		t := &w.f.Triggers[i]
		data := w.values(flows.NameEvent, w.f.EventShape(t.Event), m.Data)
		if t.To != nil {
			if field, ok := strings.CutPrefix(t.To.String(), flows.NameEvent+"."); ok {
				data[field] = w.person
			}
		}
		if t.Event == "" || t.Schedule != nil || !starts(t, data) {
			continue
		}
		w.line("      - event: %s", t.Event)
		w.line("        by: %s", w.person)
		w.data(data)
		return
	}
	data := w.values(flows.NameData, w.f.Data, m.Data)
	w.line("      - call: %s", w.f.Name)
	for i := range w.f.Triggers {
		if t := &w.f.Triggers[i]; t.Event != "" && t.Schedule != nil && t.Key != nil {
			field := strings.TrimPrefix(t.Key.String(), flows.NameEvent+".")
			w.line("        key: %s", quoted(fmt.Sprint(cmp.Or(data[field], "k1"))))
		}
	}
	w.data(data)
}

// starts reports whether the trigger's condition holds for an event with the data.
func starts(t *flows.Trigger, data map[string]any) bool {
	if t.If == nil {
		return true
	}
	ok, err := t.If.Bool(map[string]any{flows.NameEvent: data, flows.NameProfile: map[string]any{}, flows.NameNow: shape.TimeOf(storyStart)})
	return ok && err == nil
}
