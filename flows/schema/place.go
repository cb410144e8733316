package schema

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Place is a place in a file of a project, as the schema knows it. The zero Place is one of
// which nothing is known.
type Place struct {
	options     []*schema // one of them holds there
	definitions map[string]*schema
}

// Key is a key that a mapping may have.
type Key struct {
	Name     string
	Says     string // in Markdown
	Required bool
	Examples []string // as YAML on one line
	Map      bool     // its value is a mapping, and nothing else
	List     bool     // its value is a list, and nothing else
}

// root is the schema of a file with what it refers to.
type root struct {
	schema      *schema
	definitions map[string]*schema
}

// roots are the schemas of all files, by the names that nudge schema gives them.
var roots = sync.OnceValue(func() map[string]root {
	template := mapping("A template", "The content of a message. Every text is a template: `{{ data.order_id }}`.", messageKeys()...)
	return map[string]root{
		"flow":     {flow(), flowDefinitions()},
		"template": {template, map[string]*schema{"json": jsonValue(), "part": part()}},
		"project":  {project(), map[string]*schema{"shape": shape(), "fields": fields()}},
		"test": {test(), map[string]*schema{"test": story(), "move": move(), "expectation": expectation(), "answer": answer(),
			"part": expectedPart(), "replyPart": replyPart()}},
		"people": {peopleFile(), nil},
	}
})

// File returns the top of a file of a kind: flow, template, project, test or people.
func File(kind string) Place {
	r := roots()[kind]
	return Place{definitions: r.definitions}.with(r.schema)
}

// with returns the place with one more schema, and with those that it refers to or consists
// of.
func (p Place) with(s *schema) Place {
	if s == nil || slices.Contains(p.options, s) {
		return p
	}
	p.options = append(slices.Clone(p.options), s)
	if name, ok := strings.CutPrefix(s.Ref, "#/definitions/"); ok {
		p = p.with(p.definitions[name])
	}
	for _, inner := range slices.Concat(s.AnyOf, s.OneOf, s.AllOf) {
		p = p.with(inner)
	}
	return p
}

// Key returns the place of the value of a key.
func (p Place) Key(name string) Place {
	below := Place{definitions: p.definitions}
	for _, s := range p.options {
		if inner := s.Properties[name]; inner != nil {
			below = below.with(inner)
		} else if inner, ok := s.Additional.(*schema); ok {
			below = below.with(inner)
		}
	}
	return below
}

// Item returns the place of the items of a list.
func (p Place) Item() Place {
	below := Place{definitions: p.definitions}
	for _, s := range p.options {
		below = below.with(s.Items)
	}
	return below
}

// Keys returns the keys that a mapping here may have, in the order in which they are
// explained. Of keys that exclude each other, those are left out that exclude one of present.
func (p Place) Keys(present []string) (keys []Key) {
	excluded := map[string]bool{}
	for _, s := range p.options {
		if names := exclusive(s); slices.ContainsFunc(present, func(k string) bool { return names[k] }) {
			maps.Copy(excluded, names)
		}
	}
	for _, s := range p.options {
		for _, name := range s.order {
			if excluded[name] || slices.Contains(present, name) || slices.ContainsFunc(keys, func(k Key) bool { return k.Name == name }) {
				continue
			}
			k := p.key(name, s.Properties[name])
			k.Required = slices.Contains(s.Required, name)
			keys = append(keys, k)
		}
	}
	return keys
}

// exclusive returns the keys of which a mapping has exactly one.
func exclusive(s *schema) map[string]bool {
	names := map[string]bool{}
	for _, option := range s.OneOf {
		if len(option.Required) == 1 && len(option.AllOf) == 0 {
			names[option.Required[0]] = true
		}
	}
	return names
}

func (p Place) key(name string, s *schema) Key {
	k := Key{Name: name, Says: s.MarkdownDescription}
	for _, example := range s.Examples {
		if text, err := json.Marshal(example); err == nil {
			k.Examples = append(k.Examples, string(text))
		}
	}
	below := Place{definitions: p.definitions}.with(s)
	k.Map, k.List = true, true
	for _, option := range below.options {
		switch option.Type {
		case nil:
		case "object":
			k.List = false
		case "array":
			k.Map = false
		default:
			k.Map, k.List = false, false
		}
	}
	if k.Map && k.List { // of no type
		k.Map, k.List = false, false
	}
	return k
}

// Describe returns what a key means, or false if there is no such key here.
func (p Place) Describe(name string) (Key, bool) {
	for _, s := range p.options {
		if inner := s.Properties[name]; inner != nil {
			return p.key(name, inner), true
		}
	}
	return Key{}, false
}

// Words returns the words that a text here may be, if only certain words are allowed; and
// true and false for a truth.
func (p Place) Words() (words []string) {
	for _, s := range p.options {
		for _, word := range s.Enum {
			if text, ok := word.(string); ok && !slices.Contains(words, text) {
				words = append(words, text)
			}
		}
		if s.Type == "boolean" {
			words = append(words, "true", "false")
		}
	}
	return words
}
