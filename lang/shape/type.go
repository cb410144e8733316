package shape

import (
	"maps"
	"slices"
	"strings"

	"nudge/lang/diag"
)

// Kind is the basic kind of a type.
type Kind uint8

const (
	KindAny Kind = iota
	KindString
	KindNumber
	KindBoolean
	KindTime
	KindDate
	KindList
	KindMap
	KindDuration // of an expression only: no data has it
)

var kindNames = [...]string{"any", "string", "number", "boolean", "time", "date", "list", "map", "duration"}

// String returns the word for a kind in a flow.
func (k Kind) String() string { return kindNames[k] }

// Type is the shape of a value. Types are immutable and can be shared.
type Type struct {
	Kind     Kind
	Optional bool             // the value may be nil, or absent from its map
	Words    []string         // of a string: the only values allowed, sorted; empty for all
	Elem     *Type            // of a list
	Fields   map[string]*Type // of a map
	Open     bool             // of a map: a field it does not name is any, not a mistake

	// Places says where files declare the fields of a map, a field of two merged maps at two
	// places; nil or incomplete for maps that no file declares. It changes nothing of the data.
	Places map[string][]diag.Span

	// The marks of a field say who sees its values and whether people are found by them. They
	// change nothing of the data, so they are no part of [Type.String].
	Private bool // its values are masked for those who may only read
	Search  bool // of a field of the profile: people are found by its exact value
}

// The types without parts.
var (
	Any = &Type{Kind: KindAny}
	// Something is a value of unknown type that is certainly there.
	Something = &Type{Kind: KindAny}
	// Nothing is the type of the items of an empty list, which has none. Beside a list of
	// another type it is of that type.
	Nothing = &Type{Kind: KindAny}
	String  = &Type{Kind: KindString}
	Number  = &Type{Kind: KindNumber}
	Boolean = &Type{Kind: KindBoolean}
	Moment  = &Type{Kind: KindTime}
	Day     = &Type{Kind: KindDate}
)

// ListOf returns the type of a list whose items have the type elem.
func ListOf(elem *Type) *Type { return &Type{Kind: KindList, Elem: elem} }

// MapOf returns the type of a map with exactly these fields.
func MapOf(fields map[string]*Type) *Type { return &Type{Kind: KindMap, Fields: fields} }

// OpenMap returns the type of a map with these known fields; any other field has type Any.
func OpenMap(fields map[string]*Type) *Type {
	return &Type{Kind: KindMap, Fields: fields, Open: true}
}

// OneOf returns the type of a string that must be one of some words.
func OneOf(words ...string) *Type {
	words = slices.Clone(words)
	slices.Sort(words)
	return &Type{Kind: KindString, Words: slices.Compact(words)}
}

// OrNil returns the same type, optional.
func (t *Type) OrNil() *Type { return t.withOptional(true) }

// Present returns the same type, not optional.
func (t *Type) Present() *Type { return t.withOptional(false) }

func (t *Type) withOptional(optional bool) *Type {
	switch {
	case t.Kind == KindAny && optional && t == Something:
		return Any
	case t.Kind == KindAny && !optional:
		return Something
	case t.Optional == optional || t.Kind == KindAny:
		return t
	}
	same := *t
	same.Optional = optional
	return &same
}

// MayBeAbsent reports whether a value of the type may be nil. What nobody declared may be.
func (t *Type) MayBeAbsent() bool { return t.Optional || t.Kind == KindAny && t != Something }

// Sure returns the type of a value in which a path of fields is certainly there.
func (t *Type) Sure(path ...string) *Type {
	t = t.Present()
	if len(path) == 0 {
		return t
	}
	field, ok := t.Field(path[0])
	if !ok {
		return t
	}
	same := *t
	if t.Kind == KindAny { // what has a field is a map
		same = *OpenMap(nil)
	}
	if same.Fields = maps.Clone(same.Fields); same.Fields == nil {
		same.Fields = map[string]*Type{}
	}
	same.Fields[path[0]] = field.Sure(path[1:]...)
	return &same
}

// Field returns the type of a map's field, or false if the map cannot have it. Every field
// of Any is Any.
func (t *Type) Field(name string) (*Type, bool) {
	if t.Kind == KindAny {
		return Any, true
	}
	if t.Kind != KindMap {
		return nil, false
	}
	if f, ok := t.Fields[name]; ok {
		return f, true
	}
	return Any, t.Open
}

// Names returns the sorted names of a map's fields.
func (t *Type) Names() []string { return slices.Sorted(maps.Keys(t.Fields)) }

// String returns the type as a flow writes it, on one line, with sorted fields. Equal types
// have equal texts.
func (t *Type) String() string {
	text := t.bare()
	if t.Optional {
		return "optional " + text
	}
	return text
}

func (t *Type) bare() string {
	switch {
	case len(t.Words) > 0:
		return strings.Join(t.Words, " | ")
	case t.Kind == KindList:
		return "[" + t.Elem.String() + "]"
	case t.Kind == KindMap:
		return t.mapText()
	}
	return t.Kind.String()
}

func (t *Type) mapText() string {
	var fields []string
	for _, name := range t.Names() {
		fields = append(fields, name+": "+t.Fields[name].String())
	}
	if t.Open {
		fields = append(fields, "…")
	}
	if len(fields) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(fields, ", ") + " }"
}

// Described returns the type with its article, for messages: a number, a list, …
func (t *Type) Described() string {
	switch t.Kind {
	case KindAny:
		return "a value of unknown type"
	case KindTime:
		return "a time"
	case KindString:
		return "text"
	}
	return "a " + t.Kind.String()
}
