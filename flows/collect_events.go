package flows

import (
	"maps"
	"slices"
	"strings"

	"nudge/lang/node"
	"nudge/lang/shape"
)

// Hears returns the types of events that a collect gathers, and those by which it gives items
// back.
func (c *Collect) Hears() []string { return slices.Concat(c.Events, c.Remove) }

// collectEvents reads the types of the events that a collect gathers and of those that take
// items back, with the key of all. It returns the shape of what is gathered and of any of them.
func (r *reader) collectEvents(m *node.Map, c *Collect) (item, any *shape.Type) {
	if !m.Has("event") {
		m.Errorf("event", CodeMissingKey, "for example event: comment.created", "this collect needs an event")
	}
	c.Events, c.Remove = r.eventTypes(m.Get("event")), r.eventTypes(m.Get("remove"))
	if len(c.Remove) > 0 && !m.Has("unique") {
		m.Errorf("remove", CodeMissingKey, "add unique, for example unique: event.comment_id",
			"%s cannot say which item to take back: this collect has no unique", strings.Join(c.Remove, " and "))
	}
	for _, event := range c.Remove {
		if slices.Contains(c.Events, event) {
			m.Errorf("remove", codeBadValue, "remove it from event or from remove", "%s cannot both be an item and take one back", event)
		}
	}
	for _, event := range c.Events {
		item = either(item, r.eventShape(event))
	}
	any = item
	for _, event := range c.Remove {
		any = either(any, r.eventShape(event))
	}
	if item == nil {
		item, any = shape.Any, shape.Any
	}
	c.Key = r.collectKey(m, c, any)
	return item, any
}

// eventTypes reads one type of event or a list of them.
func (r *reader) eventTypes(v *node.Value) (types []string) {
	for _, item := range oneOrMore(v) {
		t := item.Text()
		if !checkEvent(t, r.list) {
			continue
		}
		r.heard = append(r.heard, t)
		if slices.Contains(types, t.Value) {
			r.list.Errorf(t.Span, codeBadValue, "remove it", "duplicate type %q in this list", t.Value)
			continue
		}
		types = append(types, t.Value)
	}
	return types
}

// collectKey reads the key, which holds for events of all types.
func (r *reader) collectKey(m *node.Map, c *Collect, event *shape.Type) *Expr {
	v := m.Get("key")
	switch {
	case v == nil && r.keyed && len(c.Events) > 0:
		m.Errorf("event", CodeMissingKey,
			"add the key that finds its run, for example key: "+r.keyHint()+"; key: any means every run of the person",
			"%s has no key, so it would affect every run of the person", c.Events[0])
	case v.IsText() && v.Str() == "any":
	case v != nil:
		return r.expr(v, shape.MapOf(map[string]*shape.Type{NameEvent: event}), forText)
	}
	return nil
}

// itemShape is the shape of an item: the data of its event. With several types, an item also
// has the field event, its type.
func (r *reader) itemShape(m *node.Map, c *Collect, data *shape.Type) *shape.Type {
	if len(c.Events) < 2 {
		return data
	}
	for _, event := range c.Events {
		if t := r.eventShape(event); t != nil && t.Fields[NameEvent] != nil {
			m.Errorf("event", codeShapeConflict, "rename the field of "+event,
				"an item of several types has the field event, its type, and %s has a field of that name", event)
			return data
		}
	}
	fields := maps.Clone(data.Fields)
	if fields == nil {
		fields = map[string]*shape.Type{}
	}
	fields[NameEvent] = shape.OneOf(c.Events...)
	return &shape.Type{Kind: shape.KindMap, Fields: fields, Places: data.Places, Open: data.Open || data.Kind != shape.KindMap}
}

// markGathered finds the lone conditions that read what their collect has gathered. They are
// asked only when that changes, so that a count of nothing does not end a collect that begins.
func markGathered(lines []Line, id string) {
	for i := range lines {
		if line := &lines[i]; line.Signal == SignalIf && line.If != nil {
			line.Gathered = slices.ContainsFunc(line.If.Read().Paths(), func(path string) bool {
				return path == id || strings.HasPrefix(path, id+".items") || strings.HasPrefix(path, id+".count")
			})
		}
	}
}
