package model

import (
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

var (
	action = regexp.MustCompile(`{{ *((?:"[^"]*"|[^"{}])*?) *}}`)
	block  = regexp.MustCompile(`{{-? *(if|with|range) `)
	named  = regexp.MustCompile(`^([a-z_][a-z_0-9.]*)(?: \| default "([^"]*)")?$`)
)

// filled is a text with its places filled in.
type filled struct {
	text  string
	known bool // of a text with more than names in its places nothing is known
	ok    bool // all of them could be filled in
}

func (w *walk) fill(source string) filled {
	f := filled{known: true, ok: true}
	asks := block.MatchString(source) // so a value may be absent where it is not written
	f.text = action.ReplaceAllStringFunc(source, func(found string) string {
		inside := named.FindStringSubmatch(action.FindStringSubmatch(found)[1])
		if inside == nil || inside[1] == "end" || inside[1] == "else" {
			f.known = false
			return ""
		}
		v, err := evaluate(inside[1], w.names(nil))
		if v == nil && err == nil && inside[2] != "" {
			v = inside[2]
		}
		switch x := v.(type) {
		case string:
			return x
		case int:
			return strconv.Itoa(x)
		case nil:
			f.ok = f.ok && (err != nil || asks)
		}
		f.known = false
		return ""
	})
	return f
}

// message is what a send step says its message is.
func (w *walk) message(s *step) *yaml.Node {
	name := text(s.node)
	if name == "" {
		name = text(get(s.node, "template"))
	}
	if name == "" {
		return s.node
	}
	return w.flow.texts[name]
}

// renders makes the texts of the newest message. It reports whether they could be made, and
// whether there are braces in them that the provider would take for its own.
func (w *walk) renders(s *step) (ok, merge bool) {
	m := w.message(s)
	body := w.fill(text(get(m, "body")))
	ok = body.ok
	if body.ok && body.known {
		w.run.bodies[len(w.messages)] = strings.TrimRight(body.text, "\n")
	}
	for _, one := range textsIn(m) {
		f := w.fill(one)
		ok = ok && f.ok
		merge = merge || f.known && !w.flow.mergeFields && strings.Contains(f.text, "{{")
	}
	return ok, ok && merge
}

// textsIn are all texts in a part of a file.
func textsIn(n *yaml.Node) (texts []string) {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	for i, part := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			texts = append(texts, textsIn(part)...)
		}
	}
	return texts
}
