package templates

import (
	"encoding/json"
	"fmt"
	"strings"

	"nudge/channels"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// structure is a value whose leaves are templates.
type structure interface {
	render(r *renderer) any
}

type (
	object  []field // in the order of the file
	array   []structure
	leaf    struct{ *text }
	literal struct{ value any }
)

type field struct {
	name  string
	value structure
}

// structure compiles every leaf of a value; nil for an absent one.
func (c *compiler) structure(v *node.Value) structure {
	switch {
	case v == nil:
		return nil
	case v.IsMap():
		return c.object(v.Map().Entries())
	case v.IsList():
		a := array{}
		for _, item := range v.List() {
			a = append(a, c.structure(item))
		}
		return a
	}
	if s, ok := v.Literal().(string); !ok || !strings.Contains(s, mergeField) {
		return literal{v.Literal()}
	}
	return leaf{c.text(v.Text())}
}

// object compiles the entries of a mapping.
func (c *compiler) object(entries []node.Entry) object {
	o := object{}
	for _, e := range entries {
		if strings.Contains(e.Key.Value, mergeField) {
			c.list.Errorf(e.Key.Span, codeMergeField, "", "keys cannot be templates")
		}
		o = append(o, field{e.Key.Value, c.structure(e.Value)})
	}
	return o
}

func (o object) render(r *renderer) any {
	m := make(map[string]any, len(o))
	for _, f := range o {
		m[f.name] = f.value.render(r)
	}
	return m
}

func (a array) render(r *renderer) any {
	items := make([]any, len(a))
	for i, item := range a {
		items[i] = item.render(r)
	}
	return items
}

func (l literal) render(*renderer) any { return l.value }

// render returns the text of a leaf, or the value itself if the leaf is a single action.
func (l leaf) render(r *renderer) any {
	if !l.single {
		return r.text(l.text)
	}
	if r.err != nil {
		return nil
	}
	out, err := l.execute(l.typed, r.scope)
	if err == nil {
		err = l.checkMergeField(out)
	}
	if err != nil {
		r.err = err
		return nil
	}
	value, err := shape.Any.Decode([]byte(out))
	if err != nil {
		r.err = l.located(err)
	}
	return value
}

// renderer renders the parts of one message and keeps the first error.
type renderer struct {
	scope map[string]any
	err   error
}

func (r *renderer) text(t *text) string {
	if t == nil || r.err != nil {
		return ""
	}
	out, err := t.render(r.scope)
	r.err = err
	return out
}

// filled renders a text that must not be empty, nor the prefix of a team without its name.
func (r *renderer) filled(t *text, what string) string {
	out := r.text(t)
	name, team := channels.TeamOf(out)
	if r.err == nil && (strings.TrimSpace(out) == "" || team && strings.TrimSpace(name) == "") {
		r.err = fmt.Errorf("%s: the %s is empty", t.source.Span, what)
	}
	return out
}

func (r *renderer) value(s structure) any {
	if s == nil {
		return nil
	}
	return s.render(r)
}

func (r *renderer) object(s structure) map[string]any {
	m, _ := r.value(s).(map[string]any)
	return m
}

// json returns a structure as the text of a part. Nested objects cannot produce the {{ of a
// merge field, because a key always stands between two braces.
func (r *renderer) json(s structure) string {
	out, err := json.Marshal(s.render(r))
	if err != nil && r.err == nil {
		r.err = err
	}
	return string(out)
}
