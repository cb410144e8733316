package flows

import (
	"errors"
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"

	"nudge/lang/insight"
	"nudge/lang/shape"
)

// home is what expressions can ask of the project.
type home struct {
	zone       *time.Location // of people whose own is not known
	categories map[string]*Category
	asked      map[string]bool // the categories that expressions and lines ask for; they are noted here
	notes      *insight.Notes  // for editors; nil: nobody asks
}

func (r *reader) home() home { return home{r.flow.Zone, r.project.Categories, r.categories, r.notes} }

// Today is what expressions ask of the project as it is now, and of the messages to a person.
type Today struct {
	Categories map[string]*Category
	Left       func(category string, caps []Cap) int // how many more messages the caps allow now
}

func (t *Today) categories() map[string]*Category {
	if t == nil {
		return nil
	}
	return t.Categories
}

// hours turns the argument of a function of hours into them: a text, or a list of texts.
func (c *exprChecker) hours(n *ast.Node, name string) bool {
	if !c.knowsNow(*n, name) {
		return false
	}
	texts, isList := []ast.Node{*n}, false
	if list, ok := (*n).(*ast.ArrayNode); ok {
		texts, isList = list.Nodes, true
	}
	all := &OpenHours{}
	for _, item := range texts {
		text, ok := item.(*ast.StringNode)
		if !ok {
			c.fail(item, codeBadWindow, `for example `+name+`("mon-fri 09:00-17:00")`, "the hours must be written out")
			return false
		}
		c.noteCategory(text)
		h, wrong := c.home.openHours(text.Value)
		switch {
		case wrong != nil:
			c.fail(item, codeBadWindow, wrong.hint, "%s", wrong.message)
			return false
		case !isList:
			all = h
		case h.Category != "":
			c.fail(item, codeBadWindow, windowHint, "a list has hours; the name of a category stands alone")
			return false
		default:
			all.Windows = append(all.Windows, h.Windows...)
		}
	}
	c.ask(n, name, all)
	return true
}

// knowsNow reports a function of now where no now is known.
func (c *exprChecker) knowsNow(n ast.Node, name string) bool {
	_, ok := c.scope.Field(NameNow)
	if !ok {
		c.fail(n, codeUnknownName, "ask it in a condition of the run", "%s asks about now, which is not known here", name)
	}
	return ok
}

// ask turns the argument of a function into its value, and notes the call.
func (c *exprChecker) ask(n *ast.Node, name string, value any) {
	ask := asking{name, name + "(" + c.source(*n) + ")", c.home.zone, value}
	if !slices.ContainsFunc(c.expr.asks, func(a asking) bool { return a.text == ask.text }) {
		c.expr.asks = append(c.expr.asks, ask)
	}
	constant := &ast.ConstantNode{Value: value}
	constant.SetLocation((*n).Location())
	*n = constant
}

// counted is a category whose messages are counted, with the caps that it had when the flow
// was loaded.
type counted struct {
	name string
	caps []Cap
}

// capped turns the argument of remaining into the category that it names.
func (c *exprChecker) capped(n *ast.Node, name string) bool {
	text, ok := (*n).(*ast.StringNode)
	if !ok {
		c.fail(*n, codeUnknownCategory, `for example `+name+`("offers")`, "the category must be written out")
		return false
	}
	c.noteCategory(text)
	category := c.home.categories[text.Value]
	if category == nil {
		c.fail(text, codeUnknownCategory, c.home.noCategory(text.Value).hint, "nudge.yaml has no category %q", text.Value)
		return false
	}
	if !c.knowsNow(text, name) {
		return false
	}
	c.home.asked[text.Value] = true
	c.ask(n, name, &counted{text.Value, category.Caps})
	return true
}

// remaining returns how many more messages of a category the person may get now: MaxCap
// without a cap.
func remaining(params ...any) (any, error) {
	scope, _ := params[0].(map[string]any)
	today, _ := scope[NameToday].(*Today)
	of := params[2].(*counted)
	caps := of.caps
	if c := today.categories()[of.name]; c != nil {
		caps = c.Caps
	}
	if today == nil {
		return nil, errNoNow
	}
	return today.Left(of.name, caps), nil
}

// asking is a call of a function of categories in an expression.
type asking struct {
	function, text string
	zone           *time.Location
	argument       any
}

// read returns the call with its value in a scope, as what it reads.
func (a *asking) read(scope map[string]any) Read {
	value, err := calendarFunctions[zoned+a.function](scope, a.zone, a.argument)
	if err != nil {
		value = nil
	}
	return Read{a.text, value}
}

var errNoNow = errors.New("now is not known")

// isOpen reports whether hours are open now, where the person lives.
func isOpen(params ...any) (any, error) {
	scope, _ := params[0].(map[string]any)
	now, ok := scope[NameNow].(shape.Time)
	if !ok {
		return nil, errNoNow
	}
	today, _ := scope[NameToday].(*Today)
	opens, ok := params[2].(*OpenHours).Today(today.categories()).Pass(0, now.Std(), homeZone(params[0], params[1]))
	return ok && !opens.After(now.Std()), nil
}

// opening returns the line that waits for what a lone condition such as open("work") asks,
// or an empty text for any other condition.
func (r Reading) opening() string {
	call, ok := r.node.(*ast.CallNode)
	if !ok || calledName(call) != fnOpen || len(call.Arguments) != 1 {
		return ""
	}
	if text, ok := call.Arguments[0].(*ast.StringNode); ok {
		return text.Value
	}
	return ""
}

const (
	fnOpen      = "open"      // whether hours are open
	fnRemaining = "remaining" // how many more messages of a category the person may get
)
