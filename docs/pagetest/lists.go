package pagetest

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"path/filepath"
	"time"
)

// ReadDurations returns the durations of a list that a file declares.
func (all Constants) ReadDurations(root, file, name string) (list []time.Duration, err error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, 0)
	if err != nil {
		return nil, err
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != name || len(spec.Values) == 0 {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.CompositeLit); ok {
			for _, e := range literal.Elts {
				v, _ := all.Eval(parsed.Name.Name, e)
				n, _ := constant.Int64Val(constant.ToInt(v))
				list = append(list, time.Duration(n))
			}
		}
		return false
	})
	if len(list) == 0 {
		return nil, fmt.Errorf("%s declares no list %s", file, name)
	}
	return list, nil
}
