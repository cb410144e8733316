package engine_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// forEachCall visits every selector of a file as "package.Name", and every go
// statement as "go".
func forEachCall(t *testing.T, file string, visit func(string)) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			visit("go")
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok {
				visit(of.Name + "." + n.Sel.Name)
			}
		}
		return true
	})
}
