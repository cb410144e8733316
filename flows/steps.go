package flows

import (
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strings"

	"nudge/lang/node"
)

// patch sets the target of one place of the program that leads on.
type patch func(target int)

func connect(joints []patch, target int) {
	for _, j := range joints {
		j(target)
	}
}

// readSteps reads the steps of the flow.
func (r *reader) readSteps(m *node.Map, exits *node.Value) {
	v := m.Get("steps")
	r.outline(v, exits) // those of exits are read in any case
	if v == nil {
		m.Errorf("steps", CodeMissingKey, "for example steps: [ { send: welcome } ]", "the flow has no steps")
		return
	}
	r.noteSteps()
	if len(r.heads) > MaxSteps {
		v.Errorf(codeTooMany, "", "%d steps; the limit is %d", len(r.heads), MaxSteps)
		return
	}
	joints, _ := r.block(v, "steps", r.start())
	connect(joints, End)
}

// block reads a list of steps and appends them to the program. It returns the open ends,
// which the caller connects; ends reports that nothing leads on. What is known grows in k.
func (r *reader) block(v *node.Value, name string, k *typeEnv) (joints []patch, ends bool) {
	items, above := v.List(), End
	if len(items) == 0 && v.IsList() {
		v.Errorf(codeEmptySteps, "remove it, or add a step", "%s has no steps", name)
	}
	for _, item := range items {
		m := item.MapOf(verbNames()...)
		if m == nil {
			continue
		}
		if ends {
			item.Warnf(codeUnreachable, "", "unreachable step: the step before it always exits")
			ends = false
		}
		at := len(r.flow.Steps)
		connect(joints, at)
		joints, ends = r.step(m, at, k)
		r.checkEarly(above, at)
		above = at
	}
	return joints, ends
}

// step reads one step and the steps inside it.
func (r *reader) step(m *node.Map, at int, k *typeEnv) (joints []patch, ends bool) {
	h := r.heads[r.headAt[m.Span().Start]]
	r.checkID(m, h)
	r.flow.Steps = append(r.flow.Steps, Step{
		ID: h.id, Verb: h.verb, Span: m.Span(), Next: End, Loops: slices.Clone(r.loops), Digest: digest(m),
	})
	condition := r.expr(m.Get("if"), k.scope(), forCondition)
	r.flow.Steps[at].If = condition
	joints = []patch{func(target int) { r.flow.Steps[at].Next = target }}

	verb := r.verb(m)
	if verb != 0 && m.Get(h.word).IsEmpty() {
		m.Get(h.word).Empty("indent its lines deeper than the key itself", "say what to do")
		allowAll(m)
		return joints, false
	}
	for _, v := range verbs {
		m.Allow(v.name)
	}
	m.Close()
	inner, ends := r.doIf(condition, verb, m, at, k)
	return append(joints, inner...), ends && !m.Has("if")
}

// doIf reads the value of a step's verb, for which what its condition says is there. The
// steps behind it know only that it may have run.
func (r *reader) doIf(condition *Expr, verb Verb, m *node.Map, at int, k *typeEnv) (inner []patch, ends bool) {
	if condition == nil {
		return r.do(verb, m, at, k)
	}
	taken := k.fork()
	taken.assume(sureIf(condition))
	assumed := taken.fork()
	inner, ends = r.do(verb, m, at, taken)
	k.passed(assumed, taken)
	if id := r.flow.Steps[at].ID; k.names[id] != nil {
		k.names[id] = mayHaveRun(k.names[id])
	}
	if ends {
		k.assume(lasting(sureUnless(condition)))
	}
	return inner, ends
}

// passed takes over what a step has changed that may not have been taken: assumed is what
// was known when it began.
func (k *typeEnv) passed(assumed, taken *typeEnv) {
	for name, t := range taken.names {
		if assumed.names[name] != t && name != NameProfile {
			k.names[name] = t
		}
	}
	for name := range k.names {
		if taken.names[name] == nil {
			delete(k.names, name)
		}
	}
	for name, t := range taken.vars {
		if assumed.vars[name] != t {
			k.maySet(name, t)
		}
	}
	maps.Copy(k.sends, taken.sends)
}

// do reads the value of a step's verb.
func (r *reader) do(verb Verb, m *node.Map, at int, k *typeEnv) (inner []patch, ends bool) {
	switch verb {
	case VerbSend:
		r.send(m.Get("send"), at, k)
		k.sends[r.flow.Steps[at].ID] = at
		r.learn(k, at, sendShape)
	case VerbWait:
		inner, ends = r.wait(m.Get("wait"), at, k)
	case VerbBranch:
		inner, ends = r.branch(m.Get("branch"), at, k)
	case VerbSet:
		r.set(m.Get("set"), at, k)
	case VerbSplit:
		inner, ends = r.split(m.Get("split"), at, k)
	case VerbRepeat:
		inner = r.repeat(m.Get("repeat"), at, k)
	case VerbCollect:
		inner, ends = r.collect(m.Get("collect"), at, k)
	case VerbEmit:
		r.emit(m.Get("emit"), at, k)
	case VerbStart:
		r.startFlow(m.Get("start"), at, k)
	case VerbFetch:
		inner, _ = r.fetch(m.Get("fetch"), at, k)
	case VerbOpt:
		r.opt(m, at)
	case VerbExit:
		r.flow.Steps[at].Exit, ends = r.exit(m.Get("exit")), true
	}
	return inner, ends
}

// verb returns the verb of a step, which must have exactly one.
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
		m.Value().Errorf(codeVerb, "split it into two steps", "a step has one verb; this one has %s", strings.Join(found, " and "))
		return 0
	}
	names := verbNames()
	if word := lineWord(m); word != "" {
		m.Errorf(word, codeVerb, "indent the lines of a wait deeper than the word wait",
			"%s belongs in a line of a wait, but this is a step", word)
		allowAll(m)
		return 0
	}
	if nearKey(m, names, stepKeys...) {
		return 0 // the unknown key says it better
	}
	m.Value().Errorf(codeVerb, "verbs: "+strings.Join(names, ", "), "this step has no verb")
	return 0
}

// stepKeys are the keys of every step, which some authors write inside of the verb's mapping.
var stepKeys = []string{"id", "if"}

func verbNames() []string {
	var names []string
	for _, v := range verbs {
		names = append(names, v.name)
	}
	return names
}

// lineWord returns a key of a mapping that belongs in a line of a wait, or an empty text.
func lineWord(m *node.Map) string {
	for _, key := range m.Keys() {
		if key.Value == "if" {
			continue
		}
		if slices.Contains(inWait.signalNames(), key.Value) || key.Value == "then" {
			return key.Value
		}
	}
	return ""
}

// allowAll makes all keys of a mapping known, because its mistake is already reported.
func allowAll(m *node.Map) {
	for _, key := range m.Keys() {
		m.Allow(key.Value)
	}
}

// checkID reports an id that is not a valid name or that is already used.
func (r *reader) checkID(m *node.Map, h head) {
	t := m.Text("id")
	if !checkName(t, "an id", r.list) {
		return
	}
	if HasMeaning(t.Value) {
		r.list.Errorf(t.Span, codeDuplicateID, "", "%s is a reserved word, so no step can have this id", t.Value)
		return
	}
	if first, _ := r.headNamed(t.Value); first.at.Span() != h.at.Span() {
		r.list.Errorf(t.Span, codeDuplicateID, "", "duplicate id %q; first used on line %d", t.Value, first.at.Span().Start.Line)
	}
}

// digest returns a hash of a step's content.
func digest(m *node.Map) uint64 {
	h := fnv.New64a()
	io.WriteString(h, m.Canonical())
	return h.Sum64()
}
