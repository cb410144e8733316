//go:build mutants

package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mutant is one change of one file, which a number switches on.
type mutant struct {
	number      int
	order       int    // an outer change of a file comes before those within it
	file, where string // where: the function, and the change in words
	lines       [2]int // from, to
	edits       []edit
}

func (m *mutant) String() string { return m.file + ": " + m.where }

// edit is text in place of what is between two offsets of a file.
type edit struct {
	from, to int
	text     string // mutantNumber stands for the number
	closes   bool   // it ends what an earlier edit of the same change began
}

// neighbours are the operators that stand for one another.
var neighbours = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.LAND: token.LOR, token.LOR: token.LAND, token.ADD: token.SUB, token.SUB: token.ADD,
}

// finder finds the changes of a file.
type finder struct {
	set   *token.FileSet
	types map[ast.Expr]types.TypeAndValue
	file  *ast.File
	name  string
	f     *ast.FuncDecl
	seen  map[string]int // how often the same change was met in this function
	all   []*mutant
}

// mutantsIn are all changes of the files of a package that are not tests.
func mutantsIn(t *testing.T, of string) (all []*mutant) {
	set := token.NewFileSet()
	names, err := filepath.Glob(of + "/*.go")
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	var files []*ast.File
	for _, name := range names {
		file, bad := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		files, err = append(files, file), errors.Join(err, bad)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	if err == nil {
		_, err = (&types.Config{Importer: compiledPackages(t, set, of)}).Check("nudge/"+of, set, files, info)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		fd := &finder{set: set, types: info.Types, file: file, name: filepath.ToSlash(names[i])}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				fd.f, fd.seen = f, map[string]int{}
				ast.PreorderStack(f.Body, nil, fd.visit)
			}
		}
		all = append(all, fd.all...)
	}
	return all
}

// compiledPackages reads the types of what a package imports from what the compiler wrote.
func compiledPackages(t *testing.T, set *token.FileSet, of string) types.Importer {
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./"+of).Output()
	if err != nil {
		t.Fatal(err)
	}
	exports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[name] = file
	}
	return importer.ForCompiler(set, "gc", func(name string) (io.ReadCloser, error) { return os.Open(exports[name]) })
}

// add offers a change of a node.
func (fd *finder) add(node ast.Node, what string, edits ...edit) {
	name := fd.f.Name.Name
	if fd.f.Recv != nil {
		name = strings.TrimPrefix(fd.source(fd.f.Recv.List[0].Type), "*") + "." + name
	}
	if fd.seen[what]++; fd.seen[what] > 1 {
		what += fmt.Sprintf(" (%d)", fd.seen[what])
	}
	from, to := fd.set.Position(node.Pos()), fd.set.Position(node.End())
	fd.all = append(fd.all, &mutant{order: len(fd.all), file: fd.name, where: name + ": " + what, lines: [2]int{from.Line, to.Line}, edits: edits})
}

// around are two edits, before and behind a node.
func (fd *finder) around(node ast.Node, before, behind string) []edit {
	from, to := fd.offset(node.Pos()), fd.offset(node.End())
	return []edit{{from, from, before, false}, {to, to, behind, true}}
}

func (fd *finder) offset(p token.Pos) int { return fd.set.Position(p).Offset }

// visit offers the changes of one node.
func (fd *finder) visit(node ast.Node, stack []ast.Node) bool {
	switch x := node.(type) {
	case *ast.GenDecl:
		return x.Tok != token.CONST
	case *ast.ArrayType:
		return false
	case *ast.IfStmt:
		fd.add(x.Cond, "if not "+fd.source(x.Cond), fd.around(x.Cond, "mutantOn(mutantNumber) != (", ")")...)
	case *ast.BinaryExpr:
		fd.binary(x, stack)
	case *ast.BasicLit:
		fd.number(x, stack)
	case *ast.BlockStmt:
		fd.statements(x.List)
	case *ast.CaseClause:
		fd.statements(x.Body)
	case *ast.CommClause:
		fd.statements(x.Body)
	}
	return true
}

func (fd *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt:
			if call, ok := s.X.(*ast.CallExpr); ok && fd.source(call.Fun) == "panic" {
				continue // it may end the function
			}
		case *ast.IncDecStmt:
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				continue
			}
		default:
			continue
		}
		fd.add(s, "without "+fd.source(s), fd.around(s, "if !mutantOn(mutantNumber) { ", " }")...)
	}
}

func (fd *finder) binary(x *ast.BinaryExpr, stack []ast.Node) {
	if fd.types[x].Value != nil {
		return // a constant
	}
	if x.Op == token.EQL || x.Op == token.NEQ {
		if parent, ok := stack[len(stack)-1].(*ast.IfStmt); !ok || parent.Cond != x { // that is negated already
			fd.add(x, "not "+fd.source(x), fd.around(x, "((", ") != mutantOn(mutantNumber))")...)
		}
		return
	}
	other, ok := neighbours[x.Op]
	if basic, is := fd.types[x].Type.Underlying().(*types.Basic); !ok || !is || x.Op == token.ADD && basic.Info()&types.IsNumeric == 0 {
		return
	}
	open, middle, end := "mutant"+operators[x.Op]+"(mutantNumber, ", ", ", ")"
	if x.Op == token.LAND || x.Op == token.LOR { // what is on the right may depend on what is on the left
		middle, end = ", func() bool { return (", ") })"
	}
	edits := fd.around(x, open, end)
	at := fd.offset(x.OpPos)
	fd.add(x, fd.source(x)+" with "+other.String(), append(edits, edit{at, at + len(x.Op.String()), middle, false})...)
}

func (fd *finder) number(x *ast.BasicLit, stack []ast.Node) {
	v, err := strconv.Atoi(x.Value)
	if x.Kind != token.INT || err != nil {
		return
	}
	known := true
	name := types.TypeString(fd.types[x].Type, func(p *types.Package) string {
		if p.Path() == "nudge/"+path.Dir(fd.name) {
			return ""
		}
		known = known && slices.ContainsFunc(fd.file.Imports, func(i *ast.ImportSpec) bool { return i.Name == nil && i.Path.Value == strconv.Quote(p.Path()) })
		return p.Name()
	})
	if !known || strings.HasPrefix(name, "untyped") || fd.unused(x, stack[len(stack)-1]) {
		return
	}
	from := fd.offset(x.Pos())
	fd.add(x, x.Value+" is "+strconv.Itoa(v+1)+" in "+fd.source(stack[len(stack)-1]),
		edit{from, fd.offset(x.End()), "mutantNext(mutantNumber, " + name + "(" + x.Value + "))", false})
}

// unused reports whether nobody looks at a number: it is returned beside an error or false, or it is how much room something has at first.
func (fd *finder) unused(x *ast.BasicLit, parent ast.Node) bool {
	switch parent := parent.(type) {
	case *ast.ReturnStmt:
		last := parent.Results[len(parent.Results)-1]
		failure := types.Universe.Lookup("error").Type().Underlying().(*types.Interface)
		return len(parent.Results) > 1 && (fd.source(last) == "false" || !fd.types[last].IsNil() && types.Implements(fd.types[last].Type, failure))
	case *ast.CallExpr:
		return fd.source(parent.Fun) == "make" && parent.Args[len(parent.Args)-1] == x && (len(parent.Args) == 3 || strings.HasPrefix(fd.source(parent.Args[0]), "map["))
	}
	return false
}

// source is a node in one line.
func (fd *finder) source(node ast.Node) string {
	var text bytes.Buffer
	if err := format.Node(&text, fd.set, node); err != nil {
		return fmt.Sprint(err)
	}
	line := []rune(strings.Join(strings.Fields(text.String()), " "))
	return string(line[:min(len(line), 90)])
}

// operators are the names of the functions that stand for operators.
var operators = map[token.Token]string{token.LSS: "Less", token.LEQ: "AtMost", token.GTR: "More", token.GEQ: "AtLeast",
	token.LAND: "And", token.LOR: "Or", token.ADD: "Sum", token.SUB: "Difference"}

// switches is a file that is laid beside those of the package.
func switches(pkg string) string {
	text := "package " + pkg + `

import (
	"cmp"
	"os"
	"strconv"
	"sync"
)

var (
	mutantChosen, _ = strconv.Atoi(os.Getenv("MUTANT"))
	mutantLog       = os.Getenv("MUTANT_LOG")
	mutantMet       sync.Map
)

func mutantOn(n int) bool {
	if mutantLog != "" {
		mutantMeet(n)
	}
	return n == mutantChosen
}

func mutantMeet(n int) {
	if _, met := mutantMet.LoadOrStore(n, true); met {
		return
	}
	f, err := os.OpenFile(mutantLog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err == nil {
		_, err = f.WriteString(strconv.Itoa(n) + "\n")
		f.Close()
	}
	if err != nil {
		panic(err)
	}
}

type mutantNumeric interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

func mutantNext[T mutantNumeric](n int, v T) T {
	if mutantOn(n) {
		return v + 1
	}
	return v
}
`
	for _, op := range slices.Sorted(maps.Keys(neighbours)) {
		generic, of, b, result := "[T cmp.Ordered]", "a, b T", "b", "bool"
		switch op {
		case token.ADD, token.SUB:
			generic, result = "[T mutantNumeric]", "T"
		case token.LAND, token.LOR:
			generic, of, b = "", "a bool, b func() bool", "b()"
		}
		text += fmt.Sprintf("\nfunc mutant%s%s(n int, %s) %s {\n\tif mutantOn(n) {\n\t\treturn a %s %s\n\t}\n\treturn a %s %s\n}\n",
			operators[op], generic, of, result, neighbours[op], b, op, b)
	}
	return text
}

// compileError is the place that the compiler names.
var compileError = regexp.MustCompile(`(?m)^([^\s:]+\.go):(\d+):\d+: `)

// switched lays changes behind switches over a package, and leaves out those that do not compile so.
func switched(t *testing.T, of string, all []*mutant) (overlay string, compiled []*mutant) {
	for range 10 {
		overlay = laidOver(t, of, all)
		out, err := exec.Command("go", "build", "-gcflags=-e", "-overlay", overlay, "./"+of).CombinedOutput()
		if err == nil {
			if len(all) > *mutantCount {
				all = all[:*mutantCount]
			}
			return overlay, all
		}
		before := len(all)
		for _, place := range compileError.FindAllStringSubmatch(string(out), -1) {
			line, _ := strconv.Atoi(place[2])
			all = slices.DeleteFunc(all, func(m *mutant) bool {
				return filepath.Base(m.file) == filepath.Base(place[1]) && m.lines[0] <= line && line <= m.lines[1]
			})
		}
		if len(all) == before {
			t.Fatalf("%s does not build with the switches: %s", of, out)
		}
	}
	t.Fatalf("%s does not build with the switches", of)
	return "", nil
}

// laidOver writes the changed files of a package, and the overlay that names them.
func laidOver(t *testing.T, of string, all []*mutant) (overlay string) {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	byFile, replaced := map[string][]*mutant{}, map[string]string{}
	for i, m := range all {
		m.number = i + 1
		byFile[m.file] = append(byFile[m.file], m)
	}
	write := func(file, text string) {
		place, err := filepath.Abs(file)
		changed := filepath.Join(dir, filepath.Base(file))
		if err == nil {
			err = os.WriteFile(changed, []byte(text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
		replaced[place] = changed
	}
	name := ""
	for file, changes := range byFile {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := edited(string(source), changes)
		name = regexp.MustCompile(`(?m)^package (\w+)`).FindStringSubmatch(text)[1]
		write(file, text)
	}
	write(filepath.Join(of, "zz_mutants.go"), switches(name))
	raw, err := json.Marshal(map[string]any{"Replace": replaced})
	overlay = filepath.Join(dir, "overlay.json")
	if err == nil {
		err = os.WriteFile(overlay, raw, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return overlay
}

// edited is the text of a file with all its changes. One may stand within another: the outer one begins first and ends last.
func edited(source string, changes []*mutant) string {
	type placed struct {
		edit
		order int
	}
	var all []placed
	for _, m := range changes {
		for _, e := range m.edits {
			e.text = strings.ReplaceAll(e.text, "mutantNumber", strconv.Itoa(m.number))
			all = append(all, placed{e, m.order})
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		switch {
		case a.from != b.from:
			return a.from - b.from
		case a.closes != b.closes:
			return map[bool]int{true: -1, false: 1}[a.closes]
		case a.closes:
			return b.order - a.order
		}
		return a.order - b.order
	})
	var text strings.Builder
	at := 0
	for _, e := range all {
		text.WriteString(source[at:e.from])
		text.WriteString(e.text)
		at = max(at, e.to)
	}
	return text.String() + source[at:]
}
