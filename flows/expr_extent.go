package flows

import (
	"math"

	"github.com/expr-lang/expr/ast"
)

// extent returns the range of characters of a node, from its first leaf to its last.
// Brackets around it do not count, because the tree does not contain them.
func extent(n ast.Node) (from, to int) {
	e := &extents{from: math.MaxInt}
	ast.Walk(&n, e)
	if e.from > e.to {
		return 0, 1
	}
	return e.from, e.to
}

// extent returns the characters of a node, with the brackets that the node opens.
func (c *exprChecker) extent(n ast.Node) (from, to int) {
	from, to = extent(n)
	runes := []rune(c.expr.String())
	if from < 0 || from >= to || to > len(runes) {
		return from, to
	}
	for open := openBrackets(runes[from:to]); open > 0 && to < len(runes); to++ {
		switch runes[to] {
		case ')', ']', '}':
			open--
		case ' ':
		default:
			return from, to
		}
	}
	return from, to
}

// openBrackets returns how many brackets of a text are not closed, without those in quotes.
func openBrackets(text []rune) (open int) {
	quote := rune(0)
	for _, r := range text {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'' || r == '`':
			quote = r
		case r == '(' || r == '[' || r == '{':
			open++
		case r == ')' || r == ']' || r == '}':
			open--
		}
	}
	return open
}

type extents struct{ from, to int }

// Visit widens the extent by one node; nodes without a place are skipped.
func (e *extents) Visit(n *ast.Node) {
	at := (*n).Location()
	if at.To <= at.From {
		return
	}
	e.from, e.to = min(e.from, at.From), max(e.to, at.To)
}
