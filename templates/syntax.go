package templates

import (
	"errors"
	"regexp"
	"strings"

	"nudge/lang/node"
)

// action is the place of one {{ … }} in a text, in bytes.
type action struct {
	from, to int
	closed   bool
	quote    int // where a quote in it begins that is not closed; 0 for none
}

// actionsOf finds the actions of a text, also of one that is not a valid template.
func actionsOf(text string) (all []action) {
	for at := 0; ; {
		next := strings.Index(text[at:], "{{")
		if next < 0 {
			return all
		}
		a := action{from: at + next}
		a.to, a.closed, a.quote = actionEnd(text, a.from+2)
		all = append(all, a)
		at = a.to
	}
}

// actionEnd returns the end of the action whose content begins at an index. Braces in
// quotes do not close an action, so it also returns where an open quote begins.
func actionEnd(text string, at int) (end int, closed bool, open int) {
	if rest := strings.TrimLeft(strings.TrimPrefix(text[at:], "-"), " "); strings.HasPrefix(rest, "/*") {
		if i := strings.Index(text[at:], "}}"); i >= 0 {
			return at + i + 2, true, 0
		}
		return len(text), false, 0
	}
	quote := byte(0)
	for i := at; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0 && (c == quote || c == '\n' && quote != '`'):
			quote, open = 0, 0
		case quote != 0:
		case c == '"' || c == '`' || c == '\'':
			quote, open = c, i
		case strings.HasPrefix(text[i:], "}}"):
			return i + 2, true, 0
		case strings.HasPrefix(text[i:], "{{"):
			return i, false, 0
		}
	}
	return len(text), false, open
}

var keyword = regexp.MustCompile(`^\{\{-?\s*(if|range|with|end)\b`)

// openAction returns the last if, range or with that no end closes.
func openAction(text string) (a action, word string, found bool) {
	type open struct {
		action
		word string
	}
	var opened []open
	for _, a := range actionsOf(text) {
		m := keyword.FindStringSubmatch(text[a.from:a.to])
		switch {
		case m == nil:
		case m[1] != "end":
			opened = append(opened, open{a, m[1]})
		case len(opened) > 0:
			opened = opened[:len(opened)-1]
		}
	}
	if len(opened) == 0 {
		return action{}, "", false
	}
	last := opened[len(opened)-1]
	return last.action, last.word, true
}

// syntaxError is a mistake in the syntax of a text, with its place in bytes.
type syntaxError struct {
	from, to      int
	message, hint string
}

var unexpectedToken = regexp.MustCompile(`unexpected (?:bad character \S+ '(.)'|<([^>]+)>|"([^"]*)"|(\S+))|bad character \S+ '(.)'`)

// explainSyntax finds the place of a mistake and says it in plain words. The parser of Go
// knows only the line, and names its own states. It fails at the first action that is
// wrong, so parsing ever longer pieces of the text finds that action.
func explainSyntax(text, message string, parses func(string) string) syntaxError {
	all := actionsOf(text)
	for _, a := range all {
		if a.quote > 0 {
			return syntaxError{a.quote, a.quote + 1, "this quote is not closed", "add " + text[a.quote:a.quote+1] + " at the end of the text"}
		}
		if !a.closed {
			return syntaxError{a.from, a.to, "{{ is not closed", "close it with }}"}
		}
	}
	if strings.Contains(message, "unexpected EOF") {
		if a, word, ok := openAction(text); ok {
			return syntaxError{a.from, a.to, "this " + word + " is not closed", "add {{ end }} after its text"}
		}
	}
	e := syntaxError{from: 0, to: len(text)}
	for _, a := range all {
		if problem := parses(text[:a.to]); problem != "" && !strings.Contains(problem, "unexpected EOF") {
			e.from, e.to, message = a.from, a.to, problem
			break
		}
	}
	e.plain(text, message)
	return e
}

// plain sets the message and hint for a message of Go's parser, and narrows the place to
// the token that it names.
func (e *syntaxError) plain(text, message string) {
	inside := text[e.from:e.to]
	narrow := func(token string) {
		if i := strings.Index(inside[min(2, len(inside)):], token); token != "" && i >= 0 {
			e.from += i + 2
			e.to = e.from + len(token)
		}
	}
	switch {
	case strings.Contains(message, "U+002D '-'"):
		narrow("-")
		e.message, e.hint = `unexpected "-"`, "names cannot contain a hyphen, and templates cannot compute"
	case strings.Contains(message, "unexpected {{end}}"):
		e.message, e.hint = "this end closes nothing", "remove it, or add an if, range or with before it"
	case strings.Contains(message, "unexpected {{else") || strings.Contains(message, "expected end; found {{else"):
		e.message, e.hint = "this else does not belong to an if", "put it between an if, range or with and its end"
	case strings.Contains(message, "missing value for"):
		e.message = strings.TrimSuffix(message[strings.Index(message, "missing value for"):], " ")
		if e.message == "missing value for command" {
			e.message, e.hint = "a value is missing here", "write a value, for example {{ data.order_id }}"
		} else {
			e.hint = "write a value after it, for example {{ if data.paid }}"
		}
	case strings.Contains(message, "unterminated") || strings.Contains(message, "invalid syntax"):
		e.message, e.hint = "a quoted text in this action is not closed or not valid", "put text between two quotes: \"there\""
	case strings.Contains(message, "unclosed left paren"):
		e.message, e.hint = "a ( is not closed", "close it with )"
	case strings.Contains(message, "unexpected right paren"):
		e.message, e.hint = "this ) closes nothing", "remove it, or add a ( before it"
	case strings.Contains(message, "undefined variable"):
		_, name, _ := strings.Cut(message, "undefined variable ")
		name = strings.Trim(name, `"`)
		narrow(name)
		e.message, e.hint = "unknown variable "+name, "set it before its use: {{ "+name+" := data.total }}"
	case strings.Contains(message, `number syntax: "+`):
		narrow("+")
		e.message, e.hint = `unexpected "+"`, "templates cannot compute; compute the value in a set step"
	case strings.Contains(message, "number"):
		e.message = "this action contains a number that is not valid"
	case strings.Contains(message, "non executable command") || strings.Contains(message, "is not a command"):
		e.message, e.hint = "a value after | must be a function", `for example {{ data.name | default "there" }}`
	case strings.Contains(message, "break") || strings.Contains(message, "continue"):
		e.message = "break and continue are allowed only inside range"
	default:
		e.unexpected(message, narrow)
	}
}

// unexpected describes a token that does not fit.
func (e *syntaxError) unexpected(message string, narrow func(string)) {
	e.message, e.hint = "this is not a valid template", "write a value or a function with values, for example {{ truncate data.note 60 }}"
	m := unexpectedToken.FindStringSubmatch(message)
	if m == nil {
		return
	}
	token := strings.Join(m[1:], "")
	if token == "EOF" || token == "" {
		return
	}
	narrow(token)
	e.message = `unexpected "` + token + `"`
	switch token {
	case "=", "==":
		e.hint = `compare with a function: {{ if eq data.plan "pro" }}`
	case "&&", "&", "|", "||", "and", "or":
		e.hint = "join conditions with functions: {{ if and data.paid data.vip }}"
	case "!", "!=":
		e.hint = "write not data.paid, or ne data.plan \"pro\""
	case "<", ">", "<=", ">=":
		e.hint = "compare with a function: lt, le, gt or ge"
	case "[", "]":
		e.hint = "take an item with index: {{ index data.items 0 }}"
	case "+", "*", "/":
		e.hint = "templates cannot compute; compute the value in a set step"
	}
}

// syntax reports an error of the parser.
func (c *compiler) syntax(t *node.Text, err error) {
	if errors.Is(err, errDefines) {
		c.list.Errorf(t.Span, codeSyntax, "write the text out, or make it a partial: "+partialFile, "%v", err)
		return
	}
	e := explainSyntax(t.Value, err.Error(), func(text string) string {
		if _, err := parseTree(text, templateName); err != nil {
			return err.Error()
		}
		return ""
	})
	c.list.Errorf(spanOf(t, e.from, e.to), codeSyntax, e.hint, "%s", e.message)
}
