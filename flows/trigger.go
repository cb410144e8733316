package flows

import (
	"nudge/flows/node"
	"nudge/flows/shape"
)

// readTriggers reads one trigger or a list of them.
func (r *reader) readTriggers(m *node.Map, v *node.Value) {
	if v == nil {
		m.Errorf("trigger", CodeMissingKey, "for example trigger: { event: order.shipped, key: event.order_id }",
			"the flow has no trigger")
		return
	}
	for _, v := range oneOrMore(v) {
		if m := v.Map(); m != nil {
			r.readTrigger(m)
		}
	}
}

func (r *reader) readTrigger(m *node.Map) {
	t := m.Text("event")
	if !m.Has("event") {
		m.Errorf("event", CodeMissingKey, "for example event: order.shipped", "the trigger names no event")
	}
	ok := checkEvent(t, r.list)
	event := shape.Any
	trigger := Trigger{}
	if ok {
		trigger.Event, event = t.Value, r.eventShape(t.Value)
	}
	only := shape.MapOf(map[string]*shape.Type{NameEvent: event})
	trigger.Key = r.expr(m.Get("key"), only, forText)
	trigger.To = r.expr(m.Get("to"), only, forPeople)
	trigger.If = r.expr(m.Get("if"), shape.MapOf(map[string]*shape.Type{
		NameEvent: event, NameProfile: r.profile(), NameNow: shape.Moment,
	}), forCondition)
	r.keyed = r.keyed || m.Has("key")
	m.Close()
	if ok {
		r.flow.Triggers = append(r.flow.Triggers, trigger)
	}
}

// readData finds out what a run starts with: for each trigger what its event
// declares together with the flow's own data, and of several triggers what they
// have in common. It does so before anything else, because all expressions see it.
func (r *reader) readData(triggers, data *node.Value) {
	own := shape.Any
	if data != nil && data.Map() != nil {
		own = shape.Parse(data)
	}
	var all *shape.Type
	for _, v := range oneOrMore(triggers) {
		if !v.IsMap() || !v.Map().Get("event").IsText() {
			continue
		}
		t := v.Map().Text("event")
		declared := r.project.Events[t.Value]
		if declared == nil {
			declared = shape.Any
		}
		both, conflict := shape.Both(declared, own)
		if conflict != "" {
			data.Errorf(CodeShapeConflict, "leave it out here, or make the two agree",
				"data contradicts what nudge.yaml declares for %s, at %s", t.Value, conflict)
			both = declared
		}
		r.shapes[t.Value] = both
		if all == nil {
			all = both
			continue
		}
		if all, conflict = shape.Either(all, both); conflict != "" {
			r.list.Errorf(t.Span, CodeShapeConflict, "write a flow for each",
				"the data of %s contradicts that of the trigger before it, at %s", t.Value, conflict)
			all = both
		}
	}
	if all == nil {
		all = own
	}
	if all.Kind != shape.KindMap {
		all = shape.OpenMap(nil)
	}
	r.flow.Data = all
}

// eventShape is what is known of the data of an event.
func (r *reader) eventShape(event string) *shape.Type {
	if t := r.shapes[event]; t != nil {
		return t
	}
	if t := r.project.Events[event]; t != nil {
		return t
	}
	return shape.Any
}

// expr compiles the expression of a key, or is nil when the key is absent.
func (r *reader) expr(v *node.Value, scope *shape.Type, want purpose) *Expr {
	t := v.Text()
	if t == nil {
		return nil
	}
	e, _ := compileExpr(t, 0, scope, want, r.list)
	return e
}

// oneOrMore is the items of a list, or the value itself where it is no list.
func oneOrMore(v *node.Value) []*node.Value {
	switch {
	case v == nil:
		return nil
	case v.IsList():
		return v.List()
	}
	return []*node.Value{v}
}
