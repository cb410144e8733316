package flows

import (
	"strings"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// set reads variables and fields of the profile, sorted by name. All values are computed
// before the first one is stored, so their order in the file does not matter.
func (r *reader) set(v *node.Value, at int, k *typeEnv) {
	scope := k.scope()
	var set []written
	for _, e := range v.Map().Entries() {
		w := written{key: e.Key, at: e.Value.Span()}
		w.Name, w.Profile = strings.CutPrefix(e.Key.Value, NameProfile+".")
		if !w.Profile && !checkName(e.Key, "a variable", r.list) {
			continue
		}
		w.Value, w.kind = r.value(e.Value, scope)
		if w.Profile {
			r.checkProfile(w)
		}
		set = append(set, w)
	}
	sortWritten(set)
	for _, w := range set {
		if t := stored(w.kind); !w.Profile {
			if r.flow.Steps[at].If == nil {
				k.vars[w.Name] = t
			} else {
				k.maySet(w.Name, t)
			}
			r.vars[w.Name] = either(r.vars[w.Name], t)
		}
	}
	r.flow.Steps[at].Set = assignments(set)
}

// checkProfile checks that the project declares the field of the profile and that the new
// value fits.
func (r *reader) checkProfile(w written) {
	declared := r.project.Profile
	t, ok := declared.Field(w.Name)
	switch {
	case w.Name == "id" || w.Name == "timezone" || strings.Contains(w.Name, "."):
		r.list.Errorf(w.key.Span, codeUnknownField, "", "a flow cannot set %s", w.key.Value)
	case !ok:
		r.list.Errorf(w.key.Span, codeUnknownField, diag.DidYouMean(w.Name, declared.Names(), "It has"),
			"profile has no field %q", w.Name)
	default:
		w.check(t, w.key.Value, r.list)
	}
}

// value reads a literal, or an expression if the text begins with =. The type is nil after
// a mistake.
func (r *reader) value(v *node.Value, scope *shape.Type) (Value, *shape.Type) {
	t := v.Text()
	if t == nil {
		return Value{}, nil
	}
	if rest, ok := strings.CutPrefix(t.Value, "="); ok {
		offset := len(t.Value) - len(strings.TrimLeft(rest, " "))
		e, kind := compileExpr(t, offset, scope, r.home(), forValue, r.list)
		return Value{Expr: e}, kind
	}
	if strings.Contains(t.Value, "{{") {
		r.list.Warnf(t.Span, codeBadExpression, "write = "+node.WithoutBraces(t.Value)+" to compute the value", "a value is not a template, so {{ stays in this text")
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

// stored returns the type of a variable, which is that of its value; any after a mistake.
func stored(t *shape.Type) *shape.Type {
	if t == nil {
		return shape.Any
	}
	return t
}

// exit reads an exit step: an outcome, or an outcome and whether it is a goal.
func (r *reader) exit(v *node.Value) *Exit {
	if !v.IsMap() {
		name, _ := r.outcome(v.Text(), reservedEnds...)
		return &Exit{As: name}
	}
	m := v.Map()
	e := &Exit{As: defaultExit, Goal: m.Bool("goal")}
	if name, ok := r.outcome(m.Text("as"), reservedEnds...); ok {
		e.As = name
	}
	m.Close()
	return e
}

// defaultExit is the outcome of an exit without a name.
const defaultExit = "exited"
