package templates

import (
	"slices"
	"strings"
	"text/template/parse"

	"nudge/lang/diag"
	"nudge/lang/insight"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// checker walks the tree of one text. It finds the type of every node, reports mistakes,
// and turns names of the scope into fields of the root, because Go's templates would read
// them as functions.
type checker struct {
	*compiler
	source    *node.Text
	scope     *shape.Type // with what is certainly there at this place
	variables []variable
	ranges    int         // how many ranges stand around the node
	deepest   int         // the most that stood around one
	partials  int         // how many partials the text is made of
	inner     []*included // the partials that it names itself
	mistakes  int
	piece     *insight.Piece // what editors ask for; nil: nobody asks
}

// maxMistakes is how many mistakes of one text are reported; more are left out.
const maxMistakes = 100

type variable struct {
	name string
	kind *shape.Type
}

// list checks nodes one after the other; dot is the type of the dot in them.
func (w *checker) list(list *parse.ListNode, dot *shape.Type) {
	if list == nil {
		return
	}
	before := len(w.variables)
	for i, n := range list.Nodes {
		if action, ok := n.(*parse.ActionNode); ok {
			if id, args := partialAction(action); id != nil {
				if included := w.include(id, args); included != nil {
					list.Nodes[i] = included
				}
				continue
			}
			if id := preferencesAction(action); id != nil {
				list.Nodes[i] = w.preferences(id)
				continue
			}
		}
		w.node(n, dot)
	}
	w.variables = w.variables[:before]
}

func (w *checker) node(n parse.Node, dot *shape.Type) {
	before := len(w.variables)
	switch n := n.(type) {
	case *parse.ActionNode:
		t := w.pipe(n.Pipe, dot)
		w.written(n.Pipe, t)
		if len(n.Pipe.Decl) == 0 && t == weekdayType && w.at.language.words == nil && w.style == forPeople {
			w.fail(startOf(n.Pipe.Cmds[0].Args[0]), len("weekday"), codeUnknownFunction, "use date instead",
				"weekday does not know the names of the days in the language %s", w.at.language.name)
		}
		return // what it declares lives on
	case *parse.IfNode:
		w.condition(n.Pipe, w.pipe(n.Pipe, dot))
		w.sure(whenTrue(n.Pipe), dot, func(dot *shape.Type) { w.list(n.List, dot) })
		w.sure(whenFalse(n.Pipe), dot, func(dot *shape.Type) { w.list(n.ElseList, dot) })
	case *parse.WithNode:
		t := w.pipe(n.Pipe, dot)
		w.condition(n.Pipe, t)
		w.sure(whenTrue(n.Pipe), t, func(*shape.Type) { w.list(n.List, present(t)) })
		w.list(n.ElseList, dot)
	case *parse.RangeNode:
		w.rangeOver(n, dot)
	case *parse.TemplateNode:
		w.fail(n.Pos, len("template"), codeSyntax, "write {{ partial \"footer\" }} for "+partialFile,
			"the action template is not allowed")
	}
	w.variables = w.variables[:before]
}

func (w *checker) rangeOver(n *parse.RangeNode, dot *shape.Type) {
	t := w.pipe(n.Pipe, dot)
	item := shape.Any
	switch {
	case t.Kind == shape.KindList:
		item = t.Elem
	case t.Kind == shape.KindAny && t != failed:
		w.condition(n.Pipe, t)
	case t.Kind != shape.KindMap && t != failed:
		w.failPipe(n.Pipe, codeSyntax, "", "range needs a list, not %s", t.Described())
	}
	w.ranges++
	if w.deepest = max(w.deepest, w.ranges); w.ranges > maxNesting {
		w.failPipe(n.Pipe, codeTooDeep, "", "range is nested more than %d levels deep", maxNesting)
	}
	switch decl := n.Pipe.Decl; len(decl) {
	case 1:
		w.variables[len(w.variables)-1].kind = item
	case 2:
		w.variables[len(w.variables)-2].kind = indexOf(t)
		w.variables[len(w.variables)-1].kind = item
	}
	w.list(n.List, item)
	w.ranges--
	w.list(n.ElseList, dot)
}

// indexOf returns the type of the index of a range: a number in a list, a name in a map.
func indexOf(t *shape.Type) *shape.Type {
	switch t.Kind {
	case shape.KindList:
		return shape.Number
	case shape.KindMap:
		return shape.String
	}
	return shape.Any
}

// condition reports a condition on a value of unknown type: a misspelt name would silently
// be false.
func (w *checker) condition(p *parse.PipeNode, t *shape.Type) {
	if t.Kind == shape.KindAny && t != failed && !w.use.Untyped {
		w.failPipe(p, codeUntyped, untypedHint, "the type of %s is unknown", strings.ReplaceAll(p.String(), "$.", ""))
	}
}

const untypedHint = "declare its shape under events: or profile: in nudge.yaml, or in the flow's data:"

// failed is the type of a node with a mistake. It causes no further mistakes.
var failed = &shape.Type{Kind: shape.KindAny}

// pipe returns the type of a pipeline's value. Each command passes its value to the next.
func (w *checker) pipe(p *parse.PipeNode, dot *shape.Type) *shape.Type {
	var t *shape.Type
	for _, cmd := range p.Cmds {
		t = w.command(cmd, dot, t)
	}
	for _, v := range p.Decl {
		w.variables = append(w.variables, variable{v.Ident[0], t})
	}
	return t
}

// command returns the type of one command; piped is the type of the value before it, or
// nil.
func (w *checker) command(cmd *parse.CommandNode, dot, piped *shape.Type) *shape.Type {
	if id, ok := cmd.Args[0].(*parse.IdentifierNode); ok {
		if fn := w.kit.functions[id.Ident]; fn != nil {
			return w.call(cmd, id, fn, dot, piped)
		}
	}
	t := w.operand(&cmd.Args[0], dot)
	if (len(cmd.Args) > 1 || piped != nil) && t != failed {
		text := cmd.Args[0].String()
		w.fail(startOf(cmd.Args[0]), len(text), codeSyntax, "", "%s is a value, not a function", strings.TrimPrefix(text, "$."))
		return failed
	}
	return t
}

func (w *checker) call(cmd *parse.CommandNode, id *parse.IdentifierNode, fn *function, dot, piped *shape.Type) *shape.Type {
	args := make([]*shape.Type, 0, len(cmd.Args))
	at := make([]parse.Pos, 0, len(cmd.Args))
	for i := 1; i < len(cmd.Args); i++ {
		at = append(at, startOf(cmd.Args[i]))
		args = append(args, w.operand(&cmd.Args[i], dot))
	}
	w.noteOutcomes(cmd, id.Ident)
	switch {
	case piped != nil && fn.subject:
		args, at = slices.Insert(args, 0, piped), slices.Insert(at, 0, id.Pos)
	case piped != nil:
		args, at = append(args, piped), append(at, id.Pos)
	}
	if !w.fits(fn, id, args, at) || fn.Name == "money" && !w.currency(cmd) || fn.Group == "Conditions" && fn.call != nil && !w.words(cmd, args) {
		return failed
	}
	if fn.scoped {
		cmd.Args = slices.Insert(cmd.Args, 1, parse.Node(rootAt(id.Pos)))
	}
	if piped != nil && fn.subject {
		cmd.Args[0] = parse.NewIdentifier(fnPiped + fn.Name).SetPos(id.Pos)
	}
	if fn.result != nil {
		return fn.result
	}
	return resultOf(id.Ident, args)
}

// fits reports values that a function does not take.
func (w *checker) fits(fn *function, id *parse.IdentifierNode, args []*shape.Type, at []parse.Pos) bool {
	example := "for example {{ " + fn.Example + " }}"
	switch {
	case fn.Name == "partial":
		w.fail(id.Pos, len(id.Ident), codeSyntax, example, "partial must be the only thing between its braces")
		return false
	case len(args) < fn.least || fn.most >= 0 && len(args) > fn.most:
		w.fail(id.Pos, len(id.Ident), codeSyntax, example, "%s does not take %d values", id.Ident, len(args))
		return false
	case fn.Name == "plural" && len(args)-1 > max(len(w.at.language.forms), 2):
		w.fail(id.Pos, len(id.Ident), codeSyntax, "the name of the file sets the language of its text: shipped.pl.yaml",
			"the language %s has %d plural forms, not %d", w.at.language.name, len(w.at.language.forms), len(args)-1)
		return false
	}
	for i, t := range args {
		if !w.argument(fn, i, t, at[i], id.Ident) || !fn.absent && !w.isThere(t, at[i], id) {
			return false
		}
	}
	return true
}

// currency reports an unknown code that a call of money writes out.
func (w *checker) currency(cmd *parse.CommandNode) bool {
	for _, arg := range cmd.Args {
		if code, ok := arg.(*parse.StringNode); ok {
			if _, known := currencyDecimals(strings.ToUpper(code.Text)); !known {
				w.fail(code.Pos, len(code.Quoted), codeSyntax, "use a code of ISO 4217, such as EUR", "unknown currency %q", code.Text)
				return false
			}
		}
	}
	return true
}

func (w *checker) argument(fn *function, i int, t *shape.Type, at parse.Pos, name string) bool {
	if t == failed {
		return false
	}
	want := shape.KindAny
	if len(fn.args) > 0 {
		want = fn.args[min(i, len(fn.args)-1)]
	}
	switch {
	case t.Kind == shape.KindAny && fn.known && !w.use.Untyped:
		w.fail(at, 1, codeUntyped, untypedHint, "the type of a value given to %s is unknown", name)
	case want != shape.KindAny && t.Kind != shape.KindAny && t.Kind != want:
		w.fail(at, 1, codeSyntax, "for example {{ "+fn.Example+" }}", "%s takes %s here, not %s",
			name, (&shape.Type{Kind: want}).Described(), t.Described())
	case fn.days && t.Kind != shape.KindAny && t.Kind != shape.KindTime && t.Kind != shape.KindDate:
		w.fail(at, 1, codeSyntax, "for example {{ "+fn.Example+" }}", "%s takes a time or a date here, not %s", name, t.Described())
	default:
		return true
	}
	return false
}

// operand returns the type of one argument and rewrites names of the scope.
func (w *checker) operand(n *parse.Node, dot *shape.Type) *shape.Type {
	switch node := (*n).(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		return w.fields(dot, node.Ident, startOf(node)+1, "")
	case *parse.VariableNode:
		return w.variable(node)
	case *parse.IdentifierNode:
		return w.scopeName(n, node, nil)
	case *parse.ChainNode:
		if id, ok := node.Node.(*parse.IdentifierNode); ok {
			return w.scopeName(n, id, node.Field)
		}
		base := w.operand(&node.Node, dot)
		return w.fields(base, node.Field, node.Pos+1, "")
	case *parse.PipeNode:
		return w.pipe(node, dot)
	case *parse.NumberNode:
		return shape.Number
	case *parse.StringNode:
		return shape.String
	case *parse.BoolNode:
		return shape.Boolean
	}
	return shape.Any
}

// scopeName checks a name of the scope with its fields: data.order_id becomes
// $.data.order_id.
func (w *checker) scopeName(n *parse.Node, id *parse.IdentifierNode, path []string) *shape.Type {
	if fn := w.kit.functions[id.Ident]; fn != nil && len(path) == 0 {
		return w.call(&parse.CommandNode{Args: []parse.Node{id}}, id, fn, nil, nil)
	}
	t, ok := w.scope.Field(id.Ident)
	w.note(id.Ident, int(id.Pos), w.scope, t, []string{id.Ident})
	if w.scope.Fields[id.Ident] == nil && len(path) == 0 {
		ok = false // an open scope has any name with a field, not any word
	}
	if !ok {
		w.unknownName(id, len(path) > 0)
		return failed
	}
	w.reads.note(w.use.Scope, append([]string{id.Ident}, path...))
	*n = &parse.VariableNode{
		NodeType: parse.NodeVariable, Pos: id.Pos, Ident: append([]string{"$", id.Ident}, path...),
	}
	return w.fields(t, path, id.Pos+parse.Pos(len(id.Ident))+1, id.Ident)
}

func (w *checker) unknownName(id *parse.IdentifierNode, path bool) {
	if id.Ident == namePreferences {
		w.fail(id.Pos, len(id.Ident), codeSyntax, preferencesHint, namePreferences+" must be the only thing between its braces")
		return
	}
	if path {
		w.fail(id.Pos, len(id.Ident), codeUnknownName, diag.DidYouMean(id.Ident, w.scope.Names(), "In scope here"),
			"unknown name %q", id.Ident)
		return
	}
	names := append(w.scope.Names(), append(functionNames(w.kit.functions), namePreferences)...)
	w.fail(id.Pos, len(id.Ident), codeUnknownFunction, diag.DidYouMean(id.Ident, names, "Names and functions"),
		"unknown name or function %q", id.Ident)
}

func (w *checker) variable(n *parse.VariableNode) *shape.Type {
	if n.Ident[0] == "$" {
		w.reads.note(w.use.Scope, n.Ident[1:])
		return w.fields(w.scope, n.Ident[1:], startOf(n)+2, "")
	}
	for i := len(w.variables) - 1; i >= 0; i-- {
		if v := w.variables[i]; v.name == n.Ident[0] {
			return w.fields(v.kind, n.Ident[1:], startOf(n)+parse.Pos(len(v.name))+1, v.name)
		}
	}
	return shape.Any
}

// fields follows a path of fields from a type; at is the beginning of the first field.
func (w *checker) fields(t *shape.Type, path []string, at parse.Pos, base string) *shape.Type {
	for i, name := range path {
		if t == failed {
			return failed
		}
		field, ok := t.Field(name)
		if w.piece != nil {
			w.note(name, int(at), t, field, pathTo(base, path[:i+1]))
		}
		// A method of our own types would be reached like a field.
		if !ok || t.Kind == shape.KindAny && name == "Std" {
			return w.unknownField(t, name, at, strings.Trim(base+"."+strings.Join(path[:i], "."), "."))
		}
		if t.Optional {
			field = field.OrNil()
		}
		t = field
		at += parse.Pos(len(name)) + 1
	}
	return t
}

// note notes a name or a field for editors. The place is in bytes.
func (w *checker) note(name string, at int, of, t *shape.Type, path []string) {
	if w.piece == nil {
		return
	}
	value := w.source.Value
	from := len([]rune(value[:min(at, len(value))]))
	w.piece.Add(insight.Part{From: from, To: from + len([]rune(name)), Name: name, Of: of, Type: t, Path: path})
}

// noteOutcomes notes the texts that are compared with the outcome of a step, for editors.
func (w *checker) noteOutcomes(cmd *parse.CommandNode, function string) {
	if w.piece == nil || function != "eq" && function != "ne" {
		return
	}
	step := ""
	for _, arg := range cmd.Args {
		if v, ok := arg.(*parse.VariableNode); ok && len(v.Ident) == 3 && v.Ident[0] == "$" && v.Ident[2] == "outcome" {
			step = v.Ident[1]
		}
	}
	for _, arg := range cmd.Args {
		if text, ok := arg.(*parse.StringNode); ok && step != "" {
			from := len([]rune(w.source.Value[:text.Pos]))
			w.piece.Add(insight.Part{From: from, To: from + len([]rune(text.Quoted)), Name: text.Text, Outcome: step})
		}
	}
}

// pathTo returns the names from a name of the scope to a field; nil where another value
// stands before the fields.
func pathTo(base string, fields []string) []string {
	if base == "" || base[0] == '$' {
		return nil
	}
	return append([]string{base}, fields...)
}

func (w *checker) unknownField(t *shape.Type, name string, at parse.Pos, base string) *shape.Type {
	code, what := codeUnknownField, base
	switch {
	case t == w.scope:
		code, what = codeUnknownName, "the scope"
	case base == "":
		what = "it"
	}
	if t.Kind != shape.KindMap {
		w.fail(at, len(name), code, "", "%s is %s and has no fields", what, t.Described())
		return failed
	}
	w.fail(at, len(name), code, diag.DidYouMean(name, t.Names(), "It has"), "%s has no field %q", what, name)
	return failed
}

// fail reports a mistake, if it is not one of too many: finding its place means reading the text
// up to it.
func (w *checker) fail(at parse.Pos, length int, code diag.Code, hint, format string, args ...any) {
	if w.mistakes++; w.mistakes > maxMistakes {
		return
	}
	w.compiler.list.Errorf(spanOf(w.source, int(at), int(at)+length), code, hint, format, args...)
}

func (w *checker) failPipe(p *parse.PipeNode, code diag.Code, hint, format string, args ...any) {
	start := startOf(p.Cmds[0].Args[0])
	w.fail(start, len(strings.ReplaceAll(p.Cmds[0].String(), "$.", "")), code, hint, format, args...)
}

// startOf returns the beginning of a node. The parser places a chain of fields at the first
// link after its head.
func startOf(n parse.Node) parse.Pos {
	switch n := n.(type) {
	case *parse.FieldNode:
		if len(n.Ident) > 1 {
			return n.Pos - parse.Pos(len(n.Ident[0])+1)
		}
	case *parse.VariableNode:
		if len(n.Ident) > 1 && n.Ident[0] != "$" {
			return n.Pos - parse.Pos(len(n.Ident[0]))
		}
	case *parse.ChainNode:
		return startOf(n.Node)
	}
	return n.Position()
}
