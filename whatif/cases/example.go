package cases

import (
	"cmp"
	"encoding/json"
	"maps"
	"strings"

	"nudge/flows"
	"nudge/lang/shape"
)

// exampleOf returns a scope in which everything is there that the texts of a send read.
func exampleOf(f *flows.Flow, s *flows.Send) map[string]any {
	scope := map[string]any{
		flows.NameData: map[string]any{}, flows.NameVars: map[string]any{},
		flows.NameProfile: map[string]any{"id": examplePerson, "timezone": f.Zone.String()},
		flows.NameRun:     map[string]any{"id": "01JD0Q7V6T3M5R8W9X0Y1Z2A3B", "key": "key", "started": exampleInstant, "started_by": "example"},
		flows.NameNow:     exampleInstant,
	}
	for _, r := range s.Facts.Reads { // a path comes before those below it
		set(scope, strings.Split(r.Path, "."), r.Type)
	}
	return scope
}

// Starting returns data with which a flow of a project can be started: all that flows read of its
// first event, else what it declares. It returns nothing for a flow that needs none.
func Starting(p *flows.Project, f *flows.Flow) json.RawMessage {
	needed, by := []*shape.Type{f.Data}, ""
	for _, t := range f.Triggers {
		by = cmp.Or(by, t.Event)
	}
	if by != "" {
		needed = nil
		for _, hears := range p.Flows {
			needed = append(needed, hears.EventShape(by))
		}
	}
	data := map[string]any{}
	for _, t := range needed {
		if t != nil && t.Kind == shape.KindMap {
			maps.Copy(data, example(flows.NameData, t, 0).(map[string]any))
		}
	}
	if len(data) == 0 {
		return nil
	}
	return object(data)
}

// set puts an example of a type at a path, unless there is something already.
func set(scope map[string]any, path []string, t *shape.Type) {
	for _, name := range path[:len(path)-1] {
		inner, ok := scope[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			scope[name] = inner
		}
		scope = inner
	}
	last := path[len(path)-1]
	if _, ok := scope[last]; !ok {
		scope[last] = example(last, t, 0)
	}
}

// maxDepth is how deep lists and maps of an example are nested; those below it are empty.
const maxDepth = 8

// example returns a value of a type. A text says the name of its field.
func example(name string, t *shape.Type, depth int) any {
	switch t.Kind {
	case shape.KindNumber:
		return 3
	case shape.KindBoolean:
		return true
	case shape.KindTime:
		return exampleInstant
	case shape.KindDate:
		return shape.DateOf(exampleInstant.Std())
	case shape.KindList:
		if depth >= maxDepth || t.Elem == shape.Nothing {
			return []any{}
		}
		return []any{example(strings.TrimSuffix(name, "s"), t.Elem, depth+1)}
	case shape.KindMap:
		fields := map[string]any{}
		for _, field := range t.Names() {
			if depth < maxDepth {
				fields[field] = example(field, t.Fields[field], depth+1)
			}
		}
		return fields
	}
	return exampleText(name, t)
}

// exampleText is a text that fits what functions of templates read in texts with such a name.
func exampleText(name string, t *shape.Type) string {
	switch {
	case len(t.Words) > 0:
		return t.Words[0]
	case strings.HasSuffix(name, "currency"):
		return "EUR"
	case strings.HasSuffix(name, "timezone"):
		return "Europe/London"
	case strings.HasSuffix(name, "url") || strings.HasSuffix(name, "link"):
		return "https://shop.example/" + name
	}
	return "[" + name + "]"
}

// copied returns a copy of a value that shares no map with it.
func copied(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	same := make(map[string]any, len(m))
	for name, field := range m {
		same[name] = copied(field)
	}
	return same
}

// remove takes what is at a path out of a scope.
func remove(scope map[string]any, path []string) {
	for _, name := range path[:len(path)-1] {
		inner, ok := scope[name].(map[string]any)
		if !ok {
			return
		}
		scope = inner
	}
	delete(scope, path[len(path)-1])
}
