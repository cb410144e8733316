package flows

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// written is a name with its value, as a flow writes it: a variable, or a field of data.
type written struct {
	Assignment
	key  *node.Text
	at   diag.Span
	kind *shape.Type // of the value; nil after a mistake
}

// data reads the fields of data that a step passes on, sorted by name.
func (r *reader) data(v *node.Value, scope *shape.Type) []written {
	var fields []written
	for _, e := range v.Map().Entries() {
		w := written{key: e.Key, at: e.Value.Span()}
		w.Name = e.Key.Value
		w.Value, w.kind = r.value(e.Value, scope)
		fields = append(fields, w)
	}
	sortWritten(fields)
	return fields
}

func sortWritten(w []written) {
	slices.SortFunc(w, func(a, b written) int { return strings.Compare(a.Name, b.Name) })
}

func assignments(fields []written) []Assignment {
	var all []Assignment
	for _, w := range fields {
		all = append(all, w.Assignment)
	}
	return all
}

// checkData checks that fields have the shape that they must have together.
func checkData(fields []written, want *shape.Type, owner string, at diag.Span, list *diag.List) {
	if want.Kind != shape.KindMap {
		for _, w := range fields {
			w.checkPrivate(want, "the field "+w.Name, "declare "+owner+" in nudge.yaml, with private before the type of this field", list)
		}
		return
	}
	given := map[string]bool{}
	for _, w := range fields {
		given[w.Name] = true
		t, ok := want.Field(w.Name)
		if !ok {
			list.Errorf(w.key.Span, codeUnknownField, diag.DidYouMean(w.Name, want.Names(), "It has"),
				"%s has no field %q", owner, w.Name)
			continue
		}
		w.check(t, w.Name, list)
	}
	for _, name := range slices.Sorted(maps.Keys(want.Fields)) {
		if t := want.Fields[name]; !given[name] && !t.Optional && t.Kind != shape.KindAny {
			list.Errorf(at, CodeMissingKey, fmt.Sprintf("add %s: it is %s", name, t.Described()),
				"%s needs the field %s", owner, name)
		}
	}
}

// check reports a value that does not have its shape.
func (w written) check(want *shape.Type, name string, list *diag.List) {
	got := w.kind
	w.checkPrivate(want, name, "put private before its type, as in "+name+": private string", list)
	switch {
	case got == nil || want.Kind == shape.KindAny:
	case got.Kind == shape.KindAny:
		list.Errorf(w.at, codeUntyped, untypedHint, "%s must be %s, but the type of this value is unknown", name, want.Described())
	case got.Optional && !want.Optional:
		list.Errorf(w.at, codeOptional, "give it a default with ??", "%s is required, but this value may be absent", name)
	case want.Kind == shape.KindTime && w.Value.Literal != nil:
		if text, ok := w.Value.Literal.(string); !ok || !isTime(text) {
			list.Errorf(w.at, codeWrongType, "for example 2026-03-05T14:00:00Z", "%s must be a time", name)
		}
	case want.Kind == shape.KindDate && w.Value.Literal != nil:
		if text, ok := w.Value.Literal.(string); !ok || !isDate(text) {
			list.Errorf(w.at, codeWrongType, "for example 2026-03-05", "%s must be a date", name)
		}
	case got.Kind != want.Kind:
		list.Errorf(w.at, codeWrongType, "", "%s must be %s, but this is %s", name, want.Described(), got.Described())
	case len(want.Words) > 0:
		w.checkWord(want, name, list)
	}
}

// checkPrivate warns of a value that is made of a private field and goes to a field that is not: nobody masks it there.
func (w written) checkPrivate(want *shape.Type, name, hint string, list *diag.List) {
	if w.kind.HasPrivate() && !want.HasPrivate() {
		list.Warnf(w.at, codePrivate, hint, "this value is made of something private, and %s is not private", name)
	}
}

func (w written) checkWord(want *shape.Type, name string, list *diag.List) {
	words := w.kind.Words
	if text, ok := w.Value.Literal.(string); ok {
		words = []string{text}
	}
	for _, word := range words {
		if !slices.Contains(want.Words, word) {
			list.Errorf(w.at, codeWrongType, diag.DidYouMeanOneOf(word, want.Words, "It can be"), "%s can never be %q", name, word)
		}
	}
}

func isDate(text string) bool {
	_, err := shape.ParseDate(text)
	return err == nil
}

func isTime(text string) bool {
	_, err := shape.ParseTime(text)
	return err == nil
}
