package templates

import (
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"nudge/flows/diag"
	"nudge/flows/node"
	"nudge/flows/shape"
)

// templateName is the name of every Go template, by which its errors are told.
const templateName = "text"

// maxNesting is how deep range may be nested: each level multiplies the work by the
// length of a list, and nothing but output can stop a template.
const maxNesting = 3

// compiler compiles the texts of one template for one place of a flow.
type compiler struct {
	use       Use
	list      *diag.List
	functions map[string]*function
}

// text compiles one string; nil for an absent one.
func (c *compiler) text(t *node.Text) *text {
	if t == nil {
		return nil
	}
	compiled := &text{source: t, plain: t.Value}
	if !strings.Contains(t.Value, "{{") {
		return compiled
	}
	tree := c.parse(t)
	if tree == nil {
		return compiled
	}
	w := &checker{compiler: c, source: t, functions: c.functions}
	w.list(tree.Root, c.use.Scope)
	compiled.single = len(tree.Root.Nodes) == 1 && tree.Root.Nodes[0].Type() == parse.NodeAction
	compiled.tmpl = c.build(tree.Copy(), fnPrint)
	if compiled.single {
		compiled.typed = c.build(tree, fnTyped)
	}
	return compiled
}

// parse parses without asking which functions there are: a name of the scope looks
// like one.
func (c *compiler) parse(t *node.Text) *parse.Tree {
	tree, set := parse.New(templateName), map[string]*parse.Tree{}
	tree.Mode = parse.SkipFuncCheck
	parsed, err := tree.Parse(t.Value, "", "", set)
	if err != nil {
		c.syntax(t, err.Error())
		return nil
	}
	if len(set) > 1 {
		c.list.Errorf(t.Span, CodeSyntax, "write it out, or make it a template of its own",
			"define and block are not allowed in templates")
		return nil
	}
	return parsed
}

var syntaxForm = regexp.MustCompile(`^template: ` + templateName + `:(\d+): (.*)$`)

// syntax reports an error of the parser, which knows the line at best.
func (c *compiler) syntax(t *node.Text, message string) {
	at := t.Span
	if m := syntaxForm.FindStringSubmatch(message); m != nil {
		message = m[2]
		line, _ := strconv.Atoi(m[1])
		lines := strings.SplitAfter(t.Value, "\n")
		if t.Exact() && len(lines) > 1 && line <= len(lines) {
			before := len([]rune(strings.Join(lines[:line-1], "")))
			at = t.At(before, before+len([]rune(strings.TrimRight(lines[line-1], "\n"))))
		}
	}
	hint := ""
	switch {
	case strings.Contains(message, `character U+002D '-'`):
		hint = "names have no hyphen"
	case strings.Contains(message, "unexpected EOF"):
		hint = "an if, range or with is closed by {{ end }}"
	}
	c.list.Errorf(at, CodeSyntax, hint, "not a valid template: %s", message)
}

// build makes a Go template of a checked tree, with a function at the end of every
// action that decides how its value is printed.
func (c *compiler) build(tree *parse.Tree, printer string) *template.Template {
	guard(tree.Root, printer)
	tmpl := template.New(templateName).Funcs(c.funcMap())
	built, err := tmpl.AddParseTree(templateName, tree)
	if err != nil {
		panic("templates: a tree that was parsed cannot be added: " + err.Error())
	}
	return built
}

func (c *compiler) funcMap() template.FuncMap {
	m := template.FuncMap{fnPrint: printed, fnTyped: typed, fnRange: rangeable}
	for name, f := range c.functions {
		if f.call != nil {
			m[name] = f.call
		}
	}
	return m
}

// guard appends the hidden functions: to every action the printer, to every range
// the one that refuses to count.
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

// present is a type where its value is sure to be there.
func present(t *shape.Type) *shape.Type {
	if t == nil {
		return shape.Any
	}
	return t.Present()
}
