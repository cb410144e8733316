package templates

import (
	"slices"
	"strings"
	"text/template/parse"

	"nudge/lang/shape"
)

// fact is the path of a value that is certainly there: $ for the scope, a dot, or the name
// of a variable, and then fields.
type fact []string

// whenTrue returns the paths that are there if a condition holds: an absent value is false,
// and compares as false.
func whenTrue(p *parse.PipeNode) []fact {
	if len(p.Cmds) != 1 {
		return nil
	}
	args := p.Cmds[0].Args
	if len(args) == 1 {
		return ifTrue(args[0])
	}
	switch id, _ := args[0].(*parse.IdentifierNode); {
	case id == nil:
	case id.Ident == "and":
		return all(args[1:], ifTrue)
	case id.Ident == "not":
		return all(args[1:], ifFalse)
	case id.Ident == "eq" && len(args) == 3:
		if isLiteral(args[2]) {
			return readBy(args[1])
		}
		if isLiteral(args[1]) {
			return readBy(args[2])
		}
	case slices.Contains([]string{"lt", "le", "gt", "ge"}, id.Ident):
		return all(args[1:], readBy)
	}
	return nil
}

// whenFalse returns the paths that are there if a condition does not hold.
func whenFalse(p *parse.PipeNode) []fact {
	if len(p.Cmds) != 1 || len(p.Cmds[0].Args) < 2 {
		return nil
	}
	args := p.Cmds[0].Args
	switch id, _ := args[0].(*parse.IdentifierNode); {
	case id == nil:
	case id.Ident == "or":
		return all(args[1:], ifFalse)
	case id.Ident == "not":
		return all(args[1:], ifTrue)
	}
	return nil
}

func all(args []parse.Node, read func(parse.Node) []fact) (facts []fact) {
	for _, arg := range args {
		facts = append(facts, read(arg)...)
	}
	return facts
}

// ifTrue returns the paths that are there if an argument is true.
func ifTrue(n parse.Node) []fact {
	if p, ok := n.(*parse.PipeNode); ok {
		return whenTrue(p)
	}
	return readBy(n)
}

// ifFalse returns the paths that are there if an argument is false.
func ifFalse(n parse.Node) []fact {
	if p, ok := n.(*parse.PipeNode); ok {
		return whenFalse(p)
	}
	return nil
}

// readBy returns the path that an argument reads, after the check has rewritten its names.
func readBy(n parse.Node) []fact {
	switch n := n.(type) {
	case *parse.VariableNode:
		return []fact{n.Ident}
	case *parse.FieldNode:
		return []fact{append(fact{"."}, n.Ident...)}
	case *parse.DotNode:
		return []fact{{"."}}
	}
	return nil
}

func isLiteral(n parse.Node) bool {
	switch n.(type) {
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode:
		return true
	}
	return false
}

// sure checks a list while the facts hold.
func (w *checker) sure(facts []fact, dot *shape.Type, check func(dot *shape.Type)) {
	scope, variables := w.scope, slices.Clone(w.variables)
	for _, f := range facts {
		switch f[0] {
		case "$":
			w.scope = w.scope.Sure(f[1:]...)
		case ".":
			if dot != nil && dot != failed {
				dot = dot.Sure(f[1:]...)
			}
		default:
			w.sureVariable(f)
		}
	}
	check(dot)
	w.scope, w.variables = scope, variables
}

func (w *checker) sureVariable(f fact) {
	for i := len(w.variables) - 1; i >= 0; i-- {
		if v := &w.variables[i]; v.name == f[0] && v.kind != nil && v.kind != failed {
			v.kind = v.kind.Sure(f[1:]...)
			return
		}
	}
}

// written reports a value that a text writes although it may be absent.
func (w *checker) written(p *parse.PipeNode, t *shape.Type) {
	if len(p.Decl) > 0 || t == failed || w.use.Untyped || !t.MayBeAbsent() {
		return
	}
	text := strings.ReplaceAll(p.String(), "$.", "")
	w.failPipe(p, codeAbsent, absentHint(text, t), "%s may be absent%s", text, w.sender())
}

// isThere reports a value that a function needs although it may be absent.
func (w *checker) isThere(t *shape.Type, at parse.Pos, id *parse.IdentifierNode) bool {
	if t == failed || w.use.Untyped || !t.MayBeAbsent() {
		return true
	}
	w.fail(at, 1, codeAbsent, "give it a default: "+id.Ident+" (… | default "+sampleOf(t)+"), or write it inside {{ if … }}",
		"a value given to %s may be absent%s", id.Ident, w.sender())
	return false
}

// sender says which step uses the template.
func (w *checker) sender() string {
	if w.use.Step == "" {
		return ""
	}
	return ", and the step " + w.use.Step + " uses it"
}

func absentHint(text string, t *shape.Type) string {
	hint := "write {{ " + text + " | default " + sampleOf(t) + " }}, or write it inside {{ if " + text + " }}"
	if t.Kind == shape.KindAny {
		return "declare its shape under events: in nudge.yaml or in the flow's data:, or " + hint
	}
	return hint
}

// sampleOf returns a default for a hint.
func sampleOf(t *shape.Type) string {
	if t.Kind == shape.KindNumber {
		return "0"
	}
	return `"…"`
}
