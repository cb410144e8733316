package prove

import (
	"slices"
	"strings"

	"nudge/flows"
	"nudge/lang/shape"
)

// finds reports whether an event of a type is for the run by a key, and names whom it must.
func (w *walk) finds(kind string, key, by *flows.Expr) bool {
	return w.hasKey(kind, key) && (by == nil || w.names(by))
}

// hasKey reports whether an event of a type is for the run by a key. Where the flow names
// the type by several keys, it may be by one and not by another.
func (w *walk) hasKey(kind string, key *flows.Expr) bool {
	if len(w.keys[kind]) < 2 {
		return true
	}
	by := "any"
	if key != nil {
		by = key.String()
	}
	text := kind + " by " + by
	if named, ok := w.s.passing[text]; ok {
		return named
	}
	named := w.t.choose(2) == 1
	w.s.passing[text] = named
	return named
}

// names decides whether the event in hand names a person. It may or may not, and names the
// same one as often as it is asked.
func (w *walk) names(by *flows.Expr) bool {
	text := "the event names " + by.String()
	if named, ok := w.s.passing[text]; ok {
		return named
	}
	named := w.t.choose(2) == 1
	w.s.passing[text] = named
	w.trace.needs = append(w.trace.needs, Need{Condition: text, Holds: named, by: by})
	return named
}

// Nobody is whom an event of a story names that must name somebody else.
const Nobody = "nobody"

// nameWhom says whom an event of a story names: the run's person, unless it must not name
// somebody whom a line wants.
func (m *Move) nameWhom() {
	named := func(holds bool) bool {
		return slices.ContainsFunc(m.Needs, func(n Need) bool { return n.by != nil && n.Holds == holds })
	}
	if !named(false) {
		return
	}
	if m.By = Nobody; named(true) {
		m.odd = "it needs an event that names one person and not another"
	}
}

// nameFields puts the story's person where a line reads from the data whom an event must name.
func (w *writer) nameFields(t *shape.Type, data map[string]any) {
	name := func(by *flows.Expr) {
		if by == nil || t == nil {
			return
		}
		field, ok := strings.CutPrefix(by.String(), flows.NameData+".")
		if f := t.Fields[field]; ok && f != nil && f.Kind == shape.KindString {
			data[field] = w.person
		}
	}
	for _, heard := range w.f.Listening {
		for _, line := range slices.Concat(heard.Exits, heard.Waits, heard.Untils) {
			name(line.By)
		}
		for _, c := range heard.Collects {
			name(c.By)
		}
	}
}
