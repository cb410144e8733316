package flows

import (
	"fmt"
	"maps"
	"regexp/syntax"

	"github.com/expr-lang/expr/ast"

	"nudge/lang/shape"
)

// MaxExprSteps is how many steps one evaluation of an expression may take; one more, and it
// cannot be computed. Steps are counted, never timed, so a replay ends at the same step. A step
// is one part of what a function asks of one item of a list, such as # > 3 in any(xs, # > 3),
// or 32 bytes of a text that is read for it. What an expression does once, outside of such
// functions, is bounded by its own length and the size of its values, and counts nothing.
const MaxExprSteps = 500_000

// stepBytes is how many bytes of text the fastest functions read in a step.
const stepBytes = 32

// The budget of an evaluation, in its scope, and the function that spends it. No expression can
// write either name.
const (
	nameBudget = "__budget"
	fnSpend    = "__spend"
)

// budget is how many steps an evaluation may still take.
type budget struct{ left int }

var errBudget = fmt.Errorf("takes more than %d steps, as its lists or texts are too long", MaxExprSteps)

// spending is an operand whose size costs steps: so many for each of its items, or for each
// stepBytes of a text.
type spending struct {
	operand *ast.Node
	each    int
}

// spend takes what a value costs from the budget, and returns the value.
func spend(params ...any) (any, error) {
	left, value, each := params[0].(*budget), params[1], params[2].(int)
	switch v := value.(type) {
	case []any:
		left.left -= each * len(v)
	case []string: // of split
		left.left -= each * len(v)
	case string:
		left.left -= each*len(v)/stepBytes + 1
	}
	if left.left < 0 {
		return nil, errBudget
	}
	return value, nil
}

// countItems counts the steps of a function that asks something of each item of a list.
func (c *exprChecker) countItems(list *ast.Node, asked ast.Node) {
	parts := nodeCounter(0)
	ast.Walk(&asked, &parts)
	c.spends = append(c.spends, spending{list, int(parts)})
}

// countText counts the steps of reading a text for an item of a list.
func (c *exprChecker) countText(n *ast.Node, t *shape.Type, each int) {
	if _, literal := (*n).(*ast.StringNode); len(c.items) > 0 && !literal && (t.Kind == shape.KindString || t.Kind == shape.KindAny) {
		c.spends = append(c.spends, spending{n, each})
	}
}

// countPattern counts the steps of a pattern. Each byte of the text may concern every part of
// it, wherever it stands.
func (c *exprChecker) countPattern(text *ast.Node, pattern string) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return // expr reports it
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return
	}
	c.spends = append(c.spends, spending{text, stepBytes * (1 + len(program.Inst)/4)})
}

// spendSteps makes the expression count its steps, if it may take many. It is the last change
// of the tree, because the checker looks at what was written.
func (c *exprChecker) spendSteps() {
	for _, s := range c.spends {
		at := *s.operand
		become(s.operand, fnSpend, &ast.IdentifierNode{Value: nameBudget}, at, &ast.IntegerNode{Value: s.each})
	}
	c.expr.counted = len(c.spends) > 0
}

// withBudget returns a scope with a whole budget.
func withBudget(scope map[string]any) map[string]any {
	with := make(map[string]any, len(scope)+1)
	maps.Copy(with, scope)
	with[nameBudget] = &budget{MaxExprSteps}
	return with
}

// nodeCounter counts the nodes of a tree.
type nodeCounter int

// Visit counts a node.
func (n *nodeCounter) Visit(*ast.Node) { *n++ }
