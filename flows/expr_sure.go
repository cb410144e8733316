package flows

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"nudge/lang/shape"
)

// fact is the path of a value that is certainly there: a name with its fields. In a closure
// the name # is the item.
type fact []string

// Sure returns the paths that are there for certain if the condition is true.
func (r Reading) sure() []fact { return whenTrue(r.node) }

// missed returns the paths that are there for certain if the condition is false.
func (r Reading) missed() []fact { return whenFalse(r.node) }

// sureIf returns what is there for certain if a condition is true; nothing without one.
func sureIf(e *Expr) []fact {
	if e == nil {
		return nil
	}
	return e.Read().sure()
}

// sureUnless returns what is there for certain if a condition is false.
func sureUnless(e *Expr) []fact {
	if e == nil {
		return nil
	}
	return e.Read().missed()
}

// whenTrue returns the paths that are there if a condition is true. A comparison with what
// is absent is false.
func whenTrue(n ast.Node) []fact {
	switch n := n.(type) {
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&":
			return append(whenTrue(n.Left), whenTrue(n.Right)...)
		case "or", "||":
			return common(whenTrue(n.Left), whenTrue(n.Right))
		case "!=":
			return comparedWith(n, isNil)
		case "==":
			return comparedWith(n, isLiteral)
		case "<", "<=", ">", ">=", "contains", "startsWith", "endsWith", "matches":
			return append(readBy(n.Left), readBy(n.Right)...)
		case "in":
			switch n.Right.(type) {
			case *ast.ArrayNode, *ast.BinaryNode: // a list that is written out, or a range
				return readBy(n.Left)
			}
			return readBy(n.Right)
		}
		return nil
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return whenFalse(n.Node)
		}
		return nil
	}
	return readBy(n)
}

// whenFalse returns the paths that are there if a condition is false.
func whenFalse(n ast.Node) []fact {
	switch n := n.(type) {
	case *ast.BinaryNode:
		switch n.Operator {
		case "or", "||":
			return append(whenFalse(n.Left), whenFalse(n.Right)...)
		case "and", "&&":
			return common(whenFalse(n.Left), whenFalse(n.Right))
		case "==":
			return comparedWith(n, isNil)
		case "!=":
			return comparedWith(n, isLiteral)
		}
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return whenTrue(n.Node)
		}
	}
	return nil
}

// comparedWith returns the path of one side of a comparison if the other side is of a kind.
func comparedWith(n *ast.BinaryNode, kind func(ast.Node) bool) []fact {
	switch {
	case kind(n.Right):
		return readBy(n.Left)
	case kind(n.Left):
		return readBy(n.Right)
	}
	return nil
}

func isNil(n ast.Node) bool {
	_, ok := n.(*ast.NilNode)
	return ok
}

func isLiteral(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return true
	case *ast.UnaryNode:
		return n.Operator == "-" && isLiteral(n.Node)
	}
	return false
}

// readBy returns the path that a node reads, also through a conversion: what is absent stays
// absent in it.
func readBy(n ast.Node) []fact {
	if f := factOf(n); f != nil {
		return []fact{f}
	}
	name, args := calledName(n), []ast.Node(nil)
	switch n := n.(type) {
	case *ast.CallNode:
		args = n.Arguments
	case *ast.BuiltinNode:
		name, args = n.Name, n.Arguments
	}
	if slices.Contains([]string{"int", "float", "string"}, name) && len(args) == 1 {
		return readBy(args[0])
	}
	return nil
}

// factOf returns the path of a node; nil if it is none.
func factOf(n ast.Node) fact {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if !isDurationName(n.Value) {
			return fact{n.Value}
		}
	case *ast.PointerNode:
		if n.Name == "" {
			return fact{"#"}
		}
	case *ast.ChainNode:
		return factOf(n.Node)
	case *ast.MemberNode:
		field, ok := n.Property.(*ast.StringNode)
		if of := factOf(n.Node); ok && of != nil {
			return append(slices.Clip(of), field.Value)
		}
	}
	return nil
}

// common returns the facts that are in both lists.
func common(a, b []fact) []fact {
	var both []fact
	for _, f := range a {
		if slices.ContainsFunc(b, func(g fact) bool { return slices.Equal(f, g) }) {
			both = append(both, f)
		}
	}
	return both
}

// sure checks something while the facts hold.
func (c *exprChecker) sure(facts []fact, check func()) {
	scope, items := c.scope, slices.Clone(c.items)
	for _, f := range facts {
		if f[0] != "#" {
			c.scope = c.scope.Sure(f...)
		} else if last := len(c.items) - 1; last >= 0 {
			c.items[last] = c.items[last].Sure(f[1:]...)
		}
	}
	check()
	c.scope, c.items = scope, items
}

// assume notes that paths are there for certain.
func (k *typeEnv) assume(facts []fact) {
	for _, f := range facts {
		switch {
		case f[0] == NameVars && len(f) > 1 && k.vars[f[1]] != nil:
			k.vars[f[1]] = k.vars[f[1]].Sure(f[2:]...)
		case f[0] != NameVars && k.names[f[0]] != nil:
			k.names[f[0]] = k.names[f[0]].Sure(f[1:]...)
		}
	}
}

// lasting leaves out what is said of a profile, which may change before the next step.
func lasting(facts []fact) []fact {
	return slices.DeleteFunc(slices.Clone(facts), func(f fact) bool { return f[0] == NameProfile })
}

// ofStep says the same of the event or reply that a step keeps as of the one in hand.
func ofStep(id string, facts []fact) []fact {
	all := slices.Clone(facts)
	for _, f := range facts {
		if f[0] == NameEvent || f[0] == NameReply {
			all = append(all, append(fact{id}, f...))
		}
	}
	return all
}

// mayHaveRun returns the fields of a step that may have been passed over or ended otherwise:
// the answer or the event that it would have is then absent.
func mayHaveRun(t *shape.Type) *shape.Type {
	if t.Kind != shape.KindMap {
		return t
	}
	loose := optional(t)
	for name, field := range t.Fields {
		switch name {
		case "event":
			if field.Kind == shape.KindMap {
				field = optional(field)
			}
			loose.Fields[name] = field
		case "json":
		default:
			loose.Fields[name] = field
		}
	}
	return loose
}
