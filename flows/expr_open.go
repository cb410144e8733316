package flows

import (
	"errors"
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"

	"nudge/lang/shape"
)

// home is what expressions can ask of the project.
type home struct {
	zone       *time.Location // of people whose own is not known
	categories map[string]*Category
	asked      map[string]bool // the categories that expressions and lines ask for; they are noted here
}

func (r *reader) home() home { return home{r.flow.Zone, r.project.Categories, r.asked} }

// hours turns the argument of a function of hours into them: a text, or a list of texts.
func (c *exprChecker) hours(n *ast.Node, name string) bool {
	if _, ok := c.scope.Field(NameNow); !ok {
		c.fail(*n, codeUnknownName, "ask it in a condition of the run", "%s asks about now, which is not known here", name)
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
	ask := asking{name, name + "(" + c.source(*n) + ")", c.home.zone, all}
	if !slices.ContainsFunc(c.expr.asks, func(a asking) bool { return a.text == ask.text }) {
		c.expr.asks = append(c.expr.asks, ask)
	}
	constant := &ast.ConstantNode{Value: all}
	constant.SetLocation((*n).Location())
	*n = constant
	return true
}

// asking is a call of a function of hours in an expression.
type asking struct {
	function, text string
	zone           *time.Location
	hours          *OpenHours
}

// read returns the call with its value in a scope, as what it reads.
func (a *asking) read(scope map[string]any) Read {
	value, err := calendarFunctions[zoned+a.function](scope, a.zone, a.hours)
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
	today, _ := scope[NameToday].(map[string]*Category)
	opens, ok := params[2].(*OpenHours).Today(today).Pass(0, now.Std(), homeZone(params[0], params[1]))
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

// fnOpen asks whether hours are open.
const fnOpen = "open"
