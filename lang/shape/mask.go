package shape

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Masked stands in place of a private value.
const Masked = "•••"

// shortestSecret is how many bytes a private value must have to be taken out of texts that may have it
// anywhere. A shorter one stays there: it would be found in other words.
const shortestSecret = 3

var masked = json.RawMessage(`"` + Masked + `"`)

// HasPrivate reports whether values of the type can have something private in them.
func (t *Type) HasPrivate() bool {
	switch {
	case t == nil:
		return false
	case t.Private:
		return true
	case t.Kind == KindList:
		return t.Elem.HasPrivate()
	}
	for _, field := range t.Fields {
		if field.HasPrivate() {
			return true
		}
	}
	return false
}

// Mask returns JSON with [Masked] in place of everything private in it, however deep; null stays. JSON in
// which the shape cannot be followed is masked as a whole, as nobody can say what it shows. JSON without
// anything private is returned as it is.
func (t *Type) Mask(raw json.RawMessage) json.RawMessage {
	text := strings.TrimSpace(string(raw))
	if text == "" || text == "null" || !t.HasPrivate() {
		return raw
	}
	if t.Private {
		return masked
	}
	if t.Kind == KindList {
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil {
			return masked
		}
		for i := range items {
			items[i] = t.Elem.Mask(items[i])
		}
		return encoded(items)
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return masked
	}
	for name, value := range fields {
		if field := t.Fields[name]; field != nil {
			fields[name] = field.Mask(value)
		}
	}
	return encoded(fields)
}

// PrivateIn returns the names of what Mask would take out of JSON, in order: of fields inside of others with dots, and of those of a
// list with brackets.
func (t *Type) PrivateIn(raw json.RawMessage) []string {
	found := map[string]bool{}
	t.privateIn(raw, "", found)
	return slices.Sorted(maps.Keys(found))
}

func (t *Type) privateIn(raw json.RawMessage, name string, found map[string]bool) {
	if text := strings.TrimSpace(string(raw)); text == "" || text == "null" || !t.HasPrivate() {
		return
	}
	var items []json.RawMessage
	var fields map[string]json.RawMessage
	switch {
	case t.Private:
		found[name] = true
	case t.Kind == KindList && json.Unmarshal(raw, &items) == nil:
		for _, item := range items {
			t.Elem.privateIn(item, name+"[]", found)
		}
	case t.Kind == KindMap && json.Unmarshal(raw, &fields) == nil:
		for field, value := range fields {
			if of := t.Fields[field]; of != nil {
				of.privateIn(value, strings.TrimPrefix(name+"."+field, "."), found)
			}
		}
	default:
		found[name] = true // it is masked as a whole
	}
}

// Secrets returns the texts and the numbers that Mask would take out of JSON, each once, the longest
// first: for [Hide].
func (t *Type) Secrets(raw json.RawMessage) []string {
	var found []string
	t.secrets(raw, &found)
	slices.SortFunc(found, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(found)
}

func (t *Type) secrets(raw json.RawMessage, found *[]string) {
	if len(raw) == 0 || !t.HasPrivate() {
		return
	}
	var items []json.RawMessage
	var fields map[string]json.RawMessage
	switch {
	case t.Private:
		scalars(raw, found)
	case t.Kind == KindList && json.Unmarshal(raw, &items) == nil:
		for _, item := range items {
			t.Elem.secrets(item, found)
		}
	case t.Kind == KindMap && json.Unmarshal(raw, &fields) == nil:
		for name, value := range fields {
			if field := t.Fields[name]; field != nil {
				field.secrets(value, found)
			}
		}
	default:
		scalars(raw, found)
	}
}

// scalars adds every text and every number of JSON.
func scalars(raw json.RawMessage, found *[]string) {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return
		}
		text := ""
		switch v := token.(type) {
		case string:
			text = v
		case json.Number:
			text = v.String()
		}
		if len(text) >= shortestSecret {
			*found = append(*found, text)
		}
	}
}

// Hide returns a text with [Masked] in place of each secret that stands in it.
func Hide(text string, secrets []string) string {
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, Masked)
	}
	return text
}

func encoded(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("shape: JSON that was decoded does not encode: " + err.Error())
	}
	return raw
}
