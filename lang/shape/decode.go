package shape

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep JSON may be nested; a deeper one does not fit its shape, and is refused.
const maxDepth = 32

// Mismatch says where JSON does not have its shape.
type Mismatch struct {
	Path string // data.items[2].price; empty for the whole
	Want string // what must be there: "a number"
	Got  string // what is there: "text"
}

// Error names the field, the required type and the actual one.
func (m *Mismatch) Error() string {
	path := m.Path
	if path == "" {
		path = "it"
	}
	if m.Got == "" {
		return path + " " + m.Want
	}
	return path + " must be " + m.Want + ", got " + m.Got
}

// At returns the same mismatch with its path below a name, such as data.
func (m *Mismatch) At(name string) *Mismatch {
	below := *m
	switch {
	case m.Path == "":
		below.Path = name
	case strings.HasPrefix(m.Path, "["):
		below.Path = name + m.Path
	default:
		below.Path = name + "." + m.Path
	}
	return &below
}

// Decode reads one JSON value of this shape, strictly: a number is not text, a key must not
// come twice, and nothing may follow the value. It returns string, bool, int, float64, nil,
// Time, Date, map[string]any and []any; a whole number is an int if it fits. The error is a
// [*Mismatch].
func (t *Type) Decode(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, &Mismatch{Want: "UTF-8 text", Got: "other bytes"}
	}
	r := &reader{text: raw}
	value, err := r.value(t, 0)
	if err != nil {
		return nil, err
	}
	if r.space(); r.at < len(raw) {
		return nil, r.malformed("nothing after the value")
	}
	return value, nil
}

// value reads the next value, which must have the shape t.
func (r *reader) value(t *Type, depth int) (any, *Mismatch) {
	if depth > maxDepth {
		return nil, &Mismatch{Path: r.pathText(), Want: "nested at most " + strconv.Itoa(maxDepth) + " levels deep", Got: "more"}
	}
	c, ok := r.peek()
	if !ok {
		return nil, r.malformed("a JSON value")
	}
	switch {
	case c == '{':
		if t.Kind != KindMap && t.Kind != KindAny {
			return nil, r.mismatch(t, "an object")
		}
		return r.object(t, depth)
	case c == '[':
		if t.Kind != KindList && t.Kind != KindAny {
			return nil, r.mismatch(t, "a list")
		}
		return r.list(t, depth)
	case c == '"':
		return r.quoted(t)
	case c == '-' || c >= '0' && c <= '9':
		return r.number(t)
	}
	return r.literal(t)
}

func (r *reader) object(t *Type, depth int) (any, *Mismatch) {
	fields := make(map[string]any, len(t.Fields))
	r.at++
	for first := true; !r.ends('}'); first = false {
		if !first && !r.take(',') {
			return nil, r.malformed("a comma between two fields")
		}
		if c, _ := r.peek(); c != '"' {
			return nil, r.malformed("a field's name in quotes")
		}
		name, bad := r.str()
		if bad != nil {
			return nil, bad
		}
		if !r.take(':') {
			return nil, r.malformed("a colon after a field's name")
		}
		r.push(name)
		if _, twice := fields[name]; twice {
			return nil, &Mismatch{Path: r.pathText(), Want: "there once", Got: "two of it"}
		}
		field := t.Fields[name]
		if field == nil {
			field = Any
		}
		value, bad := r.value(field, depth+1)
		if bad != nil {
			return nil, bad
		}
		fields[name] = value
		r.pop()
	}
	return fields, r.complete(t, fields)
}

// complete checks that every field of the shape is present. It sets an absent field to nil
// if the field is optional or any, and reports it otherwise.
func (r *reader) complete(t *Type, fields map[string]any) *Mismatch {
	var missing []string
	for name, field := range t.Fields {
		if _, ok := fields[name]; ok {
			continue
		}
		if !field.Optional && field.Kind != KindAny {
			missing = append(missing, name)
			continue
		}
		fields[name] = nil
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	r.push(missing[0])
	return &Mismatch{Path: r.pathText(), Want: "is missing; it must be " + wanted(t.Fields[missing[0]])}
}

func (r *reader) list(t *Type, depth int) (any, *Mismatch) {
	elem := t.Elem
	if elem == nil {
		elem = Any
	}
	items := []any{}
	r.at++
	for !r.ends(']') {
		if len(items) > 0 && !r.take(',') {
			return nil, r.malformed("a comma between two items")
		}
		r.pushIndex(len(items))
		item, bad := r.value(elem, depth+1)
		if bad != nil {
			return nil, bad
		}
		items = append(items, item)
		r.pop()
	}
	return items, nil
}

func (r *reader) quoted(t *Type) (any, *Mismatch) {
	start := r.at
	s, bad := r.str()
	if bad != nil {
		return nil, bad
	}
	switch t.Kind {
	case KindAny:
		return s, nil
	case KindTime:
		if instant, err := ParseTime(s); err == nil {
			return instant, nil
		}
		return nil, r.mismatch(t, strings.ToValidUTF8(shortened(string(r.text[start:r.at])), "…"))
	case KindDate:
		if day, err := ParseDate(s); err == nil {
			return day, nil
		}
		return nil, r.mismatch(t, strings.ToValidUTF8(shortened(string(r.text[start:r.at])), "…"))
	case KindString:
		if len(t.Words) == 0 || slices.Contains(t.Words, s) {
			return s, nil
		}
		return nil, r.mismatch(t, strings.ToValidUTF8(shortened(string(r.text[start:r.at])), "…"))
	}
	return nil, r.mismatch(t, "text")
}

func (r *reader) number(t *Type) (any, *Mismatch) {
	n, bad := r.num()
	if bad != nil {
		return nil, bad
	}
	if t.Kind != KindAny && t.Kind != KindNumber {
		return nil, r.mismatch(t, "a number")
	}
	return n, nil
}

func (r *reader) literal(t *Type) (any, *Mismatch) {
	switch {
	case r.word("true"), r.word("false"):
		if t.Kind != KindAny && t.Kind != KindBoolean {
			return nil, r.mismatch(t, "true or false")
		}
		return r.text[r.at-2] == 'u', nil // true and not false
	case r.word("null"):
		if t.Kind != KindAny && !t.Optional {
			return nil, r.mismatch(t, "null")
		}
		return nil, nil
	}
	return nil, r.malformed("a JSON value")
}

func (r *reader) mismatch(t *Type, got string) *Mismatch {
	return &Mismatch{Path: r.pathText(), Want: wanted(t), Got: got}
}

// wanted names a type in the words of a mismatch.
func wanted(t *Type) string {
	switch {
	case len(t.Words) > 0:
		return "one of " + strings.Join(t.Words, ", ")
	case t.Kind == KindAny:
		return "some value"
	case t.Kind == KindMap:
		return "an object"
	case t.Kind == KindBoolean:
		return "true or false"
	case t.Kind == KindTime:
		return "a time such as 2026-03-05T14:00:00Z"
	case t.Kind == KindDate:
		return "a date such as 2026-03-05"
	}
	return t.Described()
}

func shortened(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
