package flows

import (
	"regexp"
	"strings"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// MaxName is how many bytes a name may have; a longer one is a mistake. Types of events may have
// twice as many.
const MaxName = 64

var nameForm = regexp.MustCompile(`^[a-z0-9_]+$`)

// checkName reports a name with other characters than a-z, 0-9 and _. A hyphen would be a
// minus in expressions and is not allowed in templates.
func checkName(t *node.Text, what string, list *diag.List) bool {
	if t == nil {
		return false
	}
	switch {
	case len(t.Value) > MaxName:
		list.Errorf(t.Span, codeBadName, "", "%s can have at most %d characters", what, MaxName)
	case nameForm.MatchString(t.Value):
		return true
	case strings.Contains(t.Value, "-"):
		list.Errorf(t.Span, codeBadName, "write "+simplified(t.Value), "names cannot contain a hyphen")
	default:
		list.Errorf(t.Span, codeBadName, "write "+simplified(t.Value), "%s can contain only a-z, 0-9 and _", what)
	}
	return false
}

// simplified returns the nearest valid name.
func simplified(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, s)
	return strings.Trim(s, "_")
}

var eventForm = regexp.MustCompile(`^[A-Za-z0-9_]+([.:/-][A-Za-z0-9_]+)*$`)

// checkEvent reports an invalid event type.
func checkEvent(t *node.Text, list *diag.List) bool {
	if t == nil {
		return false
	}
	if len(t.Value) > 2*MaxName || !eventForm.MatchString(t.Value) {
		list.Errorf(t.Span, codeBadName, "for example order.shipped", "an event type consists of words separated by dots")
		return false
	}
	return true
}
