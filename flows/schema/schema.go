package schema

import (
	"bytes"
	"encoding/json"
	"maps"
)

// draft is the version of JSON Schema that every editor knows.
const draft = "http://json-schema.org/draft-07/schema#"

// Schema is one JSON Schema.
type Schema struct {
	Draft               string             `json:"$schema,omitempty"`
	Ref                 string             `json:"$ref,omitempty"`
	Title               string             `json:"title,omitempty"`
	Description         string             `json:"description,omitempty"`
	MarkdownDescription string             `json:"markdownDescription,omitempty"`
	Type                any                `json:"type,omitempty"` // one name or several
	Enum                []any              `json:"enum,omitempty"`
	Pattern             string             `json:"pattern,omitempty"`
	PatternMessage      string             `json:"patternErrorMessage,omitempty"`
	Minimum             *int               `json:"minimum,omitempty"`
	Maximum             *int               `json:"maximum,omitempty"`
	Properties          map[string]*Schema `json:"properties,omitempty"`
	PropertyNames       *Schema            `json:"propertyNames,omitempty"`
	Required            []string           `json:"required,omitempty"`
	Additional          any                `json:"additionalProperties,omitempty"` // false, or a schema
	Dependencies        map[string]any     `json:"dependencies,omitempty"`
	Items               *Schema            `json:"items,omitempty"`
	MinItems            int                `json:"minItems,omitempty"`
	MaxItems            int                `json:"maxItems,omitempty"`
	MinProperties       int                `json:"minProperties,omitempty"`
	Contains            *Schema            `json:"contains,omitempty"`
	AnyOf               []*Schema          `json:"anyOf,omitempty"`
	OneOf               []*Schema          `json:"oneOf,omitempty"`
	AllOf               []*Schema          `json:"allOf,omitempty"`
	Not                 *Schema            `json:"not,omitempty"`
	Examples            []any              `json:"examples,omitempty"`
	Definitions         map[string]*Schema `json:"definitions,omitempty"`

	order []string // the names of Properties as they are told to people
}

// document is a schema with what it refers to, as JSON. Equal schemas are equal text.
func document(root *Schema, definitions map[string]*Schema) []byte {
	whole := *root
	whole.Draft, whole.Definitions = draft, maps.Clone(definitions)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(&whole); err != nil {
		panic("schema: it cannot be written: " + err.Error())
	}
	return out.Bytes()
}

// property is one key of a mapping.
type property struct {
	name  string
	value *Schema
	must  bool
}

// key is a key with what it means, in Markdown, and examples of its value.
func key(name, says string, value *Schema, examples ...any) property {
	same := *value
	same.Title, same.Description, same.MarkdownDescription = name, plain(says), says
	if len(examples) > 0 {
		same.Examples = examples
	}
	return property{name: name, value: &same}
}

// must is a key that has to be there.
func must(p property) property {
	p.must = true
	return p
}

// mapping is a mapping with these keys and no others.
func mapping(title, says string, keys ...property) *Schema {
	s := &Schema{
		Title: title, Description: plain(says), MarkdownDescription: says, Type: "object",
		Properties: map[string]*Schema{}, Additional: false,
	}
	for _, k := range keys {
		s.Properties[k.name], s.order = k.value, append(s.order, k.name)
		if k.must {
			s.Required = append(s.Required, k.name)
		}
	}
	return s
}

// plain is Markdown for editors that show none.
func plain(markdown string) string {
	return string(bytes.ReplaceAll([]byte(markdown), []byte("`"), nil))
}

func ref(name string) *Schema            { return &Schema{Ref: "#/definitions/" + name} }
func anyOf(options ...*Schema) *Schema   { return &Schema{AnyOf: options} }
func oneOrMore(item *Schema) *Schema     { return anyOf(item, listOf(item, 1)) }
func has(names ...string) *Schema        { return &Schema{Required: names} }
func hasNot(name string) *Schema         { return &Schema{Not: has(name)} }
func listOf(item *Schema, n int) *Schema { return &Schema{Type: "array", Items: item, MinItems: n} }

// exactlyOne says that a mapping has one of the keys and only one.
func exactlyOne(names ...string) []*Schema {
	var options []*Schema
	for _, name := range names {
		options = append(options, has(name))
	}
	return options
}

// notTogether says that a mapping has one of two keys at most.
func notTogether(a, b string) *Schema { return &Schema{Not: has(a, b)} }
