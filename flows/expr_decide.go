package flows

import (
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// Atom is a part of a condition that cannot be decided from known values: a comparison, a
// call or a single name.
type Atom struct {
	Text  string   // as an expression
	Paths []string // what it reads, such as data.total

	// Of a comparison of one path with a literal; Op is empty for anything else.
	Path    string
	Op      string // == != < <= > >=
	Literal any    // text, a float64 or a bool
}

// Reading is an expression that is evaluated when only some of its names have a value.
type Reading struct{ node ast.Node }

// Read parses the expression again for evaluation with partly known values.
func (e *Expr) Read() Reading {
	tree, err := parseExpr(e.String(), exprConfig())
	if err != nil {
		panic("flows: a checked expression does not parse: " + err.Error())
	}
	return Reading{tree.Node}
}

// Truth evaluates a condition with partly known values: known returns the value of a path
// such as vars.tier, and guess decides an atom that depends on anything else. It does not
// guess atoms that do not matter, such as those after a false and.
func (r Reading) Truth(known func(path string) (any, bool), guess func(Atom) bool) bool {
	return decider{known, guess}.truth(r.node)
}

// Value evaluates an expression from known values, with numbers as float64. It returns
// false if they are not enough.
func (r Reading) Value(known func(path string) (any, bool)) (value any, ok bool) {
	return decider{known: known}.value(r.node)
}

// Paths returns the sorted paths that the expression reads, such as data.total.
func (r Reading) Paths() []string { return pathsOf(r.node) }

type decider struct {
	known func(path string) (any, bool)
	guess func(Atom) bool
}

func (d decider) truth(n ast.Node) bool {
	switch node := n.(type) {
	case *ast.BinaryNode:
		switch node.Operator {
		case "and", "&&":
			return d.truth(node.Left) && d.truth(node.Right)
		case "or", "||":
			return d.truth(node.Left) || d.truth(node.Right)
		}
	case *ast.UnaryNode:
		if node.Operator == "not" || node.Operator == "!" {
			return !d.truth(node.Node)
		}
	case *ast.ConditionalNode:
		if d.truth(node.Cond) {
			return d.truth(node.Exp1)
		}
		return d.truth(node.Exp2)
	}
	if v, ok := d.value(n); ok {
		return v == true
	}
	return d.guess(atomOf(n))
}

// value returns the value of a node, with numbers as float64.
func (d decider) value(n ast.Node) (any, bool) {
	switch node := n.(type) {
	case *ast.IntegerNode:
		return float64(node.Value), true
	case *ast.FloatNode:
		return node.Value, true
	case *ast.StringNode:
		return node.Value, true
	case *ast.BoolNode:
		return node.Value, true
	case *ast.BinaryNode:
		return d.operation(node)
	}
	if path := pathOf(n); path != "" {
		v, ok := d.known(path)
		return plainNumber(v), ok
	}
	return nil, false
}

// operation evaluates the operators that conditions on known values use.
func (d decider) operation(b *ast.BinaryNode) (any, bool) {
	left, ok := d.value(b.Left)
	if !ok {
		return nil, false
	}
	if b.Operator == "in" {
		return d.isIn(left, b.Right)
	}
	right, ok := d.value(b.Right)
	if !ok {
		return nil, false
	}
	return operate(left, b.Operator, right)
}

// Holds reports whether a value makes a comparison with a literal true. It returns false
// for ok if the atom is not such a comparison or the value has another type.
func (a Atom) Holds(value any) (holds, ok bool) {
	v, ok := operate(plainNumber(value), a.Op, a.Literal)
	return v == true, ok
}

func operate(left any, operator string, right any) (any, bool) {
	switch operator {
	case "==":
		return left == right, true
	case "!=":
		return left != right, true
	}
	if x, ok := left.(float64); ok {
		if y, ok := right.(float64); ok {
			return calculate(x, operator, y)
		}
		return nil, false
	}
	x, ok1 := left.(string)
	y, ok2 := right.(string)
	if !ok1 || !ok2 {
		return nil, false
	}
	switch operator {
	case "<":
		return x < y, true
	case "<=":
		return x <= y, true
	case ">":
		return x > y, true
	case ">=":
		return x >= y, true
	case "contains":
		return strings.Contains(x, y), true
	case "startsWith":
		return strings.HasPrefix(x, y), true
	case "endsWith":
		return strings.HasSuffix(x, y), true
	}
	return nil, false
}

func calculate(x float64, operator string, y float64) (any, bool) {
	switch operator {
	case "<":
		return x < y, true
	case "<=":
		return x <= y, true
	case ">":
		return x > y, true
	case ">=":
		return x >= y, true
	case "+":
		return representable(x + y)
	case "-":
		return representable(x - y)
	case "*":
		return representable(x * y)
	}
	return nil, false
}

// representable returns a result that the machine surely computes too. Beyond it a whole
// number may have no result.
func representable(x float64) (any, bool) { return x, math.Abs(x) < 1<<63 }

// isIn evaluates membership in a list of values, or between two numbers.
func (d decider) isIn(left any, right ast.Node) (any, bool) {
	switch set := right.(type) {
	case *ast.ArrayNode:
		found := false
		for _, item := range set.Nodes {
			v, ok := d.value(item)
			if !ok {
				return nil, false
			}
			found = found || v == left
		}
		return found, true
	case *ast.BinaryNode:
		low, ok1 := d.value(set.Left)
		high, ok2 := d.value(set.Right)
		if set.Operator != ".." || !ok1 || !ok2 {
			return nil, false
		}
		above, ok1 := operate(left, ">=", low)
		below, ok2 := operate(left, "<=", high)
		return above == true && below == true, ok1 && ok2
	}
	return nil, false
}

func plainNumber(v any) any {
	switch n := v.(type) {
	case int:
		return float64(n)
	case int64:
		return float64(n)
	}
	return v
}

// atomOf describes a node that cannot be decided.
func atomOf(n ast.Node) Atom {
	a := Atom{Text: n.String(), Paths: pathsOf(n)}
	b, ok := n.(*ast.BinaryNode)
	if !ok {
		if path := pathOf(n); path != "" {
			a.Path, a.Op, a.Literal = path, "==", true
		}
		return a
	}
	none := decider{known: func(string) (any, bool) { return nil, false }}
	literal, isLiteral := none.value(b.Right)
	if path := pathOf(b.Left); path != "" && isLiteral {
		switch b.Operator {
		case "==", "!=", "<", "<=", ">", ">=", "contains":
			a.Path, a.Op, a.Literal = path, b.Operator, literal
		}
	}
	return a
}

// pathOf returns a name with its fields, such as data.total, or an empty text for any other
// node.
func pathOf(n ast.Node) string {
	switch node := n.(type) {
	case *ast.IdentifierNode:
		if isDurationName(node.Value) {
			return ""
		}
		return node.Value
	case *ast.ChainNode:
		return pathOf(node.Node)
	case *ast.MemberNode:
		field, ok := node.Property.(*ast.StringNode)
		if of := pathOf(node.Node); ok && of != "" {
			return of + "." + field.Value
		}
	}
	return ""
}

// pathFinder gathers the longest paths of a tree.
type pathFinder struct{ paths []string }

// Visit is called for the children of a node before it.
func (f *pathFinder) Visit(n *ast.Node) {
	if name := calledName(*n); name != "" {
		i := len(f.paths) - 1
		for ; i >= 0 && f.paths[i] != name; i-- {
		}
		if i >= 0 {
			f.paths = slices.Delete(f.paths, i, i+1) // of the function, which is no path
		}
	}
	if name := calledName(*n); name == fnOpen || name == fnRemaining {
		f.paths = append(f.paths, NameNow)
	}
	if readsZone(*n) {
		f.paths = append(f.paths, zonePath)
		return
	}
	path := pathOf(*n)
	if path == "" {
		return
	}
	if i := len(f.paths) - 1; i >= 0 && strings.HasPrefix(path, f.paths[i]+".") {
		f.paths = f.paths[:i]
	}
	f.paths = append(f.paths, path)
}

// zonePath is read by everything that depends on where the person lives.
const zonePath = NameProfile + ".timezone"

// readsZone reports whether a node is computed by the calendar where the person lives.
func readsZone(n ast.Node) bool {
	if id, ok := n.(*ast.IdentifierNode); ok {
		return isDurationName(id.Value) && strings.ContainsAny(id.Value, "dw")
	}
	name := calledName(n)
	if b, ok := n.(*ast.BuiltinNode); ok {
		name = b.Name
	}
	fn := functions[name]
	return fn != nil && fn.zoned
}

// calledName returns the name of the function that a node calls by name.
func calledName(n ast.Node) string {
	if call, ok := n.(*ast.CallNode); ok {
		if callee, ok := call.Callee.(*ast.IdentifierNode); ok {
			return callee.Value
		}
	}
	return ""
}

func pathsOf(n ast.Node) []string {
	f := &pathFinder{}
	ast.Walk(&n, f)
	slices.Sort(f.paths)
	return slices.Compact(f.paths)
}
