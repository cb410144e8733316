package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// words are phrases that a reader has to translate, each with a better one. Only those are
// here that never fit: the list must give no false alarm.
var words = []struct{ bad, better string }{
	{`liv(e|es|ed|ing) through`, `"plays", "runs" or "goes through"`},
	{`mend(s|ed|ing)?`, `"fix"`},
	{`(tell|tells|told) of`, `"report", "show" or "say that"`},
	{`(is|are|was|were) told`, `"is reported" or "is shown"`},
	{`(is|are|was|were) to be`, `"will be", "must be" or "should be"`},
	{`whoever('s)?`, `"everybody who", "the person who" or "a person whose"`},
	{`whomever|of whom|those whom|whom no`, `"who", with the person as the subject`},
	{`what never comes`, `"this never happens"`},
	{`of a step, what`, `"if a step's expression"`},
	{`when nothing is said|where nothing is said|unless it says otherwise`, `"the default is"`},
	{`for good`, `"forever" or "permanently"`},
	{`as ever`, `"as usual"`},
	{`but for what|but for those`, `"except"`},
	{`reckon(s|ed|ing)?`, `"compute" or "calculate"`},
	{`heed(s|ed|ing)?`, `"apply" or "use"`},
	{`hearken|thereof|wherein|hitherto|lest|thereby|whereof|therein`, `a common word`},
	{`at most so (many|often|much|long)`, `"the most …" or "at most N times"`},
	{`so many were|has so much time`, `the number or the duration itself`},
	{`stands? in line`, `"is on line"`},
	{`is here twice`, `"duplicate …; first defined on line N"`},
	{`in hand`, `"current"`},
	{`comes? of it`, `"the result"`},
	{`room of what|gives? the room back|takes? the room of`, `"disk space"`},
	{`hears? of (it|them|that)`, `"gets" or "sees"`},
	{`hardly as meant`, `"probably not as intended"`},
	{`is what is`, `the thing itself`},
	{`tak(e|es|ing) no more people`, `"pause" or "start no more people"`},
	{`there is no templates/`, `"template file … not found"`},
}

// text is a place in a text that users read.
type text struct {
	file string
	line int
	text string
}

// TestWords holds the texts that users read to plain English: README and the pages, the
// changelog, and every text in the sources: help, diagnostics, answers, timelines.
func TestWords(t *testing.T) {
	forms := make([]*regexp.Regexp, len(words))
	for i, w := range words {
		forms[i] = regexp.MustCompile(`(?i)\b(` + w.bad + `)\b`)
	}
	for _, at := range append(pages(t), literals(t)...) {
		for i, form := range forms {
			if found := form.FindString(at.text); found != "" {
				t.Errorf("%s:%d: %q: write %s", at.file, at.line, found, words[i].better)
			}
		}
	}
}

// pages returns the lines of the pages that users read.
func pages(t *testing.T) (lines []text) {
	t.Helper()
	for file, page := range pageTexts(t) {
		for i, line := range strings.Split(page, "\n") {
			lines = append(lines, text{file, i + 1, line})
		}
	}
	return lines
}

// literals returns the texts in the sources, without those of imports and tags. The
// simulator is left out: its users are the authors of the sources.
func literals(t *testing.T) (found []text) {
	t.Helper()
	files := token.NewFileSet()
	for _, file := range sources(t) {
		if strings.HasPrefix(file, "simtest/") {
			continue
		}
		parsed, err := parser.ParseFile(files, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec, *ast.Field:
				_, field := n.(*ast.Field)
				return field && n.(*ast.Field).Tag == nil
			case *ast.BasicLit:
				if value, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					at := files.Position(n.Pos())
					for i, line := range strings.Split(value, "\n") {
						found = append(found, text{file, at.Line + i, line})
					}
				}
			}
			return true
		})
	}
	return found
}
