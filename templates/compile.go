package templates

import (
	"errors"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"nudge/lang/diag"
	"nudge/lang/insight"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// templateName is the name of every Go template; error messages contain it.
const templateName = "text"

// partialFile is the path of partials, for hints.
const partialFile = "templates/partials/NAME.yaml"

// maxSource is how many bytes a text with actions may have; a longer one is a mistake of the
// template. It is what can be written, four times over: parsing a name takes as long as there are
// variables before it.
const maxSource = 4 * MaxOutput

// maxNesting is how deep ranges may be nested; a deeper one is a mistake of the template. Each
// level multiplies the work by the length of a list, and only the size of the output can stop a
// template.
const maxNesting = 3

// compiler compiles the texts of one template for one place of a flow.
type compiler struct {
	use      Use
	list     *diag.List
	at       place
	kit      *funcSet
	included map[string]*included // partials by name; nil while one is being compiled
	used     map[string]bool      // the names of the partials, shared by all variants
	reads    collected            // what the texts read, shared by all variants; nil: nobody asks
	style    style                // of the text being compiled
	readers  bool                 // the person gets the text being compiled, so it may link to their preferences
	linked   bool                 // a text does
}

// style says how values are written: the functions for a text and for a value that keeps its
// type.
type style struct{ print, typed string }

var (
	forPeople = style{fnPrint, fnShown}
	forData   = style{fnPlain, fnTyped}
)

// asData compiles with values written as data and not in a language.
func (c *compiler) asData(compile func()) {
	before := c.style
	c.style = forData
	compile()
	c.style = before
}

func newCompiler(use Use, locale string, used map[string]bool, list *diag.List) *compiler {
	at := place{zone: use.Zone, language: languageOf(locale)}
	if at.zone == nil {
		at.zone = time.UTC
	}
	return &compiler{
		use: use, list: list, at: at, kit: kitOf(at), included: map[string]*included{}, used: used, style: forPeople,
	}
}

// text compiles one string; nil for an absent one.
func (c *compiler) text(t *node.Text) *text {
	if t == nil {
		return nil
	}
	compiled := &text{source: t, plain: t.Value, merge: c.use.MergeFields, print: printed}
	if c.style == forPeople {
		compiled.print = c.at.language.printed
	}
	if !strings.Contains(t.Value, "{{") {
		return compiled
	}
	tree := c.parse(t, templateName)
	if tree == nil {
		return compiled
	}
	w := &checker{compiler: c, source: t, scope: c.use.Scope, piece: c.begin(t)}
	w.list(tree.Root, c.use.Scope)
	compiled.single = len(tree.Root.Nodes) == 1 && tree.Root.Nodes[0].Type() == parse.NodeAction
	compiled.blanks = blanksOf(tree.Root)
	compiled.partials = reachable(w.inner, map[string]*included{})
	compiled.tmpl = c.build(tree.Copy(), c.style.print, compiled.partials)
	if w.deepest > 0 {
		compiled.counts = machinesOf(compiled.tmpl, c.kit)
	}
	if compiled.single {
		compiled.typed = c.build(tree, c.style.typed, nil)
	}
	return compiled
}

// begin begins a piece for editors, if somebody asks.
func (c *compiler) begin(t *node.Text) *insight.Piece {
	piece := c.use.Notes.Begin(t, 0, c.use.Scope, true)
	if piece == nil {
		return nil
	}
	at, style, readers := c.at.language.name, c.style, c.readers
	piece.Try = func(value string) (list diag.List) {
		use := c.use
		use.Notes = nil
		quiet := newCompiler(use, at, map[string]bool{}, &list)
		quiet.style, quiet.readers = style, readers
		quiet.text(&node.Text{Value: value, Span: t.Span})
		return list
	}
	return piece
}

// parse parses a text and reports its mistakes.
func (c *compiler) parse(t *node.Text, name string) *parse.Tree {
	if len(t.Value) > maxSource {
		c.list.Errorf(t.Span, codeTooDeep, "", "the template has %d bytes, %d are allowed", len(t.Value), maxSource)
		return nil
	}
	tree, err := parseTree(t.Value, name)
	if err != nil {
		c.syntax(t, err)
	}
	return tree
}

// errDefines refuses templates inside a text: partials are shared by files.
var errDefines = errors.New("define and block are not allowed in templates")

// parseTree parses a text without checking functions, because a name of the scope looks
// like a function.
func parseTree(text, name string) (*parse.Tree, error) {
	tree, set := parse.New(name), map[string]*parse.Tree{}
	tree.Mode = parse.SkipFuncCheck
	parsed, err := tree.Parse(text, "", "", set)
	switch {
	case err != nil:
		return nil, err
	case len(set) > 1:
		return nil, errDefines
	}
	return parsed, nil
}

// build makes a Go template from a checked tree. A function at the end of every action
// decides how its value is printed.
func (c *compiler) build(tree *parse.Tree, printer string, partials map[string]*included) *template.Template {
	guard(tree.Root, printer)
	if len(partials) == 0 {
		tmpl := c.kit.base.New(templateName)
		tmpl.Tree = tree
		return tmpl
	}
	tmpl := template.New(templateName).Funcs(c.kit.funcs)
	for name, p := range partials {
		mustAdd(tmpl, name, p.tree)
	}
	return mustAdd(tmpl, templateName, tree)
}

func mustAdd(tmpl *template.Template, name string, tree *parse.Tree) *template.Template {
	added, err := tmpl.AddParseTree(name, tree)
	if err != nil {
		panic("templates: a tree that was parsed cannot be added: " + err.Error())
	}
	return added
}

// guard appends the hidden functions: the printer to every action, and the one that refuses
// numbers to every range. Each item of a range writes an empty text, so that limited can
// stop the range.
func guard(list *parse.ListNode, printer string) {
	if list == nil {
		return
	}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			if len(n.Pipe.Decl) == 0 {
				pipeTo(n.Pipe, printer)
			}
		case *parse.IfNode:
			guardBranch(&n.BranchNode, printer)
		case *parse.WithNode:
			guardBranch(&n.BranchNode, printer)
		case *parse.RangeNode:
			pipeTo(n.Pipe, fnRange)
			n.List.Nodes = slices.Insert(n.List.Nodes, 0, parse.Node(&parse.TextNode{NodeType: parse.NodeText, Pos: n.Pos}))
			guardBranch(&n.BranchNode, printer)
		}
	}
}

func guardBranch(b *parse.BranchNode, printer string) {
	guard(b.List, printer)
	guard(b.ElseList, printer)
}

func pipeTo(p *parse.PipeNode, function string) {
	p.Cmds = append(p.Cmds, &parse.CommandNode{
		NodeType: parse.NodeCommand,
		Pos:      p.Pos,
		Args:     []parse.Node{parse.NewIdentifier(function).SetPos(p.Pos)},
	})
}

// present returns a type whose value is certainly there.
func present(t *shape.Type) *shape.Type {
	switch t {
	case nil:
		return shape.Something
	case failed:
		return failed
	}
	return t.Present()
}
