package flows

import (
	"math"

	"github.com/expr-lang/expr/ast"
)

// extent is the characters of an expression that a node was made of, from the first
// of its leaves to the last. Brackets around it do not count, they are not in the
// tree.
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
