package flows

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"nudge/lang/diag"
	"nudge/lang/insight"
	"nudge/lang/shape"
)

// exprChecker walks the tree of one expression, finds the type of every node and reports
// mistakes. expr's own checker is not enough: it has no type for a value that may be
// absent, lets a value of unknown type be anything, and cannot suggest names.
//
// It also changes the tree where absence matters: comparisons become functions that return
// false for an absent value, and a condition that may be absent gets ?? false.
type exprChecker struct {
	expr   *Expr
	scope  *shape.Type
	home   home
	list   *diag.List
	items  []*shape.Type // of the closures around the node, innermost last
	failed bool
	// private says that the expression reads a private field.
	private bool

	spends   []spending      // what may cost many steps
	compared *ast.BinaryNode // the comparison whose left side is being checked
	piece    *insight.Piece  // what editors ask for; nil: nobody asks
}

var (
	// failedType is the type of a node with a mistake in it, which causes no others.
	failedType = &shape.Type{Kind: shape.KindAny}
	// nilType is the type of the word nil.
	nilType = &shape.Type{Kind: shape.KindAny, Optional: true}
)

// checkPurpose checks the whole expression, and its type against its purpose.
func (c *exprChecker) checkPurpose(n *ast.Node, want purpose) *shape.Type {
	t := c.check(n)
	if t == failedType {
		return t
	}
	switch want {
	case forCondition:
		c.condition(n, t, "a condition")
	case forText:
		c.oneOf(*n, t, "this", shape.KindAny, shape.KindString, shape.KindNumber)
	case forTime:
		if t.Kind == shape.KindDate {
			return c.fail(*n, codeBadMoment, "say the hour: 09:00 on "+c.source(*n), "%s is a day, and a moment has a time of day", c.source(*n))
		}
		if c.oneOf(*n, t, "a moment", shape.KindTime) && t.Optional {
			return c.fail(*n, codeOptional, "give it a default with ??, for example ?? now", "%s may be absent", c.source(*n))
		}
	case forDay:
		if c.oneOf(*n, t, "the day of a moment", shape.KindTime, shape.KindDate) && t.Optional {
			return c.fail(*n, codeOptional, "give it a default with ??, for example ?? now", "%s may be absent", c.source(*n))
		}
	case forClock:
		c.oneOf(*n, t, "a time of day", shape.KindAny, shape.KindString)
	case forPeople:
		if t.Kind == shape.KindList {
			t = itemOf(t)
		}
		c.oneOf(*n, t, "a person", shape.KindAny, shape.KindString, shape.KindNumber)
	case forValue:
		return c.kept(*n, c.marked(t))
	}
	return t
}

// marked is the type of a value with the mark of the private fields that it was made of. A yes or no says too little of them.
func (c *exprChecker) marked(t *shape.Type) *shape.Type {
	if !c.private || t.Kind == shape.KindBoolean {
		return t
	}
	return t.AsPrivate()
}

// kept refuses a duration where a value is kept.
func (c *exprChecker) kept(n ast.Node, t *shape.Type) *shape.Type {
	if t.Kind == shape.KindDuration {
		return c.fail(n, codeWrongType, "keep a number, and write vars.days * 1d where you need it, or keep the time: = now + 2h", "a duration cannot be kept")
	}
	return t
}

func (c *exprChecker) check(n *ast.Node) *shape.Type {
	written := *n
	t := c.typeOf(n)
	c.note(written, t)
	c.private = c.private || t.Private
	return t
}

func (c *exprChecker) typeOf(n *ast.Node) *shape.Type {
	switch node := (*n).(type) {
	case *ast.NilNode:
		return nilType
	case *ast.IntegerNode, *ast.FloatNode:
		return shape.Number
	case *ast.BoolNode:
		return shape.Boolean
	case *ast.StringNode:
		return shape.String
	case *ast.IdentifierNode:
		return c.identifier(n, node)
	case *ast.PointerNode:
		return c.pointer(node)
	case *ast.ChainNode:
		return c.chain(node)
	case *ast.MemberNode:
		return c.member(n, node)
	case *ast.SliceNode:
		return c.slice(node)
	case *ast.UnaryNode:
		return c.unary(n, node)
	case *ast.BinaryNode:
		return c.binary(n, node)
	case *ast.ConditionalNode:
		return c.conditional(node)
	case *ast.ArrayNode:
		return c.array(node)
	case *ast.MapNode:
		return c.mapping(node)
	case *ast.BuiltinNode:
		return c.call(n, node.Name, node.Arguments)
	case *ast.CallNode:
		if callee, ok := node.Callee.(*ast.IdentifierNode); ok {
			return c.call(n, callee.Value, node.Arguments)
		}
		return c.fail(node, codeBadExpression, "write the function first, for example trim(data.name)", "values have no methods")
	}
	return c.fail(*n, codeBadExpression, "use set to name a value", "this kind of expression is not allowed in flows")
}

func (c *exprChecker) identifier(n *ast.Node, id *ast.IdentifierNode) *shape.Type {
	if isDurationName(id.Value) {
		return c.duration(n, id)
	}
	t, ok := c.scope.Field(id.Value)
	c.noteName(id, id.Value, c.scope, t)
	if !ok {
		return c.fail(id, codeUnknownName, c.nameHint(id.Value), "unknown name %q", id.Value)
	}
	if functions[id.Value] != nil {
		c.fromScope(n, id)
	}
	return t
}

// nameHint returns the hint for an unknown name: a field with this name, or the nearest
// names.
func (c *exprChecker) nameHint(name string) string {
	for _, in := range []string{NameData, NameProfile, NameEvent, NameVars} {
		if t := c.scope.Fields[in]; t != nil && t.Fields[name] != nil {
			return "write " + in + "." + name
		}
	}
	return diag.DidYouMean(name, c.scope.Names(), "In scope here")
}

// bareWord reports a word without quotes that is compared with text, as in plan == pro.
func (c *exprChecker) bareWord(n ast.Node, other *shape.Type) bool {
	id, ok := n.(*ast.IdentifierNode)
	if !ok || other == failedType || other.Kind != shape.KindString {
		return false
	}
	if _, known := c.scope.Field(id.Value); known {
		return false
	}
	c.fail(id, codeUnknownName, `put quotes around text: "`+id.Value+`"`, "unknown name %q", id.Value)
	return true
}

// fromScope reads a name without brackets that is also the name of a function, such as
// round or the id of a step. expr would read the bare word as the function.
func (c *exprChecker) fromScope(n *ast.Node, id *ast.IdentifierNode) {
	env, name := &ast.IdentifierNode{Value: "$env"}, &ast.StringNode{Value: id.Value}
	env.SetLocation(id.Location())
	name.SetLocation(id.Location())
	ast.Patch(n, &ast.MemberNode{Node: env, Property: name})
	(*n).SetLocation(id.Location())
}

func (c *exprChecker) pointer(n *ast.PointerNode) *shape.Type {
	switch {
	case n.Name == "index":
		return shape.Number
	case n.Name != "" || len(c.items) == 0:
		return c.fail(n, codeBadExpression, "", "#%s has no meaning here", n.Name)
	}
	return c.items[len(c.items)-1]
}

func (c *exprChecker) chain(n *ast.ChainNode) *shape.Type {
	t := c.check(&n.Node)
	if t == failedType {
		return t
	}
	return t.OrNil()
}

// member checks a field of a map or an item of a list.
func (c *exprChecker) member(whole *ast.Node, n *ast.MemberNode) *shape.Type {
	base := c.check(&n.Node)
	if base == failedType {
		return base
	}
	c.noteField(n, base)
	if base.Optional && !n.Optional {
		return c.fail(n.Property, codeOptional, "write ?. before the field, and give a default with ??",
			"%s may be absent", c.source(n.Node))
	}
	name, byName := n.Property.(*ast.StringNode)
	switch {
	case base.Kind == shape.KindList && !byName:
		if c.check(&n.Property) != failedType {
			return itemOf(base)
		}
		return failedType
	case !byName:
		return c.fail(n.Property, codeBadExpression, "", "a field name cannot be computed: write it out")
	case base.Kind == shape.KindAny:
		mayMiss(whole, n)
		return shape.Any
	case base.Kind != shape.KindMap:
		return c.fail(n.Property, codeUnknownField, "", "%s is %s and has no fields", c.source(n.Node), base.Described())
	}
	if t, ok := base.Field(name.Value); ok {
		return t
	}
	return c.fail(n.Property, codeUnknownField, diag.DidYouMean(name.Value, base.Names(), "It has"),
		"%s has no field %q", c.source(n.Node), name.Value)
}

// mayMiss makes a field of an undeclared value absent if the value itself is absent: a
// fetch may have had no answer.
func mayMiss(whole *ast.Node, n *ast.MemberNode) {
	if !n.Optional {
		n.Optional = true
		chain := &ast.ChainNode{Node: n}
		chain.SetLocation(n.Location())
		*whole = chain
	}
}

func (c *exprChecker) slice(n *ast.SliceNode) *shape.Type {
	base := c.check(&n.Node)
	for _, bound := range []*ast.Node{&n.From, &n.To} {
		if *bound != nil {
			c.oneOf(*bound, c.check(bound), "a position in a list", shape.KindNumber)
		}
	}
	if !c.present(n.Node, base, "the value before the brackets", shape.KindString, shape.KindList) {
		return failedType
	}
	return base
}

func (c *exprChecker) unary(n *ast.Node, u *ast.UnaryNode) *shape.Type {
	t := c.check(&u.Node)
	if u.Operator == "!" || u.Operator == "not" {
		c.condition(&u.Node, t, "the value after "+u.Operator)
		return shape.Boolean
	}
	return c.negate(n, u, t)
}

func (c *exprChecker) conditional(n *ast.ConditionalNode) *shape.Type {
	yes, no := whenTrue(n.Cond), whenFalse(n.Cond)
	c.condition(&n.Cond, c.check(&n.Cond), "the condition before ?")
	var a, b *shape.Type
	c.sure(yes, func() { a = c.check(&n.Exp1) })
	c.sure(no, func() { b = c.check(&n.Exp2) })
	return c.common(n.Exp2, a, b)
}

// common returns the type of a value that is one of two values.
func (c *exprChecker) common(at ast.Node, a, b *shape.Type) *shape.Type {
	switch {
	case a == failedType || b == failedType:
		return failedType
	case a == nilType:
		return b.OrNil()
	case b == nilType:
		return a.OrNil()
	}
	t, conflict := shape.Either(a, b)
	if conflict != "" {
		return c.fail(at, codeWrongType, "", "the values here must have one type, but one is %s and another is %s", a.Described(), b.Described())
	}
	return t
}

func (c *exprChecker) array(n *ast.ArrayNode) *shape.Type {
	var item *shape.Type
	for i := range n.Nodes {
		t := c.kept(n.Nodes[i], c.check(&n.Nodes[i]))
		if item == nil {
			item = t
			continue
		}
		item = c.common(n.Nodes[i], item, t)
	}
	switch item {
	case failedType:
		return failedType
	case nil:
		item = shape.Nothing
	}
	return shape.ListOf(item)
}

func (c *exprChecker) mapping(n *ast.MapNode) *shape.Type {
	fields := map[string]*shape.Type{}
	for _, p := range n.Pairs {
		pair := p.(*ast.PairNode)
		name, ok := pair.Key.(*ast.StringNode)
		if !ok {
			return c.fail(pair.Key, codeBadExpression, "", "a field name cannot be computed: write it out")
		}
		fields[name.Value] = c.kept(pair.Value, c.check(&pair.Value))
	}
	return shape.MapOf(fields)
}

// condition checks that a node is true or false, and turns an absent value into false. Only
// names can be absent, because operators and functions always return a value.
func (c *exprChecker) condition(n *ast.Node, t *shape.Type, what string) {
	if !c.oneOf(*n, t, what, shape.KindBoolean) {
		return
	}
	switch (*n).(type) {
	case *ast.MemberNode, *ast.ChainNode, *ast.IdentifierNode, *ast.PointerNode, *ast.ConditionalNode, *ast.BuiltinNode:
		at := (*n).Location()
		ast.Patch(n, &ast.BinaryNode{Operator: "??", Left: *n, Right: &ast.BoolNode{Value: false}})
		(*n).SetLocation(at)
	}
}

// oneOf reports a node whose type is none of the kinds, unless the node already has a
// mistake.
func (c *exprChecker) oneOf(n ast.Node, t *shape.Type, what string, kinds ...shape.Kind) bool {
	switch {
	case t == failedType:
		return false
	case t != nilType && slices.Contains(kinds, t.Kind):
		return true
	case t == nilType:
		c.fail(n, codeWrongType, "", "%s must be %s, not nil", what, kindList(kinds))
	case t.Kind == shape.KindAny:
		c.untyped(n)
	default:
		c.fail(n, codeWrongType, "", "%s must be %s, but %s is %s", what, kindList(kinds), c.source(n), t.Described())
	}
	return false
}

// present is oneOf for values that must not be absent: nothing can be computed with an
// absent value.
func (c *exprChecker) present(n ast.Node, t *shape.Type, what string, kinds ...shape.Kind) bool {
	if !c.oneOf(n, t, what, kinds...) {
		return false
	}
	if t.Optional {
		c.fail(n, codeOptional, "give it a default with ??", "%s may be absent", c.source(n))
	}
	return !t.Optional
}

func (c *exprChecker) untyped(n ast.Node) *shape.Type {
	return c.fail(n, codeUntyped, untypedHint, "the type of %s is unknown", c.source(n))
}

const untypedHint = "declare its shape under events: or profile: in nudge.yaml, " +
	"convert it with string(…), int(…) or float(…), or give it a default with ??"

func kindList(kinds []shape.Kind) string {
	var words []string
	for _, k := range kinds {
		switch k {
		case shape.KindAny:
			continue
		case shape.KindBoolean:
			words = append(words, "true or false")
			continue
		}
		words = append(words, (&shape.Type{Kind: k}).Described())
	}
	return strings.Join(words, " or ")
}

// fail reports a mistake at a node.
func (c *exprChecker) fail(n ast.Node, code diag.Code, hint, format string, args ...any) *shape.Type {
	c.failed = true
	from, to := c.extent(n)
	at := c.expr.text.At(c.expr.offset+from, c.expr.offset+to)
	c.list.Errorf(at, code, hint, format, args...)
	return failedType
}

// source returns a node as it was written.
func (c *exprChecker) source(n ast.Node) string {
	from, to := c.extent(n)
	runes := []rune(c.expr.String())
	if from < 0 || to > len(runes) || from >= to {
		return "this"
	}
	return string(runes[from:to])
}
