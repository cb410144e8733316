package flows

import (
	"slices"
	"strings"

	"nudge/flows/node"
	"nudge/flows/shape"
)

// set reads variables, sorted by name: all values are read before the first one is
// written, so their order in the file means nothing.
func (r *reader) set(v *node.Value, at int, k *known) {
	scope := k.scope()
	var set []Assignment
	types := map[string]*shape.Type{}
	for _, e := range v.Map().Entries() {
		if !checkName(e.Key, "a variable", r.list) {
			continue
		}
		value, t := r.value(e.Value, scope)
		set = append(set, Assignment{Name: e.Key.Value, Value: value})
		types[e.Key.Value] = t
	}
	slices.SortFunc(set, func(a, b Assignment) int { return strings.Compare(a.Name, b.Name) })
	for name, t := range types {
		k.setVar(name, t)
		r.vars[name] = either(r.vars[name], t)
	}
	r.flow.Steps[at].Set = set
}

// value reads a literal, or an expression where the text begins with "=".
func (r *reader) value(v *node.Value, scope *shape.Type) (Value, *shape.Type) {
	if v.IsEmpty() {
		v.Text()
		return Value{}, shape.Any
	}
	t := v.Text()
	if t == nil {
		return Value{}, shape.Any
	}
	if rest, ok := strings.CutPrefix(t.Value, "="); ok {
		offset := len(t.Value) - len(strings.TrimLeft(rest, " "))
		e, kind := compileExpr(t, offset, scope, forValue, r.list)
		if kind == nil {
			return Value{}, shape.Any
		}
		return Value{Expr: e}, stored(kind)
	}
	literal := v.Literal()
	switch literal.(type) {
	case bool:
		return Value{Literal: literal}, shape.Boolean
	case int, float64:
		return Value{Literal: literal}, shape.Number
	}
	return Value{Literal: literal}, shape.String
}

// stored is the type of a value after it was kept with the run, as JSON: an instant
// has become its text.
func stored(t *shape.Type) *shape.Type {
	switch t.Kind {
	case shape.KindTime:
		return shape.String
	case shape.KindList, shape.KindMap:
		return shape.Any
	}
	return t
}

// exit reads how a run ends: a name, or a name and whether that is a success.
func (r *reader) exit(v *node.Value) *Exit {
	if !v.IsMap() {
		t := v.Text()
		if !checkName(t, "an outcome", r.list) {
			return &Exit{}
		}
		return &Exit{As: t.Value}
	}
	m := v.Map()
	e := &Exit{As: defaultExit, Goal: m.Bool("goal")}
	if t := m.Text("as"); checkName(t, "an outcome", r.list) {
		e.As = t.Value
	}
	m.Close()
	return e
}

// defaultExit is how a run ends that leaves by an exit without a name.
const defaultExit = "exited"
