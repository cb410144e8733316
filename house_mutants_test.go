//go:build mutants

package house

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	mutantsOf   = flag.String("mutants-of", "", "only these packages, with commas between them; empty: all")
	mutantCount = flag.Int("mutants", 60, "how many changes of each package are tried")
	mutantSeed  = flag.Uint64("mutants-seed", 1, "which changes they are follows from it")
)

// mutated are the packages whose tests are tried, and which tests besides their own could notice a change.
var mutated = map[string][]string{
	"engine":                {"./simtest"},
	"store":                 {"./engine", "./runner"},
	"runner":                {"./server", "./app"},
	"server":                {"./client", "./console"},
	"channels/appmessaging": {"./app"},
	"templates":             {"./flows", "./engine"},
	"flows":                 {"./engine", "./whatif/story"},
	"lang/node":             {"./flows"},
	"lang/shape":            {"./flows", "./engine"},
	"audience":              {"./runner"},
}

// leastNoticed is how many of a hundred changes must be noticed, and by the tests of the package itself.
const (
	leastNoticed = 90
	leastByOwn   = 80
)

// TestMutants makes small changes to the code, one at a time: a condition is negated, a comparison takes its neighbour in or out, a number
// becomes the next one, a statement is left out. The tests of the package must fail on nearly all of them. A change that makes no
// difference to anybody is in testdata/equivalent.txt, with the reason.
//
//	go test -tags mutants . -run TestMutants -mutants-of audience -timeout 10h -v
func TestMutants(t *testing.T) {
	equivalent := equivalents(t)
	for _, of := range slices.Sorted(func(yield func(string) bool) {
		for of := range mutated {
			if !yield(of) {
				return
			}
		}
	}) {
		if *mutantsOf != "" && !slices.Contains(strings.Split(*mutantsOf, ","), of) {
			continue
		}
		t.Run(of, func(t *testing.T) {
			all := mutantsIn(t, of)
			rand.New(rand.NewPCG(*mutantSeed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			own, others, tried := 0, 0, 0
			for _, m := range all {
				if tried == *mutantCount {
					break
				}
				if equivalent[m.String()] {
					continue
				}
				builds, noticed := m.judge(t, "./"+of)
				if !builds {
					continue
				}
				tried++
				if noticed {
					own++
					continue
				}
				if slices.ContainsFunc(mutated[of], func(other string) bool { _, noticed := m.judge(t, other); return noticed }) {
					others++
					t.Logf("only others notice %s", m)
					continue
				}
				t.Logf("nobody notices %s", m)
			}
			t.Logf("%s: %d of %d noticed, %d of them by its own tests", of, own+others, tried, own)
			if 100*(own+others) < leastNoticed*tried || 100*own < leastByOwn*tried {
				t.Errorf("%d of 100 changes must be noticed, %d by the tests of %s", leastNoticed, leastByOwn, of)
			}
		})
	}
}

// equivalents are the changes that make no difference.
func equivalents(t *testing.T) map[string]bool {
	raw, err := os.ReadFile("testdata/equivalent.txt")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for line := range strings.Lines(string(raw)) {
		if change, reason, ok := strings.Cut(strings.TrimSpace(line), " # "); ok && reason != "" {
			all[change] = true
		} else if line = strings.TrimSpace(line); line != "" {
			t.Fatalf("testdata/equivalent.txt: %q has no reason behind #", line)
		}
	}
	return all
}

// mutant is one change of one file.
type mutant struct {
	file, where string // where: the function, and the change in words
	text        []byte // of the whole file with the change
}

func (m *mutant) String() string { return m.file + ": " + m.where }

// judge reports whether a package builds with the change, and whether its tests fail then.
func (m *mutant) judge(t *testing.T, pkg string) (builds, noticed bool) {
	t.Helper()
	dir := t.TempDir()
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	path, err := filepath.Abs(m.file)
	if err == nil {
		err = os.WriteFile(changed, m.text, 0o666)
	}
	raw, _ := json.Marshal(map[string]map[string]string{"Replace": {path: changed}}) // plain texts
	if err = errors.Join(err, os.WriteFile(overlay, raw, 0o666)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute) // a change may make a loop endless
	defer cancel()
	binary := filepath.Join(dir, "tests")
	if out, err := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-vet=off", "-c", "-o", binary, pkg).CombinedOutput(); err != nil {
		return false, bytes.Contains(out, []byte("no test files"))
	}
	tests := exec.CommandContext(ctx, binary, "-test.failfast", "-test.timeout", "5m")
	tests.Dir = pkg
	return true, tests.Run() != nil
}

// mutantsIn are all changes of the files of a package that are not tests.
func mutantsIn(t *testing.T, of string) (all []*mutant) {
	files, err := filepath.Glob(of + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; ; n++ { // each change is made to a tree of its own
			set := token.NewFileSet()
			tree, err := parser.ParseFile(set, file, source, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			where := change(set, tree, n)
			if where == "" {
				break
			}
			var text bytes.Buffer
			if err := format.Node(&text, set, tree); err != nil {
				t.Fatalf("%s: %s: %v", file, where, err)
			}
			all = append(all, &mutant{file, where, text.Bytes()})
		}
	}
	return all
}

// change makes the change of a number, and says in words what it is; empty if there are not as many.
func change(set *token.FileSet, tree *ast.File, n int) (where string) {
	left := n
	for _, d := range tree.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil || where != "" {
			continue
		}
		seen := map[string]int{}
		at := func(what string, does func()) {
			seen[what]++
			if where != "" || left > 0 {
				left--
				return
			}
			left--
			does()
			where = f.Name.Name + ": " + what
			if seen[what] > 1 {
				where += ", the " + strconv.Itoa(seen[what]) + "th"
			}
		}
		ast.Inspect(f.Body, func(node ast.Node) bool {
			if where == "" {
				changesOf(set, node, at)
			}
			return where == ""
		})
	}
	return where
}

// neighbours are the operators that stand for one another.
var neighbours = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR, token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.LAND: token.LOR, token.LOR: token.LAND, token.ADD: token.SUB, token.SUB: token.ADD,
}

// changesOf offers the changes of one node.
func changesOf(set *token.FileSet, node ast.Node, at func(what string, does func())) {
	switch x := node.(type) {
	case *ast.IfStmt:
		at("if not "+source(set, x.Cond), func() { x.Cond = &ast.UnaryExpr{Op: token.NOT, X: &ast.ParenExpr{X: x.Cond}} })
	case *ast.BinaryExpr:
		if other, ok := neighbours[x.Op]; ok {
			at(source(set, x)+" with "+other.String(), func() { x.Op = other })
		}
	case *ast.BasicLit:
		if v, err := strconv.Atoi(x.Value); x.Kind == token.INT && err == nil {
			at(x.Value+" is "+strconv.Itoa(v+1), func() { x.Value = strconv.Itoa(v + 1) })
		}
	case *ast.BlockStmt:
		for i, s := range x.List {
			switch s := s.(type) {
			case *ast.ExprStmt, *ast.IncDecStmt:
				at("without "+source(set, s), func() { x.List = slices.Delete(slices.Clone(x.List), i, i+1) })
			case *ast.AssignStmt:
				if s.Tok != token.DEFINE {
					at("without "+source(set, s), func() { x.List[i] = ignored(s) })
				}
			}
		}
	}
}

// ignored is an assignment to nothing, so that what it uses is still used.
func ignored(s *ast.AssignStmt) ast.Stmt {
	blank := &ast.AssignStmt{Tok: token.ASSIGN, Rhs: s.Rhs}
	for range s.Lhs {
		blank.Lhs = append(blank.Lhs, ast.NewIdent("_"))
	}
	return blank
}

// source is a node in one line.
func source(set *token.FileSet, node ast.Node) string {
	var text bytes.Buffer
	if err := format.Node(&text, set, node); err != nil {
		return fmt.Sprint(err)
	}
	line := strings.Join(strings.Fields(text.String()), " ")
	return cmp.Or(line[:min(len(line), 90)], "?")
}
