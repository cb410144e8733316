package flows

import (
	"maps"
	"slices"

	"github.com/expr-lang/expr/ast"

	"nudge/lang/node"
	"nudge/lang/shape"
	"nudge/templates"
)

// ByClock reports whether the clock fires the schedule, and not an event.
func (s *Schedule) ByClock() bool { return s.Cron != nil || s.Every != nil || s.At != nil }

// RowShape returns the shape of what a row of the audience brings to a run of the flow. If an
// event fires the schedule, the rest of the run's data is the event's.
func (s *Schedule) RowShape(f *Flow) *shape.Type {
	if s.rows != nil {
		return s.rows
	}
	return f.Data
}

// eventAudience reads the people of a trigger with an event: it starts a run for each of them.
func (r *reader) eventAudience(m *node.Map, t *Trigger, event *shape.Type) {
	if m.Has("to") {
		m.Errorf("to", templates.CodeExclusive, "remove to, or remove audience", "the audience says who gets a run, so to has no effect")
	}
	s := &Schedule{Zone: r.flow.Zone, MaxDelay: r.duration(m.Get("max_delay"))}
	if audience := m.Get("audience"); !asksStoredPeople(audience) {
		s.rows = r.rows
	}
	r.crowd(m, s, event)
	t.Schedule = s
	t.If = r.expr(m.Get("if"), shape.MapOf(map[string]*shape.Type{
		NameEvent: event, NameData: r.flow.Data, NameProfile: r.profile, NameNow: shape.Moment,
	}), forCondition)
	t.IfOnce = t.If != nil && t.If.readsOnly(NameEvent)
}

// dataWithRows returns the data of a run that an event starts for a row: the event's, and what
// the row adds. They have no field in common.
func (r *reader) dataWithRows(event string, declared, own *shape.Type, data *node.Value) *shape.Type {
	r.rows = shape.OpenMap(nil)
	if own.Kind == shape.KindMap {
		r.rows = own
	}
	fields := maps.Clone(r.rows.Fields)
	if fields == nil {
		fields = map[string]*shape.Type{}
	}
	for _, name := range slices.Sorted(maps.Keys(declared.Fields)) {
		if fields[name] != nil {
			data.Map().Errorf(name, codeShapeConflict, "rename the field of the row, here and in the audience",
				"%s is a field of %s, and a row of the audience cannot have it too", name, event)
		}
		fields[name] = declared.Fields[name]
	}
	return &shape.Type{Kind: shape.KindMap, Fields: fields, Places: shape.Places(declared, r.rows), Open: declared.Open || declared.Kind != shape.KindMap || r.rows.Open}
}

// readsOnly reports whether an expression reads nothing but what is below a name of the scope.
// What the calendar says depends on where a person lives.
func (e *Expr) readsOnly(name string) bool {
	tree, err := parseExpr(e.String(), exprConfig())
	if err != nil {
		return false // it was compiled, so this cannot be
	}
	v := &onlyVisitor{name: name, only: true}
	ast.Walk(&tree.Node, v)
	return v.only
}

type onlyVisitor struct {
	name string
	only bool
}

// Visit looks for a name that is not the one.
func (v *onlyVisitor) Visit(n *ast.Node) {
	if id, ok := (*n).(*ast.IdentifierNode); ok && id.Value != v.name {
		f := functions[id.Value]
		v.only = v.only && f != nil && !f.zoned
	}
}
