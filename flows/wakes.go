package flows

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// checkWakes warns of a line that waits for a condition which only the clock can make true:
// a condition is asked when something touched the run, and time alone touches nothing.
func (r *reader) checkWakes(line *Line) {
	if line.Signal != SignalIf || line.If == nil {
		return
	}
	clock, others := false, false
	for _, path := range line.If.Read().Paths() {
		root, _, _ := strings.Cut(path, ".")
		clock = clock || path == NameNow
		others = others || path != zonePath && !slices.Contains([]string{NameNow, NameData, NameRun, NameVars}, root)
	}
	if !clock || others {
		return
	}
	hint := "write a line with after, at or open"
	if moment := line.If.Read().passed(); moment != "" {
		hint = "write at: " + moment
	}
	if hours := line.If.Read().opening(); hours != "" {
		hint = "write open: " + hours
	}
	r.list.Warnf(line.If.Span(), codeWakesNobody, hint, "time alone wakes no run, so nobody asks this condition when it becomes true")
}

// passed returns the moment after which a condition such as now > data.at is true, or an
// empty text for any other condition.
func (r Reading) passed() string {
	b, ok := r.node.(*ast.BinaryNode)
	if !ok {
		return ""
	}
	early, late := b.Left, b.Right
	if b.Operator == ">" || b.Operator == ">=" {
		early, late = late, early
	} else if b.Operator != "<" && b.Operator != "<=" {
		return ""
	}
	if pathOf(late) != NameNow {
		return ""
	}
	return early.String()
}
