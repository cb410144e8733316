package shape

import (
	"regexp"
	"strings"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// codeBadShape is the code of a shape that cannot be read.
const codeBadShape diag.Code = "bad-shape"

var (
	basic = map[string]*Type{
		"any": Any, "string": String, "number": Number, "boolean": Boolean, "time": Moment, "date": Day,
	}
	basicWords = []string{"string", "number", "boolean", "time", "date", "any"}
	fieldName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	wordForm   = regexp.MustCompile(`^[^\s|{}\[\]]+$`)
)

// Parse reads a shape from a flow or from nudge.yaml. It reports a shape that it cannot
// read and returns Any for it, so that it causes no further mistakes.
func Parse(v *node.Value) *Type { return parse(v, false) }

// ParseProfile reads the shape of people's profiles. It is the only shape whose fields may be marked
// search.
func ParseProfile(v *node.Value) *Type {
	if v.IsMap() {
		return parseMap(v.Map(), true)
	}
	return parse(v, false)
}

// parse reads a shape. Search says whether it may be marked so.
func parse(v *node.Value, search bool) *Type {
	switch {
	case v.IsMap():
		return parseMap(v.Map(), false)
	case v.IsList():
		items := v.List()
		if len(items) != 1 {
			v.Errorf(codeBadShape, "for example [string] or [ { name: string } ]",
				"a list has exactly one shape between its brackets: the shape of its items")
			return Any
		}
		return ListOf(parse(items[0], false))
	}
	t := v.Text()
	if t == nil {
		return Any
	}
	parsed, complaint, hint := parseText(t.Value)
	if complaint != "" {
		v.Errorf(codeBadShape, hint, "%s", complaint)
		return Any
	}
	for inner := parsed; inner != nil; inner, search = inner.Elem, false {
		if inner.Search && (!search || inner.Kind == KindAny || inner.Kind == KindList) {
			v.Errorf(codeBadShape, "remove search here", "search marks fields of profile in nudge.yaml that are text, a number, a boolean, a time or a date")
		}
	}
	return parsed
}

func parseMap(m *node.Map, search bool) *Type {
	fields, places := map[string]*Type{}, map[string][]diag.Span{}
	for _, e := range m.Entries() {
		if !fieldName.MatchString(e.Key.Value) {
			e.Value.Errorf(codeBadShape, "remove it: fields that are not declared are kept too",
				"%q is not a valid field name; use letters, digits and _", e.Key.Value)
			continue
		}
		fields[e.Key.Value], places[e.Key.Value] = parse(e.Value, search), []diag.Span{e.Key.Span}
	}
	return &Type{Kind: KindMap, Fields: fields, Places: places}
}

func parseText(text string) (t *Type, complaint, hint string) {
	text = strings.TrimSpace(text)
	if word, rest := marked(text); word != "" {
		if t, complaint, hint = parseText(rest); complaint != "" {
			return nil, complaint, hint
		}
		if word == wordPrivate && t.Private || word == wordSearch && t.Search {
			return nil, word + " is written twice", "write it once"
		}
		return t.with(word), "", ""
	}
	if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
		if t, complaint, hint = parseText(strings.TrimSuffix(inner, "]")); complaint != "" {
			return nil, complaint, hint
		}
		return ListOf(t), "", ""
	}
	if strings.Contains(text, "|") {
		return parseWords(text)
	}
	if t := basic[text]; t != nil {
		return t, "", ""
	}
	return nil, `"` + text + `" is not a shape`, shapeHint(text)
}

// The words that may stand before a shape, in any order.
const (
	wordOptional = "optional"
	wordPrivate  = "private"
	wordSearch   = "search"
)

// marked splits a text into the first such word and the shape behind it. In alternatives such as
// private | public the same words are values.
func marked(text string) (word, rest string) {
	word, rest, _ = strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case wordOptional, wordPrivate, wordSearch:
		if rest != "" && rest[0] != '|' {
			return word, rest
		}
	}
	return "", text
}

// with returns the same type with what a word before it says.
func (t *Type) with(word string) *Type {
	if word == wordOptional {
		return t.OrNil()
	}
	same := *t
	same.Private = t.Private || word == wordPrivate
	same.Search = t.Search || word == wordSearch
	return &same
}

func parseWords(text string) (t *Type, complaint, hint string) {
	var words []string
	for part := range strings.SplitSeq(text, "|") {
		word := strings.TrimSpace(part)
		if !wordForm.MatchString(word) {
			return nil, "alternatives are words separated by |", "for example open | closed"
		}
		if basic[word] != nil {
			return nil, text + " is not a shape", "alternatives are words, such as open | closed; use any for mixed types"
		}
		words = append(words, word)
	}
	return OneOf(words...), "", ""
}

// shapeHint knows the type names of other languages.
func shapeHint(text string) string {
	if inner, ok := strings.CutSuffix(text, "?"); ok {
		return "write optional " + inner
	}
	switch strings.ToLower(text) {
	case "int", "integer", "float", "double", "decimal":
		return "write number"
	case "bool":
		return "write boolean"
	case "datetime", "timestamp":
		return "write time"
	case "day":
		return "write date"
	case "text", "str", "uuid":
		return "write string"
	case "object", "map", "array", "list":
		return "write its fields, { name: string }, or its items, [string]"
	}
	return diag.DidYouMean(text, basicWords, "Shapes")
}
