package flows

import (
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"nudge/lang/insight"
	"nudge/lang/shape"
)

// note notes the type of a node for editors, as the node was before the check changed it.
func (c *exprChecker) note(n ast.Node, t *shape.Type) {
	if c.piece == nil {
		return
	}
	from, to := c.extent(n)
	part := insight.Part{From: c.before() + from, To: c.before() + to, Type: t}
	if t == failedType || t == nilType {
		part.Type = nil
	}
	c.piece.Add(part)
	if b, ok := n.(*ast.BinaryNode); ok {
		c.noteOutcomes(b)
	}
}

// before returns how many characters of the text stand before the expression.
func (c *exprChecker) before() int { return len([]rune(c.expr.text.Value[:c.expr.offset])) }

// noteName notes a name of the scope.
func (c *exprChecker) noteName(n ast.Node, name string, of, t *shape.Type) {
	if c.piece == nil {
		return
	}
	from := c.before() + n.Location().From
	c.piece.Add(insight.Part{From: from, To: from + len([]rune(name)), Name: name, Of: of, Type: t, Path: []string{name}})
}

// noteField notes a field, also one that the value before it does not have.
func (c *exprChecker) noteField(n *ast.MemberNode, of *shape.Type) {
	name, ok := n.Property.(*ast.StringNode)
	if c.piece == nil || !ok {
		return
	}
	t, _ := of.Field(name.Value)
	from := c.before() + n.Property.Location().From
	c.piece.Add(insight.Part{From: from, To: from + len([]rune(name.Value)), Name: name.Value, Of: of, Type: t, Path: namesOf(n)})
}

// noteWords notes the words that a text can be, which is compared with a value.
func (c *exprChecker) noteWords(n *ast.StringNode, value ast.Node, words []string) {
	if c.piece != nil && len(words) > 0 {
		path := namesOf(value)
		c.noteText(n, insight.Part{Words: words, Event: len(path) > 0 && path[len(path)-1] == NameEvent})
	}
}

// noteCategory notes a text that may be the name of a category.
func (c *exprChecker) noteCategory(n *ast.StringNode) {
	if known := c.home.categories; c.piece != nil && len(known) > 0 {
		c.noteText(n, insight.Part{Words: slices.Sorted(maps.Keys(known)), Category: known[n.Value] != nil})
	}
}

// namesOf returns the names of a chain of fields that begins with a name of the scope; nil
// for other nodes.
func namesOf(n ast.Node) []string {
	path := strings.TrimPrefix(pathOf(n), "$env.") // before a name that is also a function
	if path == "" {
		return nil
	}
	return strings.Split(path, ".")
}

// noteOutcomes notes the texts that are compared with the outcome of a step, or with the type
// of an event.
func (c *exprChecker) noteOutcomes(b *ast.BinaryNode) {
	if !slices.Contains([]string{"==", "!=", "in"}, b.Operator) {
		return
	}
	for _, sides := range [][2]ast.Node{{b.Left, b.Right}, {b.Right, b.Left}} {
		path := namesOf(sides[0])
		started := slices.Equal(path, []string{NameRun, "started_by"})
		if !started && (len(path) != 2 || path[1] != "outcome") {
			continue
		}
		texts := []ast.Node{sides[1]}
		if list, ok := sides[1].(*ast.ArrayNode); ok {
			texts = list.Nodes
		}
		for _, n := range texts {
			if text, ok := n.(*ast.StringNode); ok && started {
				c.noteText(text, insight.Part{Event: true})
			} else if ok {
				c.noteText(text, insight.Part{Outcome: path[0]})
			}
		}
	}
}

// noteText notes what a text is.
func (c *exprChecker) noteText(n *ast.StringNode, part insight.Part) {
	if c.piece == nil {
		return
	}
	at := n.Location()
	part.From, part.To, part.Name = c.before()+at.From, c.before()+at.To, n.Value
	c.piece.Add(part)
}

// noteSteps notes the steps of the flow for editors.
func (r *reader) noteSteps() {
	if r.notes == nil {
		return
	}
	for _, h := range r.heads {
		step := insight.Step{ID: h.id, Verb: h.word, At: h.at.Span()}
		if id := h.at.Map().Get("id"); id.IsText() {
			step.Written = id.Text()
		}
		r.notes.Steps = append(r.notes.Steps, step)
	}
}
