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

type extents struct{ from, to int }

// Visit widens the extent by one node; nodes without a place are skipped.
func (e *extents) Visit(n *ast.Node) {
	at := (*n).Location()
	if at.To <= at.From {
		return
	}
	e.from, e.to = min(e.from, at.From), max(e.to, at.To)
}
