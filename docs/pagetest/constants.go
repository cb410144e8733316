package pagetest

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Sources returns the Go files of the module that are not tests, without other modules inside of it.
func Sources(root string) (files []string, err error) {
	err = fs.WalkDir(os.DirFS(root), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if _, err := os.Stat(filepath.Join(root, file, "go.mod")); file != "." && err == nil {
				return fs.SkipDir
			}
			if name := entry.Name(); name == "testdata" || name == "node_modules" || len(name) > 1 && name[0] == '.' {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") {
			files = append(files, file)
		}
		return nil
	})
	return files, err
}

// Constants are the constants of files, by package and name.
type Constants map[string]Constant

// Constant is a constant of the sources.
type Constant struct {
	Pkg, Name, Folder, Place string
	Number                   int // in the order of the sources
	Value                    ast.Expr
	Above, Behind            string // its comments
}

// ReadConstants reads the constants of files.
func ReadConstants(root string, files []string) (Constants, error) {
	all, places := Constants{}, token.NewFileSet()
	for _, file := range files {
		parsed, err := parser.ParseFile(places, filepath.Join(root, file), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range parsed.Decls {
			if block, ok := d.(*ast.GenDecl); ok && block.Tok == token.CONST {
				all.add(block, parsed.Name.Name, path.Dir(file), places)
			}
		}
	}
	return all, nil
}

func (all Constants) add(block *ast.GenDecl, pkg, folder string, places *token.FileSet) {
	for _, spec := range block.Specs {
		s := spec.(*ast.ValueSpec)
		above := s.Doc
		if !block.Lparen.IsValid() {
			above = block.Doc
		}
		for i, value := range s.Values {
			name := s.Names[i].Name
			all[pkg+"."+name] = Constant{pkg, name, folder, places.Position(value.Pos()).String(), len(all), value, above.Text(), s.Comment.Text()}
		}
	}
}

// Value computes a constant, and reports whether it is a duration, and whether it can be computed.
func (all Constants) Value(name string) (v constant.Value, timed, ok bool) {
	c, ok := all[name]
	if !ok {
		return nil, false, false
	}
	v, timed = all.Eval(c.Pkg, c.Value)
	return v, timed, v.Kind() != constant.Unknown
}

// durations are those of package time.
var durations = map[string]time.Duration{"Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour}

// Eval computes a constant of a package, and reports whether it is a duration. Its value is
// unknown if the expression is none of numbers, constants of these packages and package time.
func (all Constants) Eval(pkg string, e ast.Expr) (v constant.Value, timed bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0), false
	case *ast.ParenExpr:
		return all.Eval(pkg, e.X)
	case *ast.Ident:
		if c, ok := all[pkg+"."+e.Name]; ok {
			return all.Eval(c.Pkg, c.Value)
		}
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		if ok && x.Name == "time" && durations[e.Sel.Name] != 0 {
			return constant.MakeInt64(int64(durations[e.Sel.Name])), true
		}
		if ok && x.Name != pkg {
			return all.Eval(x.Name, e.Sel)
		}
	case *ast.BinaryExpr:
		x, timedX := all.Eval(pkg, e.X)
		y, timedY := all.Eval(pkg, e.Y)
		switch {
		case x.Kind() != constant.Int || y.Kind() != constant.Int:
		case e.Op == token.SHL:
			n, _ := constant.Uint64Val(y)
			return constant.Shift(x, token.SHL, uint(n)), false
		case e.Op == token.QUO && constant.Sign(y) != 0:
			return constant.BinaryOp(x, token.QUO_ASSIGN, y), timedX // of whole numbers
		case e.Op == token.ADD, e.Op == token.SUB, e.Op == token.MUL:
			return constant.BinaryOp(x, e.Op, y), timedX || timedY
		}
	}
	return constant.MakeUnknown(), false
}
