package app

import (
	"fmt"
	"strings"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// Codes for mistakes in a text of the settings.
const (
	codeUnset    = "unset-variable"
	codeVariable = "bad-variable"
)

// str returns a text with its variables expanded. It returns "" for nil and for a text
// with errors.
func (r *reader) str(t *node.Text) string {
	if t == nil {
		return ""
	}
	value, wrong := expand(t.Value, r.env)
	if wrong != nil {
		r.list.Errorf(t.At(wrong.from, wrong.to), wrong.code, wrong.hint, "%s", wrong.text)
		return ""
	}
	if value == "" {
		r.list.Errorf(t.Span, node.CodeEmpty, "set the variable, or leave the key out", "this is empty")
	}
	return value
}

// texts reads a list of texts. A single text counts as a list with one element.
func (r *reader) texts(v *node.Value, key string) []string {
	if v == nil {
		return nil
	}
	items := []*node.Value{v}
	if !v.IsText() {
		items = v.List()
	}
	if v.IsList() && len(items) == 0 {
		v.Errorf(node.CodeEmpty, "leave it out", "%s has no entry", key)
	}
	var texts []string
	for _, item := range items {
		if text := r.str(item.Text()); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// minSecret is how many characters tokens and secrets have at least; a shorter one is a mistake
// of the settings. It can be guessed, and hiding it wherever it stands would hide letters of
// other words.
const minSecret = 8

// secretTexts reads a list of secrets.
func (r *reader) secretTexts(v *node.Value, key string) []string {
	texts := r.texts(v, key)
	for _, text := range texts {
		if !r.longEnough(v, text, key) {
			return nil
		}
	}
	return texts
}

// wrongVariable is a mistake in the characters of a text from up to, but not including,
// to.
type wrongVariable struct {
	from, to   int
	code       diag.Code
	text, hint string
}

// expand replaces variables with their values:
//
//	${NAME}            its value; an error if it is not set
//	${NAME:-default}   the default, if it is not set or empty
//	$$                 a dollar
//
// Any other dollar is an error. Otherwise $NAME could be sent somewhere unexpanded.
func expand(text string, env Environment) (string, *wrongVariable) {
	var b strings.Builder
	for rest := text; ; {
		plain, after, found := strings.Cut(rest, "$")
		b.WriteString(plain)
		if !found {
			return b.String(), nil
		}
		from := len([]rune(text)) - len([]rune(after)) - 1
		if tail, ok := strings.CutPrefix(after, "$"); ok {
			b.WriteByte('$')
			rest = tail
			continue
		}
		inner, tail, closed := strings.Cut(after, "}")
		if !strings.HasPrefix(inner, "{") || !closed {
			return "", &wrongVariable{from: from, to: from + 1, code: codeVariable,
				text: "a $ begins a variable here: ${NAME}", hint: "write $$ for a dollar"}
		}
		value, wrong := variable(inner[1:], env)
		if wrong != nil {
			wrong.from, wrong.to = from, from+len([]rune(inner))+2
			return "", wrong
		}
		b.WriteString(value)
		rest = tail
	}
}

func variable(inner string, env Environment) (string, *wrongVariable) {
	name, fallback, optional := strings.Cut(inner, ":-")
	if !isVariable(name) {
		return "", &wrongVariable{code: codeVariable, text: "there is no variable's name in the braces",
			hint: "for example ${COMAPI_TOKEN}"}
	}
	value, set := env(name)
	switch {
	case value == "" && optional:
		return fallback, nil
	case !set:
		return "", &wrongVariable{code: codeUnset,
			text: fmt.Sprintf("the environment variable %s is not set", name),
			hint: fmt.Sprintf("set it, or give a default: ${%s:-…}", name)}
	}
	return value, nil
}

func isVariable(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
