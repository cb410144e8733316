package flows

import (
	"cmp"
	"slices"
	"strings"

	"nudge/lang/diag"
)

// explanation explains one code: what it means, and an example, wrong and right. An example
// is a flow without the parts that every flow has; a line # FILE begins another file.
type explanation struct {
	code         diag.Code
	says         string
	wrong, right string // empty where no example is short enough
}

// explanations returns all explanations, sorted by code.
func explanations() []explanation {
	all := slices.Concat(explainedText, explainedFlows, explainedValues, explainedTemplates)
	slices.SortFunc(all, func(a, b explanation) int { return cmp.Compare(a.code, b.code) })
	return all
}

// Codes returns the sorted codes of all diagnostics about a project.
func Codes() []string {
	var codes []string
	for _, e := range explanations() {
		codes = append(codes, string(e.code))
	}
	return codes
}

// Explain returns the explanation of a code with an example, as plain text. It returns
// false if there is no such code.
func Explain(code string) (text string, ok bool) {
	for _, e := range explanations() {
		if string(e.code) == code {
			return e.plain(), true
		}
	}
	return "", false
}

func (e explanation) plain() string {
	var b strings.Builder
	b.WriteString(string(e.code) + "\n\n" + e.says + "\n")
	for _, example := range []struct{ title, text string }{{"Wrong", e.wrong}, {"Right", e.right}} {
		if example.text != "" {
			b.WriteString("\n" + example.title + ":\n\n    " + strings.ReplaceAll(example.text, "\n", "\n    ") + "\n")
		}
	}
	return b.String()
}
