package node

import (
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"nudge/lang/diag"
)

// Value is any value of a file: a scalar, a mapping or a list. Its accessors report a value
// of another kind.
type Value struct {
	src  *source
	n    *yaml.Node
	name string // the key it stands under, for messages; empty for items of lists
}

// Span returns the place of the value.
func (v *Value) Span() diag.Span { return v.src.span(v.n) }

// Errorf reports an error at the value. The hint may be empty.
func (v *Value) Errorf(code diag.Code, hint, format string, args ...any) {
	v.src.list.Errorf(v.Span(), code, hint, format, args...)
}

// Warnf reports a warning at the value. The hint may be empty.
func (v *Value) Warnf(code diag.Code, hint, format string, args ...any) {
	v.src.list.Warnf(v.Span(), code, hint, format, args...)
}

// IsMap reports whether the value is a mapping.
func (v *Value) IsMap() bool { return v != nil && v.n.Kind == yaml.MappingNode }

// IsList reports whether the value is a list.
func (v *Value) IsList() bool { return v != nil && v.n.Kind == yaml.SequenceNode }

// IsText reports whether the value is a scalar and not empty.
func (v *Value) IsText() bool { return v != nil && v.n.Kind == yaml.ScalarNode && !v.IsEmpty() }

// IsEmpty reports whether the value is missing or null.
func (v *Value) IsEmpty() bool { return v == nil || v.n.Tag == "!!null" }

// Map returns the value as a mapping. If it is not one, Map reports it and returns nil.
func (v *Value) Map() *Map {
	if v == nil {
		return nil
	}
	if !v.IsMap() {
		v.wrongKind("a mapping")
		return nil
	}
	return &Map{at: v}
}

// MapOf is Map for a mapping with one of these keys. If the value is text that begins with
// such a key, the hint shows the mapping that was meant.
func (v *Value) MapOf(keys ...string) *Map {
	if !v.IsText() {
		return v.Map()
	}
	for _, key := range keys {
		rest, ok := strings.CutPrefix(v.n.Value, key)
		if ok && (rest == "" || rest[0] == ' ' || rest[0] == ':') {
			meant := strings.TrimLeft(rest, " :")
			if meant == "" {
				meant = "and its value"
			}
			v.Errorf(codeWrongKind, "write "+key+": "+meant, "this must be a mapping, not %q", v.n.Value)
			return nil
		}
	}
	return v.Map()
}

func (v *Value) mapOr(empty *Map) *Map {
	if m := v.Map(); m != nil {
		return m
	}
	return empty
}

// List returns the items of a list. If the value is not a list, List reports it and returns
// nil.
func (v *Value) List() []*Value {
	if v == nil {
		return nil
	}
	if !v.IsList() {
		v.wrongKind("a list")
		return nil
	}
	items := make([]*Value, len(v.n.Content))
	for i, n := range v.n.Content {
		items[i] = &Value{src: v.src, n: n}
	}
	return items
}

// Text returns any scalar as text. If the value is not a scalar, Text reports it and
// returns nil.
func (v *Value) Text() *Text {
	if v == nil {
		return nil
	}
	if !v.IsText() {
		v.wrongKind("text")
		return nil
	}
	return v.src.text(v.n)
}

// DurationText is Text for a value that must be a duration.
func (v *Value) DurationText() *Text {
	switch {
	case v == nil:
		return nil
	case v.IsEmpty():
		v.Empty(durationFor, "be a duration")
		return nil
	case !v.IsText():
		v.wrongKind("a duration")
		return nil
	}
	return v.Text()
}

// Str returns the text of Text, or an empty text.
func (v *Value) Str() string {
	if t := v.Text(); t != nil {
		return t.Value
	}
	return ""
}

// Bool returns the value as true or false.
func (v *Value) Bool() bool {
	if v == nil {
		return false
	}
	if v.n.Kind != yaml.ScalarNode || v.n.Tag != "!!bool" {
		v.wrongKind("true or false")
		return false
	}
	return strings.EqualFold(v.n.Value, "true")
}

// Int returns the value as a whole number.
func (v *Value) Int() int {
	if v == nil {
		return 0
	}
	n, err := strconv.Atoi(v.n.Value)
	if v.n.Kind != yaml.ScalarNode || v.n.Tag != "!!int" || err != nil {
		v.wrongKind("a whole number")
		return 0
	}
	return n
}

// leadingZero matches a number that begins with a superfluous zero: likely a code or a
// telephone number.
var leadingZero = regexp.MustCompile(`^[-+]?0\d`)

// Literal returns a scalar as YAML reads it: nil, bool, int, float64 or string. Dates stay
// text.
func (v *Value) Literal() any {
	if v == nil || v.n.Kind != yaml.ScalarNode {
		return nil
	}
	if v.n.Style == 0 && (v.n.Tag == "!!int" || v.n.Tag == "!!float") && leadingZero.MatchString(v.n.Value) {
		v.Warnf(codeLeadingZero, "write "+quoted(v.n.Value)+" if it is text", "%s is read as a number and loses its leading zero", v.n.Value)
	}
	switch v.n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(v.n.Value, "true")
	case "!!int":
		if n, err := strconv.Atoi(v.n.Value); err == nil {
			return n
		}
	case "!!float":
		if f, err := strconv.ParseFloat(v.n.Value, 64); err == nil {
			return f
		}
	}
	return v.n.Value
}

func (v *Value) wrongKind(want string) {
	if v.IsEmpty() {
		v.Empty("", "be "+want)
		return
	}
	v.Errorf(codeWrongKind, "", "%s must be %s, not %s", v.called(), want, v.described())
}

// Empty reports a missing value, and what the key must have or do.
func (v *Value) Empty(hint, must string) {
	if v.n.LineComment != "" {
		hint = "everything after # is a comment; put quotes around the text if the # belongs to it"
	}
	v.Errorf(CodeEmpty, hint, "%s is empty; it must %s", v.called(), must)
}

func (v *Value) called() string {
	if v.name == "" {
		return "this"
	}
	return v.name
}

func (v *Value) described() string {
	if k := v.kind(); k != "text" {
		return "a " + k
	}
	return strconv.Quote(v.n.Value)
}

func (v *Value) kind() string {
	switch v.n.Kind {
	case yaml.MappingNode:
		return "mapping"
	case yaml.SequenceNode:
		return "list"
	}
	return "text"
}
