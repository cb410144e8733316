package templates

import (
	"maps"
	"slices"
	"strings"
	"text/template/parse"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// maxPartials is how many partials one text may include, nested ones counted every time; one more
// is a mistake of the template.
const maxPartials = 100

// Partial is a text that templates share: a file of templates/partials with only a body. It
// can use the names that the template around it can use, but not the template's variables.
// The line break at its end is removed.
type Partial struct {
	file     string
	canon    string
	body     *node.Text
	variants map[string]*Partial // by localeKey
	compiled bool
}

// parsePartial reads the file of a partial.
func parsePartial(file string, text []byte, list *diag.List) *Partial {
	m := node.Parse(file, text, list)
	p := &Partial{file: file, body: m.Text("body"), canon: m.Canonical()}
	if !m.Has("body") {
		m.Errorf("body", codeMissing, "for example body: Reply STOP to hear less.", "the partial has no body")
	}
	m.Close()
	return p
}

// Variant adds the text of the partial in another locale, which must be canonical.
func (p *Partial) Variant(locale string, v *Partial) {
	if p.variants == nil {
		p.variants = map[string]*Partial{}
	}
	p.variants[localeKey(locale)] = v
}

// Canonical returns the content of the partial and its variants as one text that comments
// and layout do not change.
func (p *Partial) Canonical() string {
	text := p.canon
	for _, key := range slices.Sorted(maps.Keys(p.variants)) {
		text += key + p.variants[key].canon
	}
	return text
}

// Files returns the sorted files of the partial and its variants.
func (p *Partial) Files() []string {
	files := []string{p.file}
	for _, v := range p.variants {
		files = append(files, v.file)
	}
	slices.Sort(files)
	return files
}

// Compiled reports whether the partial has been used anywhere.
func (p *Partial) Compiled() bool { return p.compiled }

// included is a partial as the texts of one template include it.
type included struct {
	name   string // of the Go template
	source *node.Text
	tree   *parse.Tree
	inner  []*included // the partials in it, those in them not among them
	ranges int         // how deep range is nested in it
	count  int         // how many partials it is made of, itself among them
	linked bool        // it links to the person's preferences
}

// partialTemplate is the name of a partial's Go template.
func partialTemplate(name string) string { return "partial " + name }

// partial compiles a partial by its name, once for all texts of a template. It returns nil
// if the partial does not exist or is inside itself.
func (c *compiler) partial(name string) (p *included, found, inside bool) {
	if p, ok := c.included[name]; ok {
		return p, true, p == nil
	}
	source := c.use.Partials[name]
	if source == nil {
		return nil, false, false
	}
	if !source.compiled {
		source.compiled = true
	}
	if v, ok := fittest(source.variants, c.at.language.name); ok {
		source = v
	}
	c.used[name] = true
	c.included[name] = nil // until it is done, it is inside of itself
	p = &included{name: partialTemplate(name), source: source.body, count: 1}
	c.included[name] = p.compile(c)
	return p, true, false
}

// compile parses and checks the partial.
func (p *included) compile(c *compiler) *included {
	p.tree = &parse.Tree{Name: p.name, Root: &parse.ListNode{NodeType: parse.NodeList}}
	if p.source == nil {
		return p
	}
	short := *p.source
	short.Value = strings.TrimSuffix(short.Value, "\n")
	p.source = &short
	tree := c.parse(p.source, p.name)
	if tree == nil {
		return p
	}
	p.tree = tree
	w := &checker{compiler: c, source: p.source, scope: c.use.Scope, piece: c.begin(p.source)}
	before := c.linked
	c.linked = false
	w.list(p.tree.Root, c.use.Scope)
	p.linked, c.linked = c.linked, c.linked || before
	p.inner, p.ranges, p.count = w.inner, w.deepest, 1+w.partials
	guard(p.tree.Root, fnPrint)
	return p
}

// partialAction returns the name and the arguments of an action that only includes a
// partial, or nil.
func partialAction(n *parse.ActionNode) (id *parse.IdentifierNode, args []parse.Node) {
	if len(n.Pipe.Cmds) != 1 || len(n.Pipe.Decl) > 0 {
		return nil, nil
	}
	cmd := n.Pipe.Cmds[0]
	if id, ok := cmd.Args[0].(*parse.IdentifierNode); ok && id.Ident == "partial" {
		return id, cmd.Args[1:]
	}
	return nil, nil
}

// include turns the action that names a partial into one that runs its template, or returns
// nil after a mistake.
func (w *checker) include(id *parse.IdentifierNode, args []parse.Node) parse.Node {
	name, ok := (*parse.StringNode)(nil), false
	if len(args) == 1 {
		name, ok = args[0].(*parse.StringNode)
	}
	if !ok {
		w.fail(id.Pos, len(id.Ident), codeSyntax, `for example {{ partial "footer" }}`, "partial needs a name in quotes")
		return nil
	}
	p, found, inside := w.compiler.partial(name.Text)
	switch {
	case !found:
		names := slices.Sorted(maps.Keys(w.use.Partials))
		w.fail(name.Pos, len(name.Quoted), codeUnknownPartial, diag.DidYouMean(name.Text, names, "Partials"),
			"partial file templates/partials/%s.yaml not found", name.Text)
		return nil
	case inside:
		w.fail(name.Pos, len(name.Quoted), codeRecursion, "", "the partial %s includes itself", name.Text)
		return nil
	case p.linked && !w.readers:
		w.fail(name.Pos, len(name.Quoted), codeSyntax, readersHint, "the link in the partial %s would not reach the person here", name.Text)
		return nil
	}
	w.count(p, name)
	return &parse.TemplateNode{NodeType: parse.NodeTemplate, Pos: id.Pos, Name: p.name, Pipe: &parse.PipeNode{
		NodeType: parse.NodePipe, Pos: id.Pos,
		Cmds: []*parse.CommandNode{{NodeType: parse.NodeCommand, Pos: id.Pos, Args: []parse.Node{rootAt(id.Pos)}}},
	}}
}

// count checks that a text stays small: partials inside partials multiply.
func (w *checker) count(p *included, at *parse.StringNode) {
	before := w.partials
	if w.partials += p.count; before <= maxPartials && w.partials > maxPartials {
		w.fail(at.Pos, len(at.Quoted), codeTooDeep, "", "the text includes more than %d partials", maxPartials)
	}
	if w.deepest = max(w.deepest, w.ranges+p.ranges); w.deepest > maxNesting {
		w.fail(at.Pos, len(at.Quoted), codeTooDeep, "", "with the partial, range is nested more than %d levels deep", maxNesting)
	}
	w.inner = append(w.inner, p)
}

// rootAt returns the scope itself as an argument.
func rootAt(at parse.Pos) *parse.VariableNode {
	return &parse.VariableNode{NodeType: parse.NodeVariable, Pos: at, Ident: []string{"$"}}
}

// reachable returns partials and all partials inside them, each once, by name.
func reachable(from []*included, into map[string]*included) map[string]*included {
	for _, p := range from {
		if into[p.name] == nil {
			into[p.name] = p
			reachable(p.inner, into)
		}
	}
	return into
}
