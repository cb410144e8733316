package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// A function outside tests has at most so many lines, from its first to its closing brace,
// and at most so high a cyclomatic complexity: as many branches as a reader can keep in mind.
const (
	maxLines            = 60
	maxComplexity       = 20
	maxEngineComplexity = 15
)

// TestShape holds every function outside tests to its size. A function that is split only
// for the number is worse than one above it: the pieces must mean something.
func TestShape(t *testing.T) {
	files := token.NewFileSet()
	for _, file := range sources(t) {
		parsed, err := parser.ParseFile(files, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		most := maxComplexity
		if strings.HasPrefix(file, "engine/") {
			most = maxEngineComplexity
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			begin, end := files.Position(f.Pos()), files.Position(f.End())
			if lines := end.Line - begin.Line + 1; lines > maxLines {
				t.Errorf("%s:%d: %s has %d lines, at most %d", file, begin.Line, f.Name.Name, lines, maxLines)
			}
			if n := complexity(f); n > most {
				t.Errorf("%s:%d: %s has a complexity of %d, at most %d", file, begin.Line, f.Name.Name, n, most)
			}
		}
	}
}

// complexity counts the ways through a function as gocyclo does: one, and one more for each
// if, loop, case, && and ||, also in the functions inside of it.
func complexity(f *ast.FuncDecl) int {
	n := 1
	ast.Inspect(f, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.CaseClause:
			if node.List != nil {
				n++
			}
		case *ast.CommClause:
			if node.Comm != nil {
				n++
			}
		case *ast.BinaryExpr:
			if node.Op == token.LAND || node.Op == token.LOR {
				n++
			}
		}
		return true
	})
	return n
}
