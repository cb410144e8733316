package prove

import (
	"slices"
	"strings"

	"nudge/flows"
	"nudge/lang/diag"
)

// Circle is flows that start each other, so that a person might hear of them for ever; or
// one that an automatic answer starts again.
type Circle struct {
	Flows []string  `json:"flows"` // in order; the last leads to the first
	By    []string  `json:"by"`    // how each leads to the next: the event or the start
	Span  diag.Span `json:"span"`  // of the step that closes it
}

// String is the circle in words: one (emits ping), two (starts one).
func (c Circle) String() string {
	var words []string
	for i, flow := range c.Flows {
		words = append(words, flow+" "+c.By[i]+" "+c.Flows[(i+1)%len(c.Flows)])
	}
	return strings.Join(words, ", ")
}

// lead is a way from one flow to another.
type lead struct {
	to   string
	by   string
	span diag.Span
}

// circles are the ways on which flows lead back to themselves, one for each pair that
// closes one.
func circles(all []*flows.Flow) []Circle {
	leads := map[string][]lead{}
	for _, f := range all {
		leads[f.Name] = leadsOf(f, all)
	}
	var found []Circle
	done := map[string]bool{}
	for _, f := range all {
		if way := wayBack(f.Name, f.Name, leads, map[string]bool{}); way != nil && !done[f.Name] {
			c := Circle{Flows: []string{f.Name}, Span: way[len(way)-1].span}
			for i, l := range way {
				c.By = append(c.By, l.by)
				if i < len(way)-1 {
					c.Flows = append(c.Flows, l.to)
				}
			}
			for _, name := range c.Flows {
				done[name] = true
			}
			found = append(found, c)
		}
	}
	return found
}

func leadsOf(f *flows.Flow, all []*flows.Flow) []lead {
	leads := answered(f)
	for i := range f.Steps {
		switch s := &f.Steps[i]; s.Verb {
		case flows.VerbStart:
			leads = append(leads, lead{s.Start.Flow, "starts", s.Span})
		case flows.VerbEmit:
			for _, other := range all {
				if slices.ContainsFunc(other.Triggers, func(t flows.Trigger) bool { return t.Event == s.Emit.Event }) {
					leads = append(leads, lead{other.Name, "emits " + s.Emit.Event + ", which starts", s.Span})
				}
			}
		}
	}
	return leads
}

// answered are the ways from a flow to itself by a person who answers every message, as an
// absence note does: its trigger takes any reply.
func answered(f *flows.Flow) (leads []lead) {
	sends := slices.IndexFunc(f.Steps, func(s flows.Step) bool { return s.Verb == flows.VerbSend })
	takesAll := func(t flows.Trigger) bool { return t.Reply && t.If == nil }
	if sends >= 0 && f.Entry.AtMost == 0 && slices.ContainsFunc(f.Triggers, takesAll) {
		leads = append(leads, lead{f.Name, "sends, and an automatic answer starts", f.Steps[sends].Span})
	}
	return leads
}

// wayBack is a way from one flow to another; nil when there is none.
func wayBack(from, to string, leads map[string][]lead, seen map[string]bool) []lead {
	for _, l := range leads[from] {
		if l.to == to {
			return []lead{l}
		}
	}
	seen[from] = true
	for _, l := range leads[from] {
		if seen[l.to] {
			continue
		}
		if way := wayBack(l.to, to, leads, seen); way != nil {
			return append([]lead{l}, way...)
		}
	}
	return nil
}
