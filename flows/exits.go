package flows

import (
	"nudge/flows/node"
	"nudge/flows/shape"
)

// readExits reads the ways out that are open during the whole run. They are read
// after the steps, because their conditions may ask for any of them.
func (r *reader) readExits(v *node.Value, k *known) {
	for _, item := range oneOrMore(v) {
		m := item.Map()
		if m == nil {
			continue
		}
		if !m.Has("event") {
			m.Errorf("event", CodeMissingKey, "for example event: order.returned", "the exit names no event")
		}
		line := Line{Signal: SignalEvent, Span: m.Span(), Step: AnyStep, Then: End}
		line.Event, line.Key = r.event(m)
		line.If = r.expr(m.Get("if"), r.anywhere(k).with(NameEvent, r.eventShape(line.Event)).scope(), forCondition)
		line.As, line.Goal = defaultExit, m.Bool("goal")
		if t := m.Text("as"); checkName(t, "an outcome", r.list) {
			line.As = t.Value
		}
		m.Close()
		r.flow.Exits = append(r.flow.Exits, line)
	}
}

// anywhere is what is known of a run that may be at any step.
func (r *reader) anywhere(k *known) *known {
	all := k.fork()
	for i := range r.flow.Steps {
		s := &r.flow.Steps[i]
		switch {
		case s.Verb == VerbSend:
			all.names[s.ID] = sendShape
		case s.Wait != nil:
			all.names[s.ID] = r.waitShape(s.Wait)
		}
		for _, a := range s.Set {
			if _, ok := all.vars[a.Name]; !ok {
				all.vars[a.Name] = shape.Any
			}
		}
	}
	return all
}
