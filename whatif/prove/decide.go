package prove

import (
	"slices"
	"strings"

	"nudge/flows"
)

// reading is an expression as it is evaluated here, parsed once.
func (x *explorer) reading(e *flows.Expr) flows.Reading {
	r, ok := x.readings[e]
	if !ok {
		r = e.Read()
		x.readings[e] = r
	}
	return r
}

// truth decides a condition: by what is known of the run, and both ways where nobody
// can know.
func (w *walk) truth(e *flows.Expr) bool {
	if e == nil {
		return true
	}
	return w.reading(e).Truth(w.known, w.guess)
}

// known is what a path reads, as far as it follows from the way the run has come.
func (w *walk) known(path string) (any, bool) {
	if path == flows.NameRound {
		if n := len(w.s.loops); n > 0 && w.s.loops[n-1].many && !w.counts[w.s.loops[n-1].step] {
			return nil, false
		}
		return float64(w.s.round()), true
	}
	root, field, _ := strings.Cut(path, ".")
	if root == flows.NameVars {
		v := w.s.values[path]
		return v, v != nil
	}
	step := w.f.StepNamed(root)
	if step < 0 {
		return nil, false
	}
	switch s := &w.f.Steps[step]; {
	case s.Verb == flows.VerbSend:
		if reason, ok := w.s.values[path].(string); ok && w.s.sends[step].status == unsent {
			return reason, true
		}
		if field == "accepted" && w.s.phase == sending && w.s.at == step {
			return nil, false
		}
		return w.s.sends[step].status.known(field)
	case field == "count":
		if w.s.phase == waiting && w.s.at == step {
			return float64(w.s.items), w.s.items < manyItems
		}
		fallthrough
	case field == "outcome":
		v, ended := w.s.values[path]
		if !ended && field == "outcome" {
			return "", true
		}
		return v, v != nil
	}
	return nil, false
}

// known is a property of a message.
func (s status) known(field string) (any, bool) {
	switch field {
	case "read":
		return s == read, true
	case "delivered":
		return s >= delivered, true
	case "failed":
		return s.isLost(), true
	case "accepted":
		return s >= delivered || s == open, s != lost
	case "sent":
		return s >= delivered, s != open
	case "status":
		word := map[status]string{none: "", unsent: "unsent", delivered: "delivered", read: "read"}[s]
		return word, s != open && s != lost
	case "reason":
		return "", s == none
	}
	return nil, false
}

// guess decides what nobody can know. What a run began with never changes, so it comes
// out the same whenever it is asked; anything else only while the input in hand is
// applied. Two answers that no value can give are impossible.
func (w *walk) guess(a flows.Atom) bool {
	if holds, ok := w.isReason(a); ok {
		return holds
	}
	facts := w.s.passing
	if constant(a) {
		facts = w.s.facts
	}
	if fact, ok := facts[a.Text]; ok {
		return fact
	}
	w.atoms[a.Text] = a
	w.guessed += 1 + len(w.s.facts) + len(w.s.passing)
	fact := w.t.choose(2) == 1
	facts[a.Text] = fact
	w.trace.needs = append(w.trace.needs, Need{Condition: a.Text, Holds: fact})
	if a.Path != "" && w.witness(a.Path, w.s.facts, w.s.passing) == nil {
		w.dead = true
	}
	return fact
}

// constant reports whether an atom reads only what never changes during a run.
func constant(a flows.Atom) bool {
	return len(a.Paths) > 0 && !slices.ContainsFunc(a.Paths, func(path string) bool {
		root := pathRoot(path)
		return root != flows.NameData && root != flows.NameRun
	})
}

// witness is a value of a path with which everything comes out that was guessed of it;
// nil when there is none.
func (x *explorer) witness(path string, facts ...map[string]bool) any {
	var candidates []any
	about := map[string]bool{}
	for _, some := range facts {
		for text, fact := range some {
			if a, ok := x.atoms[text]; ok && a.Path == path {
				about[text] = fact
				candidates = append(candidates, near(a.Literal)...)
			}
		}
	}
	slices.SortFunc(candidates, func(a, b any) int { return strings.Compare(literal(a), literal(b)) })
	for _, v := range candidates {
		if x.fits(path, v, about) {
			return v
		}
	}
	return nil
}

// fits reports whether all facts about a path come out with a value.
func (x *explorer) fits(path string, v any, facts map[string]bool) bool {
	for text, fact := range facts {
		if a, ok := x.atoms[text]; ok && a.Path == path {
			if holds, ok := a.Holds(v); !ok || holds != fact {
				return false
			}
		}
	}
	return true
}

// near is values that tell comparisons with a literal apart.
func near(literal any) []any {
	switch v := literal.(type) {
	case float64:
		return []any{v - 1, v, v + 1}
	case string:
		return []any{v, "something else"}
	case bool:
		return []any{true, false}
	}
	return []any{literal}
}
