package templates

import (
	"nudge/lang/diag"
	"nudge/lang/node"
)

// Text is one template string outside a message, such as the url of a fetch. It is safe for
// concurrent use.
type Text struct{ text *text }

// CompileText checks and compiles a string; it returns nil for a nil one.
func CompileText(t *node.Text, use Use, list *diag.List) *Text {
	if t == nil {
		return nil
	}
	c := newCompiler(use, use.Locale, map[string]bool{}, list)
	c.style = forData
	return &Text{c.text(t)}
}

// Render writes the text for a scope. An error names the file, line and column.
func (t *Text) Render(scope map[string]any) (string, error) { return t.text.render(scope) }

// Value is a structured value with template strings, such as the JSON of a fetch. It is
// safe for concurrent use.
type Value struct{ value structure }

// CompileValue checks and compiles every string of a value; it returns nil for a nil one.
func CompileValue(v *node.Value, use Use, list *diag.List) *Value {
	if v == nil {
		return nil
	}
	c := newCompiler(use, use.Locale, map[string]bool{}, list)
	c.style = forData
	return &Value{c.structure(v)}
}

// Render returns the value for a scope, made of map[string]any, []any and scalars.
func (v *Value) Render(scope map[string]any) (any, error) {
	r := &renderer{scope: scope}
	value := v.value.render(r)
	return value, r.err
}
