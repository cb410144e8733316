package templates

import (
	"slices"
	"text/template/parse"
	"time"

	"nudge/lang/diag"
	"nudge/lang/shape"
)

// words reports texts that a comparison can never meet: another word than those of the
// value beside it, a date that is none, a time of day in another form.
func (w *checker) words(cmd *parse.CommandNode, args []*shape.Type) bool {
	for _, t := range args {
		for _, arg := range cmd.Args[1:] {
			text, ok := arg.(*parse.StringNode)
			if ok && !w.word(t, text) {
				return false
			}
		}
	}
	return true
}

func (w *checker) word(t *shape.Type, text *parse.StringNode) bool {
	fail := func(hint, format string, args ...any) bool {
		w.fail(text.Pos, len(text.Quoted), codeSyntax, hint, format, args...)
		return false
	}
	_, noDate := shape.ParseDate(text.Text)
	_, noClock := time.Parse("15:04", text.Text)
	switch {
	case t.Kind == shape.KindDate && noDate != nil:
		return fail("for example 2026-03-05", "%q is not a date", text.Text)
	case t == clockType && (noClock != nil || len(text.Text) != len("15:04")):
		return fail(`write two digits for the hour and two for the minute, such as "09:00"`, "%q is not a time of day", text.Text)
	case len(t.Words) > 0 && text.Text != "" && !slices.Contains(t.Words, text.Text):
		return fail(diag.DidYouMeanOneOf(text.Text, t.Words, "It can be"), "this value can never be %q", text.Text)
	}
	return true
}
