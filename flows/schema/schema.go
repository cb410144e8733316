package schema

import (
	"bytes"
	"encoding/json"
	"maps"
)

// draft is the version of JSON Schema that every editor knows.
const draft = "http://json-schema.org/draft-07/schema#"

// schema is one JSON Schema.
type schema struct {
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
	Properties          map[string]*schema `json:"properties,omitempty"`
	PropertyNames       *schema            `json:"propertyNames,omitempty"`
	Required            []string           `json:"required,omitempty"`
	Additional          any                `json:"additionalProperties,omitempty"` // false, or a schema
	Dependencies        map[string]any     `json:"dependencies,omitempty"`
	Items               *schema            `json:"items,omitempty"`
	MinItems            int                `json:"minItems,omitempty"`
	MaxItems            int                `json:"maxItems,omitempty"`
	MinProperties       int                `json:"minProperties,omitempty"`
	Contains            *schema            `json:"contains,omitempty"`
	AnyOf               []*schema          `json:"anyOf,omitempty"`
	OneOf               []*schema          `json:"oneOf,omitempty"`
	AllOf               []*schema          `json:"allOf,omitempty"`
	Not                 *schema            `json:"not,omitempty"`
	Examples            []any              `json:"examples,omitempty"`
	Definitions         map[string]*schema `json:"definitions,omitempty"`

	order []string // the names of Properties as they are told to people
}

// document is a schema with what it refers to, as JSON. Equal schemas are equal text.
func document(root *schema, definitions map[string]*schema) []byte {
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
	value *schema
	must  bool
}

// key is a key with what it means, in Markdown, and examples of its value.
func key(name, says string, value *schema, examples ...any) property {
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
func mapping(title, says string, keys ...property) *schema {
	s := &schema{
		Title: title, Description: plain(says), MarkdownDescription: says, Type: "object",
		Properties: map[string]*schema{}, Additional: false,
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

func ref(name string) *schema            { return &schema{Ref: "#/definitions/" + name} }
func anyOf(options ...*schema) *schema   { return &schema{AnyOf: options} }
func oneOrMore(item *schema) *schema     { return anyOf(item, listOf(item, 1)) }
func has(names ...string) *schema        { return &schema{Required: names} }
func hasNot(name string) *schema         { return &schema{Not: has(name)} }
func listOf(item *schema, n int) *schema { return &schema{Type: "array", Items: item, MinItems: n} }

// exactlyOne says that a mapping has one of the keys and only one.
func exactlyOne(names ...string) []*schema {
	var options []*schema
	for _, name := range names {
		options = append(options, has(name))
	}
	return options
}

// notTogether says that a mapping has one of two keys at most.
func notTogether(a, b string) *schema { return &schema{Not: has(a, b)} }
