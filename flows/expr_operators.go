package flows

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"nudge/lang/diag"
	"nudge/lang/shape"
)

func (c *exprChecker) binary(n *ast.Node, b *ast.BinaryNode) *shape.Type {
	if bounds, ok := b.Right.(*ast.BinaryNode); ok && b.Operator == "in" && bounds.Operator == ".." {
		return c.within(n, b, bounds)
	}
	facts := rightOf(b)
	left := c.leftOf(b)
	if (b.Operator == "==" || b.Operator == "!=") && c.bareWord(b.Right, left) {
		return shape.Boolean
	}
	var right *shape.Type
	c.sure(facts, func() { right = c.check(&b.Right) })
	switch b.Operator {
	case "and", "&&", "or", "||":
		c.condition(&b.Left, left, "the value before "+b.Operator)
		c.condition(&b.Right, right, "the value after "+b.Operator)
		return shape.Boolean
	case "==", "!=":
		return c.equality(b, left, right)
	case "<", "<=", ">", ">=":
		return c.order(n, b, left, right)
	case "in":
		return c.membership(b, left, right)
	case "contains", "startsWith", "endsWith", "matches":
		return c.textTest(b, left, right)
	case "??":
		return c.fallback(b, left, right)
	case "+":
		if t := c.calendar(n, b, left, right); t != nil {
			return t
		}
		return c.plus(n, b, left, right)
	case "..":
		return c.fail(b, codeTooCostly, "compare with both ends of the range", "a range of numbers is allowed only after in")
	case "-", "*", "/", "%", "^", "**":
		if t := c.calendar(n, b, left, right); t != nil {
			return t
		}
		return c.compute(n, b, left, right)
	}
	return c.fail(b, codeBadExpression, "", "the operator %s is not allowed in flows", b.Operator)
}

// rightOf returns what is there for certain where the right side of an operator is computed.
func rightOf(b *ast.BinaryNode) []fact {
	switch b.Operator {
	case "and", "&&":
		return whenTrue(b.Left)
	case "or", "||":
		return whenFalse(b.Left)
	}
	return nil
}

// leftOf checks the left side of an operator, which may say what it should be compared with.
func (c *exprChecker) leftOf(b *ast.BinaryNode) *shape.Type {
	outer := c.compared
	if c.compared = nil; orderings[b.Operator] != "" || b.Operator == "==" || b.Operator == "!=" {
		c.compared = b
	}
	t := c.check(&b.Left)
	c.compared = outer
	return t
}

// equality checks a comparison of two values of the same kind, or of anything with nil.
func (c *exprChecker) equality(b *ast.BinaryNode, left, right *shape.Type) *shape.Type {
	if left == nilType || right == nilType {
		return shape.Boolean
	}
	left, right = c.dateText(&b.Left, left, right), c.dateText(&b.Right, right, left)
	if c.oneOf(b.Left, left, "the value before "+b.Operator, scalars...) &&
		c.oneOf(b.Right, right, "the value after "+b.Operator, scalars...) {
		c.sameKind(b, left, right)
		c.wordOf(b.Left, left, b.Right)
		c.wordOf(b.Right, right, b.Left)
		c.clockText(b.Left, b.Right)
		c.clockText(b.Right, b.Left)
		c.countText(&b.Left, left, 1)
	}
	return shape.Boolean
}

// scalars are the kinds of values without parts, which can be compared.
var scalars = []shape.Kind{shape.KindString, shape.KindNumber, shape.KindBoolean, shape.KindTime, shape.KindDate}

func (c *exprChecker) sameKind(b *ast.BinaryNode, left, right *shape.Type) bool {
	if left.Kind == right.Kind {
		return true
	}
	c.fail(b.Right, codeWrongType, "", "%s is %s and cannot be compared with %s, which is %s",
		c.source(b.Left), left.Described(), c.source(b.Right), right.Described())
	return false
}

// wordOf reports a text that is compared with a value which can only be other words.
func (c *exprChecker) wordOf(value ast.Node, t *shape.Type, n ast.Node) {
	literal, ok := n.(*ast.StringNode)
	if ok {
		c.noteWords(literal, value, t.Words)
	}
	if ok && t == keywordShape && Keyword(literal.Value) != literal.Value {
		c.fail(n, codeWrongType, "write "+strconv.Quote(Keyword(literal.Value)),
			"%s can never be %q: a keyword is in small letters, without marks around it", c.source(value), literal.Value)
		return
	}
	if !ok || len(t.Words) == 0 || literal.Value == "" || slices.Contains(t.Words, literal.Value) {
		return
	}
	c.fail(n, codeWrongType, diag.DidYouMeanOneOf(literal.Value, t.Words, "It can be"), "%s can never be %q", c.source(value), literal.Value)
}

// order checks an ordering of two values of the same kind. The operator becomes a function,
// because expr's own fails for an absent value and does not know our times.
func (c *exprChecker) order(n *ast.Node, b *ast.BinaryNode, left, right *shape.Type) *shape.Type {
	ordered := []shape.Kind{shape.KindNumber, shape.KindTime, shape.KindDate, shape.KindString}
	left, right = c.dateText(&b.Left, left, right), c.dateText(&b.Right, right, left)
	if !c.oneOf(b.Left, left, "the value before "+b.Operator, ordered...) ||
		!c.oneOf(b.Right, right, "the value after "+b.Operator, ordered...) || !c.sameKind(b, left, right) {
		return shape.Boolean
	}
	c.clockText(b.Left, b.Right)
	c.clockText(b.Right, b.Left)
	become(n, orderings[b.Operator], b.Left, b.Right)
	c.countText(&(*n).(*ast.CallNode).Arguments[0], left, 1)
	return shape.Boolean
}

// within checks x in 0..10 and turns it into a function: expr would build the whole list.
func (c *exprChecker) within(n *ast.Node, b, bounds *ast.BinaryNode) *shape.Type {
	c.oneOf(b.Left, c.check(&b.Left), "the value before in", shape.KindNumber)
	c.present(bounds.Left, c.check(&bounds.Left), "the value before ..", shape.KindNumber)
	c.present(bounds.Right, c.check(&bounds.Right), "the value after ..", shape.KindNumber)
	become(n, fnWithin, b.Left, bounds.Left, bounds.Right)
	return shape.Boolean
}

// become turns a node into a call of one of our own functions.
func become(n *ast.Node, function string, args ...ast.Node) {
	at := (*n).Location()
	callee := &ast.IdentifierNode{Value: function}
	callee.SetLocation(at)
	ast.Patch(n, &ast.CallNode{Callee: callee, Arguments: args})
	(*n).SetLocation(at)
}

// membership checks in: an item of a list, or a field of a map.
func (c *exprChecker) membership(b *ast.BinaryNode, left, right *shape.Type) *shape.Type {
	if !c.oneOf(b.Right, right, "the value after in", shape.KindList, shape.KindMap) {
		return shape.Boolean
	}
	item := shape.String
	if right.Kind == shape.KindList {
		item = itemOf(right)
	}
	if list, ok := b.Right.(*ast.ArrayNode); ok && left.Kind == shape.KindDate {
		for i := range list.Nodes {
			item = c.dateText(&list.Nodes[i], item, left)
		}
	}
	if !c.oneOf(b.Left, left, "the value before in", scalars...) || !c.oneOf(b.Right, item, "an item", scalars...) {
		return shape.Boolean
	}
	if left.Kind != item.Kind {
		c.fail(b.Right, codeWrongType, "", "%s is %s, but the items after in are of another type", c.source(b.Left), left.Described())
	}
	list, ok := b.Right.(*ast.ArrayNode)
	if !ok && len(c.items) > 0 {
		c.spends = append(c.spends, spending{&b.Right, 1})
	}
	if ok {
		for _, n := range list.Nodes {
			c.wordOf(b.Left, left, n)
			c.clockText(b.Left, n)
		}
	}
	return shape.Boolean
}

func (c *exprChecker) textTest(b *ast.BinaryNode, left, right *shape.Type) *shape.Type {
	c.oneOf(b.Left, left, "the value before "+b.Operator, shape.KindString)
	c.oneOf(b.Right, right, "the value after "+b.Operator, shape.KindString)
	switch pattern, literal := b.Right.(*ast.StringNode); {
	case b.Operator != "matches":
		c.countText(&b.Left, left, 1)
	case literal:
		c.countPattern(&b.Left, pattern.Value)
	default:
		c.fail(b.Right, codeBadExpression, "", "the pattern after matches must be a text in quotes")
	}
	return shape.Boolean
}

// fallback checks ??. A value of unknown type gets the type of its default.
func (c *exprChecker) fallback(b *ast.BinaryNode, left, right *shape.Type) *shape.Type {
	switch {
	case left == failedType || right == failedType:
		return failedType
	case left == nilType || left.Kind == shape.KindAny:
		return right
	case right == nilType:
		return left
	case left.Kind != right.Kind:
		return c.fail(b.Right, codeWrongType, "", "the default must be %s like %s, not %s",
			left.Described(), c.source(b.Left), right.Described())
	}
	if t := c.common(b.Right, left, right); right.Optional || t == failedType {
		return t
	} else {
		return t.Present()
	}
}

func (c *exprChecker) plus(n *ast.Node, b *ast.BinaryNode, left, right *shape.Type) *shape.Type {
	if left == failedType || right == failedType {
		return failedType
	}
	if left.Kind != shape.KindString && right.Kind != shape.KindString {
		return c.compute(n, b, left, right)
	}
	if len(c.items) > 0 {
		return c.fail(b, codeTooCostly, "", "texts cannot be joined inside any, map and similar functions")
	}
	c.present(b.Left, left, "the value before +", shape.KindString)
	c.present(b.Right, right, "the value after +", shape.KindString)
	return shape.String
}

// call checks the arguments of a function.
func (c *exprChecker) call(n *ast.Node, name string, args []ast.Node) *shape.Type {
	fn, at := functions[name], *n
	if fn == nil {
		return c.unknownFunction(at, name)
	}
	least, most := len(fn.args)-fn.optional, len(fn.args)
	if fn.variadic {
		least, most = 1, maxNodes
	}
	if len(args) < least || len(args) > most {
		return c.fail(at, codeBadExpression, "", "%s takes %s, not %d", name, argCount(least, most), len(args))
	}
	types := make([]*shape.Type, len(args))
	ok := true
	for i := range args {
		if p, ok := args[i].(*ast.PredicateNode); ok {
			c.countItems(&args[0], p.Node)
		}
		types[i] = c.argument(&args[i], fn.args[min(i, len(fn.args)-1)], name, types)
		ok = ok && types[i] != failedType
	}
	if !ok {
		return failedType
	}
	switch {
	case fn.each > 0 && fn.args[0] == argList:
		c.spends = append(c.spends, spending{&args[0], fn.each})
	case fn.each > 0:
		c.countText(&args[0], types[0], fn.each)
	}
	if fn.zoned {
		become(n, zoned+name, append(c.here(), args...)...)
	}
	return fn.result(types)
}

func (c *exprChecker) unknownFunction(at ast.Node, name string) *shape.Type {
	hint := diag.DidYouMean(name, functionNames(), "Functions")
	if _, ok := c.scope.Field(name); ok {
		hint = "write " + name + " without brackets: it is a value, not a function"
	}
	callee := &ast.IdentifierNode{Value: name}
	callee.SetLocation(at.Location())
	return c.fail(callee, codeUnknownFunction, hint, "unknown function %s", name)
}

func (c *exprChecker) argument(n *ast.Node, want arg, name string, before []*shape.Type) *shape.Type {
	if p, ok := (*n).(*ast.PredicateNode); ok {
		return c.closure(p, want, name, before[0])
	}
	t := c.check(n)
	what := "an argument of " + name
	ok := true
	switch want {
	case argText:
		ok = c.present(*n, t, what, shape.KindString)
	case argNumber:
		ok = c.present(*n, t, what, shape.KindNumber)
	case argSized:
		ok = c.present(*n, t, what, shape.KindString, shape.KindList, shape.KindMap)
	case argScalar:
		ok = c.oneOf(*n, t, what, append(scalars, shape.KindAny)...)
	case argTime:
		ok = c.present(*n, t, what, shape.KindTime)
	case argDay:
		ok = c.present(*n, t, what, shape.KindTime, shape.KindDate)
	case argList:
		ok = c.present(*n, t, what, shape.KindList)
	case argCategory:
		ok = t != failedType && c.capped(n, name)
	case argHours:
		ok = t != failedType && c.hours(n, name)
	}
	if !ok {
		return failedType
	}
	return t
}

// closure checks the second argument of any, filter and similar functions. In it, # is an
// item of the first argument and .field is a field of that item.
func (c *exprChecker) closure(p *ast.PredicateNode, want arg, name string, list *shape.Type) *shape.Type {
	if list == failedType {
		return failedType
	}
	if len(c.items) == maxClosures {
		return c.fail(p, codeTooCostly, "", "%s is nested too deeply; the limit is %d levels", name, maxClosures)
	}
	c.items = append(c.items, itemOf(list))
	t := c.check(&p.Node)
	if want == argTest {
		c.condition(&p.Node, t, "the condition of "+name)
	} else {
		t = c.kept(p.Node, t)
	}
	c.items = c.items[:len(c.items)-1]
	return t
}

func argCount(least, most int) string {
	numbers := []string{"no", "one", "two", "three"}
	switch {
	case most == maxNodes:
		return "at least " + numbers[least] + " value"
	case least != most:
		return numbers[least] + " or " + numbers[most] + " values"
	case least == 1:
		return "one value"
	}
	return strings.TrimSpace(numbers[least] + " values")
}
