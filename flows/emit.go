package flows

import (
	"maps"
	"slices"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// emit reads an event that the run sends. Its data must have the shape of the event.
func (r *reader) emit(v *node.Value, at int, k *typeEnv) {
	m := v.Map()
	if m == nil {
		return
	}
	t := m.Text("event")
	if !m.Has("event") {
		m.Errorf("event", CodeMissingKey, "for example event: nps.scored", "this emit needs an event")
	}
	fields := r.data(m.Get("data"), k.scope())
	m.Close(stepKeys...)
	if !checkEvent(t, r.list) {
		return
	}
	r.emits[t.Value] = true
	checkData(fields, r.eventShape(t.Value), t.Value, t.Span, r.list)
	r.flow.Steps[at].Emit = &Emit{Event: t.Value, Data: assignments(fields)}
}

// call is a start step that is checked last, because the flow that it starts may not have
// been read yet.
type call struct {
	flow   *node.Text
	fields []written
	keyed  bool
}

// startFlow reads a start step.
func (r *reader) startFlow(v *node.Value, at int, k *typeEnv) {
	m := v.Map()
	if m == nil {
		return
	}
	t := m.Text("flow")
	if !m.Has("flow") {
		m.Errorf("flow", CodeMissingKey, "for example flow: welcome", "this start needs a flow")
	}
	s := &Start{Wait: m.Bool("wait"), To: r.expr(m.Get("to"), k.scope(), forText), Key: r.expr(m.Get("key"), k.scope(), forText)}
	fields := r.data(m.Get("data"), k.scope())
	m.Close(stepKeys...)
	r.flow.Steps[at].Start = s
	if s.Wait {
		r.learn(k, at, startShape)
	}
	if !checkName(t, "a flow's name", r.list) {
		return
	}
	s.Flow, s.Data = t.Value, assignments(fields)
	r.calls = append(r.calls, call{t, fields, m.Has("key")})
}

// keyedLine returns the type of an event that finds the flow's runs by their key, or an empty
// text.
func (f *Flow) keyedLine() string {
	for _, event := range slices.Sorted(maps.Keys(f.Listening)) {
		use := f.Listening[event]
		for _, line := range slices.Concat(use.Exits, use.Waits, use.Untils) {
			if line.Key != nil {
				return event
			}
		}
		if slices.ContainsFunc(use.Collects, func(c *Collect) bool { return c.Key != nil }) {
			return event
		}
	}
	return ""
}

// checkCalls checks that every started flow exists and gets its data. It warns of flows
// that have no trigger and that no flow starts.
func (p *Project) checkCalls(calls []call, names []string, list *diag.List) {
	called := map[string]bool{}
	for _, c := range calls {
		called[c.flow.Value] = true
		p.checkCall(c, names, list)
	}
	for _, f := range p.Flows {
		if len(f.Triggers) == 0 && !called[f.Name] {
			list.Warnf(f.span, codeNeverStarted, "add a trigger, or start it from another flow",
				"%s has no trigger, and no flow starts it; only a call by the API or the command line can", f.Name)
		}
	}
}

// checkCall checks that a started flow exists and gets its data.
func (p *Project) checkCall(c call, names []string, list *diag.List) {
	if !slices.Contains(names, c.flow.Value) {
		list.Errorf(c.flow.Span, codeUnknownFlow, diag.DidYouMean(c.flow.Value, names, "Flows"),
			"flow %q not found", c.flow.Value)
	} else if f := p.Flow(c.flow.Value); f != nil {
		checkData(c.fields, f.Data, "the data of "+f.Name, c.flow.Span, list)
		if line := f.keyedLine(); line != "" && !c.keyed {
			list.Errorf(c.flow.Span, CodeMissingKey, "add the key that the events have, for example key: data.id",
				"%s looks for %s by its key, and this start gives it none", f.Name, line)
		}
	}
}
