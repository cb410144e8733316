package node

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"nudge/lang/diag"
)

const (
	// maxBytes is how many bytes a YAML file may have; a larger one is a mistake.
	maxBytes = 1 << 20
	// maxDepth is how deep mappings and lists may be nested; a deeper one is a mistake.
	maxDepth = 64
	// maxKeys is how many keys of one mapping are reported for the same mistake; more are left
	// out.
	maxKeys = 100
)

// Parse reads one YAML document whose top level is a mapping. It adds mistakes to list, and
// so do the accessors later. It never returns nil; the map is empty if the file cannot be
// read.
func Parse(file string, text []byte, list *diag.List) *Map {
	src := &source{file: file, list: list}
	empty := &Map{at: &Value{src: src, n: &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}}}
	if !src.readable(text) {
		return empty
	}
	src.lines = splitLines(string(text))
	root, err := decode(text)
	if err != nil {
		src.syntaxError(err)
		return empty
	}
	if root == nil {
		return empty
	}
	if !src.plain(root, 0) {
		return empty
	}
	return (&Value{src: src, n: root}).mapOr(empty)
}

// oddLineBreak reports whether the text contains characters that end a line in YAML but not
// in most editors: the line numbers after them would be wrong.
func oddLineBreak(text []byte) bool {
	for i, c := range text {
		if c == '\r' && (i+1 == len(text) || text[i+1] != '\n') {
			return true
		}
	}
	return bytes.ContainsAny(text, "\u0085\u2028\u2029")
}

// directive matches a line that the parser takes for a directive wherever it may begin a
// document. The parser compares each with all before it.
var directive = regexp.MustCompile(`(?m)^%`)

// readable reports whether a file is fit for the YAML parser.
func (s *source) readable(text []byte) bool {
	whole := diag.Span{File: s.file}
	switch {
	case len(text) > maxBytes:
		s.list.Errorf(whole, CodeTooLarge, "split the file", "the file has %d bytes; the limit is %d", len(text), maxBytes)
	case !utf8.Valid(text):
		s.list.Errorf(whole, CodeSyntax, "save it as UTF-8", "the file is not UTF-8 text")
	case oddLineBreak(text):
		s.list.Errorf(whole, CodeSyntax, `end lines with \n; inside quotes, write such characters as \u2028`,
			"the file has line breaks that most editors ignore")
	case directive.Match(text):
		line := bytes.Count(text[:directive.FindIndex(text)[0]], []byte("\n")) + 1
		s.list.Errorf(s.lineSpan(line, 1, 2), CodeSyntax, "remove a directive; indent the line of a text", "a line must not begin with %%")
	default:
		return true
	}
	return false
}

// decode parses the one document of a text and returns nil for an empty one. The parser
// panics on some malformed documents.
func decode(text []byte) (root *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, fmt.Errorf("yaml: %v", r)
		}
	}()
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if err.Error() == "EOF" {
			return nil, nil
		}
		return nil, err
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		return nil, fmt.Errorf("yaml: line %d: a second document begins here; a file holds one", second.Line)
	} else if err.Error() != "EOF" {
		return nil, err
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return nil, nil
	}
	return doc.Content[0], nil
}

// plain reports aliases, anchors, merge keys, tags, duplicate keys and too many levels. It
// returns whether the tree can be read anyway.
func (s *source) plain(n *yaml.Node, depth int) bool {
	v := &Value{src: s, n: n}
	if depth > maxDepth {
		v.Errorf(codeTooDeep, "", "nested more than %d levels deep", maxDepth)
		return false
	}
	ok := s.plainNode(v)
	if n.Kind == yaml.MappingNode {
		ok = s.plainKeys(n) && ok
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && len(child.Content) > 0 {
			continue // a key that is no word is reported
		}
		ok = s.plain(child, depth+1) && ok
	}
	return ok
}

func (s *source) plainNode(v *Value) bool {
	n := v.n
	switch {
	case n.Kind == yaml.AliasNode:
		v.Errorf(codeAlias, "write the value out", "aliases (*%s) are not allowed here", n.Value)
	case n.Anchor != "":
		v.Errorf(codeAlias, "if it is text, quote it", "anchors (&%s) are not allowed here", n.Anchor)
	case n.Tag == "!!merge":
		v.Errorf(codeAlias, "write the keys out", "merge keys (<<) are not allowed here")
	case n.Style&yaml.TaggedStyle != 0:
		s.untag(v)
		return true
	default:
		return true
	}
	return false
}

// untag reports a tag and goes on with the likely meaning: text that begins with an
// exclamation mark.
func (s *source) untag(v *Value) {
	text := strings.TrimSpace(v.n.Tag + " " + v.n.Value)
	v.Errorf(codeTag, "quote it: "+singleQuoted(text), "YAML reads %s as a tag, not as text", v.n.Tag)
	if v.n.Kind == yaml.ScalarNode {
		v.n.Tag, v.n.Value, v.n.Style = "!!str", text, 0
	}
}

func (s *source) plainKeys(n *yaml.Node) bool {
	ok := true
	seen, twice := map[string]*yaml.Node{}, 0
	for i := 0; i < len(n.Content); i += 2 {
		key := &Value{src: s, n: n.Content[i]}
		if key.n.Kind != yaml.ScalarNode {
			s.badKey(n, key)
			return false
		}
		if i > 0 && n.Style&yaml.FlowStyle != 0 && cutByComma(key.n, n.Content[i+1]) {
			key.Errorf(CodeSyntax, "put quotes around the whole value", "inside { }, the comma before %s ends the value", key.n.Value)
			ok = false
			continue
		}
		if first := seen[key.n.Value]; first != nil {
			if twice++; twice > maxKeys {
				return ok
			}
			key.Errorf(codeKeyTwice, "", "duplicate key %q; first defined on line %d",
				key.n.Value, first.Line)
			continue
		}
		seen[key.n.Value] = key.n
	}
	return ok
}

// badKey reports a key that is a mapping or list: most likely a {{ }} without quotes.
func (s *source) badKey(n *yaml.Node, key *Value) {
	line := s.line(n.Line)
	if from := n.Column - 1; from >= 0 && from < len(line) && strings.HasPrefix(string(line[from:]), "{{") {
		text := string(line[from:])
		if end := strings.LastIndex(text, "}}"); end > 0 {
			text = text[:end+2]
		}
		message, hint := bracesNeedQuotes(string(line[:from]), text)
		s.list.Errorf(s.lineSpan(n.Line, n.Column, n.Column+len([]rune(text))), CodeSyntax, hint, "%s", message)
		return
	}
	key.Errorf(CodeSyntax, "", "a key must be a word, not a %s", key.kind())
}

// cutByComma reports whether a key inside { } is really the rest of a value that contains
// a comma, as in { if: max(1, data.n) > 3 }.
func cutByComma(key, value *yaml.Node) bool {
	return value.Tag == "!!null" && value.Value == "" && key.Style == 0 && strings.ContainsAny(key.Value, "()[]\"'<>=. ")
}

func singleQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Readable reports whether a file can be read as one YAML document whose top level is a
// mapping, and adds the reasons to list if not. An empty file can be read.
func Readable(file string, text []byte, list *diag.List) bool {
	src := &source{file: file, list: list}
	if !src.readable(text) {
		return false
	}
	src.lines = splitLines(string(text))
	root, err := decode(text)
	if err != nil {
		src.syntaxError(err)
		return false
	}
	if root == nil {
		return true
	}
	v := &Value{src: src, n: root}
	return src.plain(root, 0) && v.Map() != nil
}
