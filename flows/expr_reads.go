package flows

import (
	"fmt"

	"github.com/expr-lang/expr/ast"
)

// Read is a path that an expression reads, with its value in a scope.
type Read struct {
	Path  string // as written: data.total
	Value any    // nil for what is absent
}

// Reads returns the paths that the expression reads from a scope, each once, in the order
// of the text, and then what it asks of hours, such as open("work"). It explains why a condition held; evaluation does not need it.
func (e *Expr) Reads(scope map[string]any) []Read {
	tree, err := parseExpr(e.String(), exprConfig())
	if err != nil {
		return nil // it was compiled, so this cannot be
	}
	v := &readsVisitor{scope: scope}
	ast.Walk(&tree.Node, v)
	for i := range e.asks {
		v.reads = append(v.reads, e.asks[i].read(scope))
	}
	return v.reads
}

// readsVisitor collects paths. It visits the parts of a path before the whole, which then
// replaces them.
type readsVisitor struct {
	scope map[string]any
	reads []Read
}

// Visit notes a path.
func (v *readsVisitor) Visit(n *ast.Node) {
	path, value, ok := v.path(*n)
	if !ok {
		return
	}
	if m, isMember := (*n).(*ast.MemberNode); isMember {
		if part, _, ok := v.path(m.Node); ok {
			v.drop(part)
		}
	}
	for _, r := range v.reads {
		if r.Path == path {
			return
		}
	}
	v.reads = append(v.reads, Read{path, value})
}

// drop removes the last read if it is only the beginning of a path.
func (v *readsVisitor) drop(path string) {
	if last := len(v.reads) - 1; last >= 0 && v.reads[last].Path == path {
		v.reads = v.reads[:last]
	}
}

// path returns a node as a path from a name of the scope.
func (v *readsVisitor) path(n ast.Node) (path string, value any, ok bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		value, ok = v.scope[n.Value]
		return n.Value, value, ok
	case *ast.ChainNode:
		return v.path(n.Node)
	case *ast.MemberNode:
		return v.member(n)
	}
	return "", nil, false
}

func (v *readsVisitor) member(n *ast.MemberNode) (path string, value any, ok bool) {
	path, of, ok := v.path(n.Node)
	if !ok {
		return "", nil, false
	}
	switch property := n.Property.(type) {
	case *ast.StringNode:
		fields, _ := of.(map[string]any)
		return path + "." + property.Value, fields[property.Value], true
	case *ast.IntegerNode:
		items, _ := of.([]any)
		if i := property.Value; i >= 0 && i < len(items) {
			value = items[i]
		}
		return fmt.Sprintf("%s[%d]", path, property.Value), value, true
	}
	return "", nil, false
}
