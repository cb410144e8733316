package flows

import (
	"errors"
	"fmt"
	"math/bits"
	"time"

	"github.com/expr-lang/expr/ast"

	"nudge/lang/shape"
)

// The hidden functions of times. They see the scope, to know where the person lives.
const (
	fnLater   = "__later"
	fnEarlier = "__earlier"
	fnTimes   = "__times"
	zoned     = "__zoned_" // before the name of a function of the calendar
)

var durationType = &shape.Type{Kind: shape.KindDuration}

var (
	errNoSuchTime  = errors.New("the result is not a time between the years 1 and 9999")
	errNoDays      = errors.New("only days can be added to a date")
	errNotInteger  = errors.New("only a whole number can be multiplied with a duration")
	errTooLongTime = errors.New("the duration is too long")
)

// weekdayType is the type of weekday(x).
var weekdayType = shape.OneOf(dayNames...)

// isCalendar reports whether a value is a time or a date.
func isCalendar(t *shape.Type) bool { return t.Kind == shape.KindTime || t.Kind == shape.KindDate }

// calendar checks an operator on times, dates and durations. It returns nil if neither value
// is one.
func (c *exprChecker) calendar(n *ast.Node, b *ast.BinaryNode, left, right *shape.Type) *shape.Type {
	if left == failedType || right == failedType {
		return failedType
	}
	if !isCalendar(left) && !isCalendar(right) && left.Kind != shape.KindDuration && right.Kind != shape.KindDuration {
		return nil
	}
	moves := b.Operator == "+" || b.Operator == "-"
	switch between := [2]shape.Kind{left.Kind, right.Kind}; {
	case moves && isCalendar(left) && right.Kind == shape.KindDuration:
		return c.move(n, b, left)
	case b.Operator == "*" && (between == [2]shape.Kind{shape.KindNumber, shape.KindDuration} || between == [2]shape.Kind{shape.KindDuration, shape.KindNumber}):
		return c.multiple(n, b, left, right)
	case b.Operator == "-" && isCalendar(left) && isCalendar(right):
		return c.fail(b, codeWrongType, c.differenceHint(b), "times are not subtracted")
	case moves && left.Kind == shape.KindDuration && isCalendar(right):
		return c.fail(b, codeWrongType, "write "+c.source(b.Right)+" "+b.Operator+" "+c.source(b.Left), "the time stands before the duration")
	}
	return c.fail(b, codeWrongType, "a time or date moves by a duration: now + 2h; a whole number multiplies one: data.days * 1d",
		"%s cannot be computed of %s and %s", b.Operator, left.Described(), right.Described())
}

// multiple turns a number times a duration into its function.
func (c *exprChecker) multiple(n *ast.Node, b *ast.BinaryNode, left, right *shape.Type) *shape.Type {
	if !c.present(b.Left, left, "the value before *", left.Kind) || !c.present(b.Right, right, "the value after *", right.Kind) {
		return failedType
	}
	become(n, fnTimes, b.Left, b.Right)
	return durationType
}

// move turns a time or date with a duration added or taken away into its function.
func (c *exprChecker) move(n *ast.Node, b *ast.BinaryNode, left *shape.Type) *shape.Type {
	if !c.present(b.Left, left, "the value before "+b.Operator, left.Kind) {
		return failedType
	}
	if left.Kind == shape.KindDate && hasClock(b.Right) {
		return c.fail(b.Right, codeWrongType, "for example "+c.source(b.Left)+" "+b.Operator+" 1d", "only days can be added to a date")
	}
	function := fnLater
	if b.Operator == "-" {
		function = fnEarlier
	}
	become(n, function, append(c.here(), b.Left, b.Right)...)
	return left
}

// here returns what a function of the calendar needs to know: the scope, and the zone of
// people whose own is not known.
func (c *exprChecker) here() []ast.Node {
	return []ast.Node{&ast.IdentifierNode{Value: "$env"}, &ast.ConstantNode{Value: c.home.zone}}
}

// hasClock reports whether a duration that is written out in a node has hours, minutes or
// seconds.
func hasClock(n ast.Node) bool {
	finder := &clockFinder{}
	ast.Walk(&n, finder)
	return finder.found
}

type clockFinder struct{ found bool }

// Visit looks at one node.
func (f *clockFinder) Visit(n *ast.Node) {
	constant, ok := (*n).(*ast.ConstantNode)
	if !ok {
		return
	}
	d, ok := constant.Value.(Duration)
	f.found = f.found || ok && d.Clock != 0
}

// differenceHint says what to write instead of one time minus another.
func (c *exprChecker) differenceHint(b *ast.BinaryNode) string {
	later, earlier := c.source(b.Left), c.source(b.Right)
	days := "days_between(" + earlier + ", " + later + ")"
	if p := c.compared; p != nil && p.Left == ast.Node(b) {
		if d, ok := p.Right.(*ast.IdentifierNode); ok && isDurationName(d.Value) {
			return "write " + later + " " + p.Operator + " " + earlier + " + " + d.Value + ", or " + days
		}
	}
	return "compare the times, for example " + later + " > " + earlier + " + 2h, or write " + days
}

// duration turns the name of a duration into its value.
func (c *exprChecker) duration(n *ast.Node, id *ast.IdentifierNode) *shape.Type {
	d, err := ParseDuration(id.Value)
	if err != nil {
		panic("flows: a duration that was parsed is none: " + err.Error())
	}
	constant := &ast.ConstantNode{Value: d}
	constant.SetLocation(id.Location())
	*n = constant
	return durationType
}

// dateText turns a text beside a date into the date.
func (c *exprChecker) dateText(n *ast.Node, t, beside *shape.Type) *shape.Type {
	text, ok := (*n).(*ast.StringNode)
	if !ok || beside == failedType || beside == nilType || beside.Kind != shape.KindDate || t == failedType {
		return t
	}
	day, err := shape.ParseDate(text.Value)
	if err != nil {
		return c.fail(text, codeWrongType, "for example 2026-03-05", "%q is not a date", text.Value)
	}
	constant := &ast.ConstantNode{Value: day}
	constant.SetLocation(text.Location())
	*n = constant
	return shape.Day
}

// clockText reports a text that is compared with time(x) and is no time of day.
func (c *exprChecker) clockText(value, n ast.Node) {
	call, ok := value.(*ast.CallNode)
	if !ok {
		return
	}
	text, isText := n.(*ast.StringNode)
	if callee, ok := call.Callee.(*ast.IdentifierNode); !ok || callee.Value != zoned+"time" || !isText {
		return
	}
	if at, err := parseClock(text.Value); err != nil || at == 24*60 {
		c.fail(n, codeWrongType, `write two digits for the hour and two for the minute, such as "09:00"`, "%q is not a time of day", text.Value)
	}
}

// homeZone returns the zone of the person of a scope, or the project's.
func homeZone(env, project any) *time.Location {
	scope, _ := env.(map[string]any)
	profile, _ := scope[NameProfile].(map[string]any)
	name, _ := profile["timezone"].(string)
	if zone := shape.Zone(name); zone != nil {
		return zone
	}
	return project.(*time.Location)
}

// moved returns a time or date with a duration added, or taken away for a direction of -1.
func moved(direction int) func(...any) (any, error) {
	return func(params ...any) (any, error) {
		d, ok := params[3].(Duration)
		if !ok {
			return nil, errNoNumber
		}
		d = Duration{direction * d.Days, time.Duration(direction) * d.Clock}
		switch v := params[2].(type) {
		case shape.Time:
			return withinYears(d.After(v.Std(), homeZone(params[0], params[1])))
		case shape.Date:
			if d.Clock != 0 {
				return nil, errNoDays
			}
			day := v.Add(d.Days)
			_, err := withinYears(day.Midnight())
			return day, err
		}
		return nil, fmt.Errorf("%s cannot be moved by a duration", described(params[2]))
	}
}

// The first and the last second of the years 1 to 9999, in seconds of Unix time.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// withinYears returns an instant that a text of RFC 3339 can say.
func withinYears(t time.Time) (shape.Time, error) {
	if s := t.Unix(); s < firstSecond || s > lastSecond {
		return shape.Time{}, errNoSuchTime
	}
	return shape.TimeOf(t), nil
}

// maxDurationDays is how many days a computed duration may have; a longer one cannot be computed.
// The years of times have fewer.
const maxDurationDays = 4_000_000

// times multiplies a whole number with a duration.
func times(params ...any) (any, error) {
	d, ok := params[1].(Duration)
	factor := params[0]
	if !ok {
		d, _ = params[0].(Duration)
		factor = params[1]
	}
	n, ok := factor.(int)
	if x, isFloat := factor.(float64); isFloat && x == float64(int(x)) {
		n, ok = int(x), true // such as the result of a division
	}
	if !ok {
		return nil, errNotInteger
	}
	days, errDays := multiply(n, d.Days)
	clock, errClock := multiply(n, int(d.Clock))
	if errDays != nil || errClock != nil || magnitude(days.(int)) > maxDurationDays || bits.Len64(magnitude(clock.(int))) > 62 {
		return nil, errTooLongTime
	}
	return Duration{days.(int), time.Duration(clock.(int))}, nil
}

// dayOf returns the day of a time where the person lives; a date is itself.
func dayOf(v any, zone *time.Location) (shape.Date, error) {
	switch v := v.(type) {
	case shape.Time:
		return shape.DateOf(v.Std().In(zone)), nil
	case shape.Date:
		return v, nil
	}
	return shape.Date{}, fmt.Errorf("a time or date is needed, but this is %s", described(v))
}

// dateOf returns the day of a time or date.
func dateOf(params ...any) (any, error) { return dayOf(params[2], homeZone(params[0], params[1])) }

// ofDay makes a function of the day of a time or date.
func ofDay(f func(day time.Time) any) func(...any) (any, error) {
	return func(params ...any) (any, error) {
		day, err := dayOf(params[2], homeZone(params[0], params[1]))
		if err != nil {
			return nil, err
		}
		return f(day.Midnight()), nil
	}
}

// clockOf returns the time of day of a time: 14:30.
func clockOf(params ...any) (any, error) {
	t, ok := params[2].(shape.Time)
	if !ok {
		return nil, fmt.Errorf("a time is needed, but this is %s", described(params[2]))
	}
	hour, minute, _ := t.Std().In(homeZone(params[0], params[1])).Clock()
	return clockTexts[hour*60+minute], nil
}

// clockTexts are the texts of all times of day.
var clockTexts = func() (all [24 * 60]any) {
	for i := range all {
		all[i] = fmt.Sprintf("%02d:%02d", i/60, i%60)
	}
	return all
}()

// daysBetween returns the number of midnights from one time or date to another.
func daysBetween(params ...any) (any, error) {
	zone := homeZone(params[0], params[1])
	from, err := dayOf(params[2], zone)
	if err != nil {
		return nil, err
	}
	to, err := dayOf(params[3], zone)
	return to.Sub(from), err
}

// calendarFunctions are called with the scope and the project's zone before their arguments.
var calendarFunctions = map[string]func(...any) (any, error){
	fnLater:                moved(1),
	fnEarlier:              moved(-1),
	fnTimes:                times,
	zoned + "date":         dateOf,
	zoned + "weekday":      ofDay(func(day time.Time) any { return dayNames[day.Weekday()] }),
	zoned + "day":          ofDay(func(day time.Time) any { return day.Day() }),
	zoned + "month":        ofDay(func(day time.Time) any { return int(day.Month()) }),
	zoned + "time":         clockOf,
	zoned + "days_between": daysBetween,
	zoned + fnOpen:         isOpen,
	zoned + fnRemaining:    remaining,
}
