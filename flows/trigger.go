package flows

import (
	"strings"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// starts are the keys of a trigger that start a run.
var starts = []string{"event", "reply", "cron", "every", "at"}

// readTriggers reads one trigger or a list. A flow without a trigger is started by calls.
func (r *reader) readTriggers(v *node.Value) {
	items := oneOrMore(v)
	if len(items) > MaxLines {
		v.Errorf(codeTooMany, "", "%d triggers; the limit is %d", len(items), MaxLines)
		return
	}
	for _, item := range items {
		if m := item.Map(); m != nil {
			r.readTrigger(m)
		}
	}
}

func (r *reader) readTrigger(m *node.Map) {
	var found []string
	for _, key := range starts {
		if m.Has(key) {
			found = append(found, key)
		}
	}
	switch {
	case len(found) > 1:
		m.Value().Errorf(codeSignal, "split it into two triggers", "a trigger has one of %s; this one has %s",
			strings.Join(starts, ", "), strings.Join(found, " and "))
	case len(found) == 0 && nearKey(m, starts, "key", "to", "if"):
		m.Close() // the unknown key says it better
	case len(found) == 0:
		m.Value().Errorf(CodeMissingKey, "for example event: order.shipped", "this trigger needs one of event, reply, cron, every and at")
	default:
		r.flow.Triggers = append(r.flow.Triggers, r.triggerBy(found[0], m))
		m.Close()
	}
}

func (r *reader) triggerBy(start string, m *node.Map) Trigger {
	switch start {
	case "event":
		return r.eventTrigger(m)
	case "reply":
		return r.replyTrigger(m)
	}
	return r.clockTrigger(start, m)
}

func (r *reader) eventTrigger(m *node.Map) Trigger {
	trigger, event := Trigger{}, shape.Any
	if t := m.Text("event"); checkEvent(t, r.list) {
		trigger.Event, event = t.Value, r.eventShape(t.Value)
		r.heard = append(r.heard, t)
	}
	only := shape.MapOf(map[string]*shape.Type{NameEvent: event})
	trigger.Key = r.expr(m.Get("key"), only, forText)
	trigger.To = r.expr(m.Get("to"), only, forPeople)
	r.keyed = r.keyed || m.Has("key")
	if m.Has("audience") {
		r.eventAudience(m, &trigger, event)
		return trigger
	}
	trigger.If = r.triggerIf(m, NameEvent, event)
	return trigger
}

func (r *reader) replyTrigger(m *node.Map) Trigger {
	if t := m.Text("reply"); t != nil && t.Value != "any" {
		r.list.Errorf(t.Span, codeBadValue, "write reply: any, and select replies with if:",
			"reply in a trigger must be any, not %q", t.Value)
	}
	return Trigger{Reply: true, BeforeWaits: m.Bool("before_waits"), If: r.triggerIf(m, NameReply, replyShape)}
}

// triggerIf reads the condition of a trigger. It can use the event or reply that starts the
// run.
func (r *reader) triggerIf(m *node.Map, name string, t *shape.Type) *Expr {
	return r.expr(m.Get("if"), shape.MapOf(map[string]*shape.Type{
		name: t, NameProfile: r.profile, NameNow: shape.Moment,
	}), forCondition)
}

// readData determines the data of a run: for each trigger the shape of its event together
// with the flow's own data; for several triggers, what fits all of them. It runs first,
// because all expressions use the data.
func (r *reader) readData(triggers, data *node.Value) {
	own := shape.Any
	if data != nil && data.Map() != nil {
		own = shape.Parse(data)
	}
	var all *shape.Type
	for _, v := range oneOrMore(triggers) {
		if !v.IsMap() {
			continue
		}
		t, at := r.dataOf(v.Map(), own, data)
		if t == nil {
			continue
		}
		if all == nil {
			all = t
			continue
		}
		var conflict string
		if all, conflict = shape.Either(all, t); conflict != "" {
			r.list.Errorf(at, codeShapeConflict, "write one flow for each trigger",
				"the data of this trigger conflicts with the data of the trigger before it, at %s", conflict)
			all = t
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

// dataOf returns the data that one trigger provides, or nil after a mistake. A reply
// provides none. A schedule provides the fields of its audience; stored profiles provide
// none, but a call of the flow may.
func (r *reader) dataOf(m *node.Map, own *shape.Type, data *node.Value) (*shape.Type, diag.Span) {
	v := m.Get("event")
	switch {
	case m.Has("reply"):
		return shape.MapOf(nil), m.Get("reply").Span()
	case !m.Has("event") && own.Kind == shape.KindMap && asksStoredPeople(m.Get("audience")):
		return optional(own), m.Span()
	case !m.Has("event") && own.Kind == shape.KindMap:
		return own, m.Span()
	case !m.Has("event"):
		return shape.OpenMap(nil), m.Span()
	case !v.IsText():
		return nil, diag.Span{}
	}
	t := v.Text()
	declared := r.project.Events[t.Value]
	if declared == nil {
		declared = shape.Any
	}
	if audience := m.Get("audience"); audience != nil && !asksStoredPeople(audience) {
		r.shapes[t.Value] = declared
		return r.dataWithRows(t.Value, declared, own, data), t.Span
	}
	both, conflict := shape.Both(declared, own)
	if conflict != "" {
		data.Errorf(codeShapeConflict, "remove it here, or make both agree",
			"data conflicts with the shape of %s in nudge.yaml, at %s", t.Value, conflict)
		both = declared
	}
	r.shapes[t.Value] = both
	return both, t.Span
}

func asksStoredPeople(audience *node.Value) bool {
	return audience != nil && audience.IsMap() && audience.Map().Has("if")
}

// optional returns a map's type with every field optional.
func optional(t *shape.Type) *shape.Type {
	loose := *t
	loose.Fields = make(map[string]*shape.Type, len(t.Fields))
	for name, field := range t.Fields {
		loose.Fields[name] = field.OrNil()
	}
	return &loose
}

// eventShape returns the known shape of an event's data.
func (r *reader) eventShape(event string) *shape.Type {
	if t := r.shapes[event]; t != nil {
		return t
	}
	if t := r.project.Events[event]; t != nil {
		return t
	}
	return shape.Any
}

// expr compiles the expression of a key; nil if the key is absent.
func (r *reader) expr(v *node.Value, scope *shape.Type, want purpose) *Expr {
	if v.IsMap() {
		if keys := v.Map().Keys(); len(keys) == 1 && v.Map().Get(keys[0].Value).IsEmpty() {
			v.Errorf(codeBadExpression, "write "+keys[0].Value+" without braces", "an expression does not stand inside { }")
			return nil
		}
	}
	t := v.Text()
	if t == nil {
		return nil
	}
	e, _ := compileExpr(t, 0, scope, r.home(), want, r.list)
	return e
}

// oneOrMore returns the items of a list, or the value itself if it is not a list.
func oneOrMore(v *node.Value) []*node.Value {
	switch {
	case v == nil:
		return nil
	case v.IsList():
		return v.List()
	}
	return []*node.Value{v}
}
