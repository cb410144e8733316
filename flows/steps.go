package flows

import (
	"slices"
	"strings"

	"nudge/flows/diag"
	"nudge/flows/node"
	"nudge/flows/shape"
)

// joint is a place of the program that is still to be told where it leads.
type joint func(target int)

func connect(joints []joint, target int) {
	for _, j := range joints {
		j(target)
	}
}

// readSteps reads the steps of the flow and answers what is known at its end.
func (r *reader) readSteps(m *node.Map) *known {
	k := r.start()
	v := m.Get("steps")
	if v == nil {
		m.Errorf("steps", CodeMissingKey, "for example steps: [ { send: welcome } ]", "the flow has no steps")
		return k
	}
	r.outline(v)
	if len(r.heads) > MaxSteps {
		v.Errorf(CodeTooMany, "", "%d steps; %d are allowed", len(r.heads), MaxSteps)
		return k
	}
	joints, _ := r.block(v, "steps", k)
	connect(joints, End)
	return k
}

// block reads a list of steps and appends them to the program. What leads out of it
// is left to the caller; ends says that nothing does. What is known grows.
func (r *reader) block(v *node.Value, name string, k *known) (joints []joint, ends bool) {
	items := v.List()
	if len(items) == 0 && v.IsList() {
		v.Errorf(CodeEmptySteps, "leave it out", "%s has no step", name)
	}
	for _, item := range items {
		m := item.Map()
		if m == nil {
			continue
		}
		if ends {
			item.Warnf(CodeUnreachable, "", "nothing leads to this step: what stands before it always exits")
			ends = false
		}
		at := len(r.flow.Steps)
		connect(joints, at)
		joints, ends = r.step(m, at, k)
	}
	return joints, ends
}

// step reads one step and what is inside of it.
func (r *reader) step(m *node.Map, at int, k *known) (joints []joint, ends bool) {
	h := r.heads[r.next]
	r.next++
	r.checkID(m, h)
	r.flow.Steps = append(r.flow.Steps, Step{ID: h.id, Verb: h.verb, Span: m.Span(), Next: End})
	condition := r.expr(m.Get("if"), k.scope(), forCondition)
	r.flow.Steps[at].If = condition
	joints = []joint{func(target int) { r.flow.Steps[at].Next = target }}

	verb := r.verb(m)
	for _, v := range verbs {
		m.Allow(v.name)
	}
	m.Close()
	var inner []joint
	switch verb {
	case VerbSend:
		r.send(m.Get("send"), at, k)
	case VerbWait:
		inner, ends = r.wait(m.Get("wait"), at, k)
	case VerbBranch:
		inner, ends = r.branch(m.Get("branch"), at, k)
	case VerbSet:
		r.set(m.Get("set"), at, k)
	case VerbExit:
		r.flow.Steps[at].Exit, ends = r.exit(m.Get("exit")), true
	}
	if verb == VerbSend {
		k.sends[h.id] = at
		k.names[h.id] = sendShape
	}
	return append(joints, inner...), ends && !m.Has("if")
}

// verb is what the step does; exactly one verb must stand in it.
func (r *reader) verb(m *node.Map) Verb {
	var found []string
	var verb Verb
	for _, v := range verbs {
		if m.Has(v.name) {
			found, verb = append(found, v.name), v.verb
		}
	}
	if len(found) == 1 {
		return verb
	}
	if len(found) > 1 {
		m.Value().Errorf(CodeVerb, "make it two steps", "a step has one verb; this one has %s", strings.Join(found, " and "))
		return 0
	}
	var names []string
	for _, v := range verbs {
		names = append(names, v.name)
	}
	for _, key := range m.Keys() {
		if near := diag.Nearest(key.Value, names); near != "" && key.Value != "id" && key.Value != "if" {
			return 0 // the unknown key says it better
		}
	}
	m.Value().Errorf(CodeVerb, "Verbs: "+strings.Join(names, ", "), "the step has no verb")
	return 0
}

// checkID reports an id that is no name, or that something else has.
func (r *reader) checkID(m *node.Map, h head) {
	t := m.Text("id")
	if !checkName(t, "an id", r.list) {
		return
	}
	if slices.Contains(languageNames, t.Value) {
		r.list.Errorf(t.Span, CodeDuplicateID, "", "%s is a word of the language and cannot name a step", t.Value)
		return
	}
	if first, _ := r.headNamed(t.Value); first.at.Span() != h.at.Span() {
		r.list.Errorf(t.Span, CodeDuplicateID, "", "the step in line %d has the id %q already",
			first.at.Span().Start.Line, t.Value)
	}
}

// branch reads arms of which the first whose condition holds is taken.
func (r *reader) branch(v *node.Value, at int, k *known) (joints []joint, ends bool) {
	before, ends := k.fork(), true
	hasElse := false
	items := v.List()
	for i, item := range items {
		m := item.Map()
		if m == nil {
			continue
		}
		arm, then := Arm{}, m.Get("then")
		if m.Has("else") {
			then, hasElse = m.Get("else"), true
			if i != len(items)-1 {
				m.Errorf("else", CodeNoElse, "put it last", "else must be the last arm: what stands below it is never reached")
			}
		} else if arm.If = r.expr(m.Get("if"), before.scope(), forCondition); !m.Has("if") {
			m.Errorf("if", CodeMissingKey, "an arm without a condition is written else:", "this arm has no if")
		}
		if then == nil {
			m.Errorf("then", CodeMissingKey, "for example then: [ { send: welcome } ]", "this arm has no then")
		}
		m.Allow("if", "then", "else")
		m.Close()
		inner, armEnds := r.arm(then, before.fork(), k, func(target int) {
			arm := &r.flow.Steps[at].Branch[i]
			arm.Then = target
		}, func() { r.flow.Steps[at].Branch = append(r.flow.Steps[at].Branch, arm) })
		joints, ends = append(joints, inner...), ends && armEnds
	}
	return joints, ends && hasElse
}

// arm reads the steps of one arm and tells enter where they begin. What is known at
// its end is added to after, unless it always exits.
func (r *reader) arm(then *node.Value, k, after *known, enter joint, add func()) (joints []joint, ends bool) {
	add()
	if !then.IsList() || len(then.List()) == 0 {
		if then != nil {
			r.block(then, "then", k)
		}
		enter(End)
		return nil, false
	}
	enter(len(r.flow.Steps))
	joints, ends = r.block(then, "then", k)
	if !ends {
		after.join(k)
	}
	return joints, ends
}

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
		set = append(set, Assignment{e.Key.Value, value})
		types[e.Key.Value] = t
	}
	slices.SortFunc(set, func(a, b Assignment) int { return strings.Compare(a.Name, b.Name) })
	for name, t := range types {
		k.setVar(name, t)
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
