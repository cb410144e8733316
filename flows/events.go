package flows

import (
	"maps"
	"slices"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// checkEvents warns of events that are probably misspelt: nudge.yaml does not declare them
// and no flow emits them, but there is one with nearly the same name. An undeclared event
// without such a neighbour is fine: it is a signal without data.
func (p *Project) checkEvents(heard []*node.Text, emitted map[string]bool, list *diag.List) {
	known := maps.Clone(emitted)
	for event := range p.Events {
		known[event] = true
	}
	names := slices.Sorted(maps.Keys(known))
	var used []string // by triggers, which are the likeliest to be right
	for _, f := range p.Flows {
		for _, t := range f.Triggers {
			if t.Event != "" {
				used = append(used, t.Event)
			}
		}
	}
	for _, t := range heard {
		if known[t.Value] {
			continue
		}
		near := diag.Misspelt(t.Value, names)
		if near == "" && !slices.Contains(used, t.Value) {
			near = diag.Misspelt(t.Value, used)
		}
		if near != "" {
			list.Warnf(t.Span, codeUnknownEvent, "did you mean \""+near+"\"?", "nobody declares the event %s, but there is %s", t.Value, near)
		}
	}
}
