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
func (p *Project) checkEvents(heard []*node.Text, emitted map[string]bool, memory *slips, list *diag.List) {
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
	memory.among(names, used)
	for _, t := range heard {
		if known[t.Value] {
			continue
		}
		if near := memory.near(t.Value); near != "" {
			list.Warnf(t.Span, codeUnknownEvent, "did you mean \""+near+"\"?", "nobody declares the event %s, but there is %s", t.Value, near)
		}
	}
}

// slips remembers which types of events are slips of others: each costs as much as there are
// others, and a workspace asks again after every key.
type slips struct {
	names, used []string
	found       map[string]string
}

// among says among which types slips are looked for: first among those that are declared, then
// among those of triggers.
func (s *slips) among(names, used []string) {
	if s.found == nil || !slices.Equal(s.names, names) || !slices.Equal(s.used, used) {
		s.names, s.used, s.found = names, used, map[string]string{}
	}
}

// near returns the type that a type is a slip of, or an empty text.
func (s *slips) near(event string) string {
	near, ok := s.found[event]
	if !ok {
		near = diag.Misspelt(event, s.names)
		if near == "" && !slices.Contains(s.used, event) {
			near = diag.Misspelt(event, s.used)
		}
		s.found[event] = near
	}
	return near
}
