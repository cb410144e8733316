package model

import (
	"regexp"
	"strconv"
	"strings"
)

var placeholder = regexp.MustCompile(`{{ *([a-z_][a-z_0-9.]*) *}}`)

// body is the text of the message of a send step, with its places filled in, and
// whether all of them could be. Of a text with more than names in its places nothing
// is known.
func (w *walk) body(s *step) (body string, known, ok bool) {
	source := text(get(s.node, "body"))
	if source == "" {
		name := text(s.node)
		if name == "" {
			name = text(get(s.node, "template"))
		}
		source = w.flow.texts[name]
	}
	ok, known = true, true
	body = placeholder.ReplaceAllStringFunc(source, func(place string) string {
		path := placeholder.FindStringSubmatch(place)[1]
		v, err := evaluate(path, w.names(nil))
		switch x := v.(type) {
		case string:
			return x
		case int:
			return strconv.Itoa(x)
		case nil:
			ok = ok && err != nil
		}
		known = false
		return ""
	})
	known = known && !strings.Contains(placeholder.ReplaceAllString(source, ""), "{{")
	return strings.TrimRight(body, "\n"), known, ok
}

// renders makes the text of the newest message. It reports whether that could be made, and
// whether it has braces in it that the provider would take for its own.
func (w *walk) renders(s *step) (ok, merge bool) {
	body, known, ok := w.body(s)
	if ok && known {
		w.run.bodies[len(w.messages)] = body
	}
	return ok, ok && known && !w.flow.mergeFields && strings.Contains(body, "{{")
}
