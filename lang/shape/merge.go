package shape

import (
	"maps"
	"slices"

	"nudge/lang/diag"
)

// Both returns the shape of data that has both shapes: what a flow asks for together with
// what its event declares. If they conflict, it returns the path of the conflict instead;
// "." means the whole.
func Both(a, b *Type) (t *Type, conflict string) {
	switch {
	case a.Kind == KindAny:
		return b.markedAs(a), ""
	case b.Kind == KindAny:
		return a.markedAs(b), ""
	case a.Kind != b.Kind:
		return nil, "."
	}
	merged := *a.markedAs(b)
	merged.Optional = a.Optional && b.Optional
	switch a.Kind {
	case KindString:
		if len(a.Words) > 0 && len(b.Words) > 0 && a.bare() != b.bare() {
			return nil, "."
		}
		if len(a.Words) == 0 {
			merged.Words = b.Words
		}
	case KindList:
		if merged.Elem, conflict = Both(a.Elem, b.Elem); conflict != "" {
			return nil, "[]" + below(conflict)
		}
	case KindMap:
		merged.Open = a.Open && b.Open
		merged.Fields, merged.Places = maps.Clone(a.Fields), Places(a, b)
		for _, name := range b.Names() {
			field := b.Fields[name]
			if mine, ok := a.Fields[name]; ok {
				if field, conflict = Both(mine, field); conflict != "" {
					return nil, name + below(conflict)
				}
			}
			if merged.Fields == nil {
				merged.Fields = map[string]*Type{}
			}
			merged.Fields[name] = field
		}
	}
	return &merged, ""
}

// Either returns the shape of data that has one of two shapes, as in a flow with two
// triggers. A field that only one of them has becomes optional.
func Either(a, b *Type) (t *Type, conflict string) {
	switch {
	case a == Nothing:
		return b, ""
	case b == Nothing:
		return a, ""
	case a.Kind == KindAny || b.Kind == KindAny:
		return Any.markedAs(a).markedAs(b), ""
	case a.Kind != b.Kind:
		return nil, "."
	}
	merged := *a.markedAs(b)
	merged.Optional = a.Optional || b.Optional
	switch a.Kind {
	case KindString:
		merged.Words = nil
		if len(a.Words) > 0 && len(b.Words) > 0 {
			merged.Words = OneOf(append(append([]string{}, a.Words...), b.Words...)...).Words
		}
	case KindList:
		if merged.Elem, conflict = Either(a.Elem, b.Elem); conflict != "" {
			return nil, "[]" + below(conflict)
		}
	case KindMap:
		merged.Open = a.Open || b.Open
		if merged.Fields, conflict = eitherFields(a, b); conflict != "" {
			return nil, conflict
		}
		merged.Places = Places(a, b)
	}
	return &merged, ""
}

func eitherFields(a, b *Type) (map[string]*Type, string) {
	fields := map[string]*Type{}
	for _, name := range a.Names() {
		fields[name] = a.Fields[name].OrNil()
		if theirs, ok := b.Fields[name]; ok {
			both, conflict := Either(a.Fields[name], theirs)
			if conflict != "" {
				return nil, name + below(conflict)
			}
			fields[name] = both
		}
	}
	for _, name := range b.Names() {
		if _, ok := a.Fields[name]; !ok {
			fields[name] = b.Fields[name].OrNil()
		}
	}
	return fields, ""
}

// Places returns where the fields of two maps are declared.
func Places(a, b *Type) map[string][]diag.Span {
	switch {
	case len(a.Places) == 0:
		return b.Places
	case len(b.Places) == 0:
		return a.Places
	}
	all := maps.Clone(a.Places)
	for name, places := range b.Places {
		for _, at := range places {
			if !slices.Contains(all[name], at) {
				all[name] = append(slices.Clip(all[name]), at)
			}
		}
	}
	return all
}

// markedAs returns the same type with the marks of both.
func (t *Type) markedAs(o *Type) *Type {
	if t.Private == (t.Private || o.Private) && t.Search == (t.Search || o.Search) {
		return t
	}
	same := *t
	same.Private, same.Search = t.Private || o.Private, t.Search || o.Search
	return &same
}

// AsPrivate returns the same type, marked private.
func (t *Type) AsPrivate() *Type { return t.markedAs(&Type{Private: true}) }

func below(conflict string) string {
	if conflict == "." {
		return ""
	}
	return "." + conflict
}
