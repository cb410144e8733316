package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// raceVariable is a list in test.sh.
var raceVariable = regexp.MustCompile(`(?m)^(concurrent|shared|program|alone|played)='([^']+)'`)

// TestRaceList holds test.sh to the sources: a package with goroutines runs under the race
// detector, or at least the tests of it that have some. And what test.sh names exists.
func TestRaceList(t *testing.T) {
	lists := map[string]map[string]bool{}
	for _, m := range raceVariable.FindAllStringSubmatch(read(t, "test.sh"), -1) {
		lists[m[1]] = map[string]bool{}
		for _, word := range strings.FieldsFunc(m[2], func(r rune) bool { return strings.ContainsRune("| \n", r) }) {
			lists[m[1]][word] = true
		}
	}
	if len(lists) != 5 {
		t.Fatalf("test.sh has the lists %v", lists)
	}
	found := map[string]bool{}
	for _, file := range goFiles(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		room := path.Dir(file)
		found[room] = true
		for _, decl := range parsed.Decls {
			f, isFunc := decl.(*ast.FuncDecl)
			if isFunc && strings.HasPrefix(f.Name.Name, "Test") {
				found[f.Name.Name] = true
			}
			if !isFunc || !begins(f) || lists["concurrent"][room] || lists["program"][room] || lists["shared"][f.Name.Name] {
				continue
			}
			t.Errorf("%s: %s has goroutines, and test.sh runs none of it under the race detector: add %s to concurrent", file, f.Name.Name, room)
		}
	}
	for name, list := range lists {
		for word := range list {
			if !found[word] {
				t.Errorf("test.sh: %s names %s, which does not exist", name, word)
			}
		}
	}
}

// begins reports whether a function begins goroutines, by itself, by a WaitGroup, or with a
// server.
func begins(f *ast.FuncDecl) bool {
	yes := false
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			yes = true
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok {
				of, _ := s.X.(*ast.Ident)
				yes = yes || s.Sel.Name == "Go" || of != nil && of.Name == "httptest" && s.Sel.Name == "NewServer"
			}
		}
		return true
	})
	return yes
}

// goFiles returns all Go files of the module, tests included.
func goFiles(t *testing.T) (files []string) {
	t.Helper()
	dirs := map[string]bool{".": true}
	for _, file := range sources(t) {
		dirs[path.Dir(file)] = true
	}
	for dir := range dirs {
		in, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range in {
			files = append(files, filepath.ToSlash(file))
		}
	}
	return files
}
