package flows

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"nudge/lang/shape"
)

// arg is the kind of argument that a function takes.
type arg uint8

const (
	argText     arg = iota // text
	argNumber              // a number
	argSized               // text, a list or a map
	argScalar              // text, a number, true or false, a time, a date, or of unknown type
	argList                // a list
	argTime                // a time
	argDay                 // a time or a date
	argTest                // a condition on an item
	argMapping             // a value for an item
	argCategory            // the name of a category; written out
	argHours               // hours, or the name of a category; written out
)

// function is a function of expressions: its arguments, how many can be left out or
// repeated, and its result.
type function struct {
	args     []arg
	optional int  // of args, from the end
	variadic bool // the last of args may come again
	zoned    bool // it depends on where the person lives
	each     int  // steps for each stepBytes of its text, or each item of its list; see MaxExprSteps
	result   func(args []*shape.Type) *shape.Type
}

// functions holds every function of expressions. None has a clock of its own, randomness or access to
// the machine, and none makes long text out of short text. What goes through a list counts
// its steps.
var functions = map[string]*function{
	"lower": {args: []arg{argText}, each: 1, result: gives(shape.String)},
	"upper": {args: []arg{argText}, each: 1, result: gives(shape.String)},
	"trim":  {args: []arg{argText}, each: 1, result: gives(shape.String)},
	"split": {args: []arg{argText, argText}, each: stepBytes, result: gives(shape.ListOf(shape.String))},
	"len":   {args: []arg{argSized}, each: stepBytes, result: gives(shape.Number)},

	"abs":   {args: []arg{argNumber}, result: gives(shape.Number)},
	"ceil":  {args: []arg{argNumber}, result: gives(shape.Number)},
	"floor": {args: []arg{argNumber}, result: gives(shape.Number)},
	"round": {args: []arg{argNumber}, result: gives(shape.Number)},
	"min":   {args: []arg{argNumber, argNumber}, variadic: true, result: gives(shape.Number)},
	"max":   {args: []arg{argNumber, argNumber}, variadic: true, result: gives(shape.Number)},

	"int":    {args: []arg{argScalar}, each: 1, result: converts(shape.Number)},
	"float":  {args: []arg{argScalar}, each: 1, result: converts(shape.Number)},
	"string": {args: []arg{argScalar}, each: 1, result: converts(shape.String)},

	"first":  {args: []arg{argList}, result: givesItem},
	"last":   {args: []arg{argList}, result: givesItem},
	"all":    {args: []arg{argList, argTest}, result: gives(shape.Boolean)},
	"any":    {args: []arg{argList, argTest}, result: gives(shape.Boolean)},
	"none":   {args: []arg{argList, argTest}, result: gives(shape.Boolean)},
	"one":    {args: []arg{argList, argTest}, result: gives(shape.Boolean)},
	"count":  {args: []arg{argList, argTest}, optional: 1, each: 1, result: gives(shape.Number)},
	"find":   {args: []arg{argList, argTest}, result: givesItem},
	"filter": {args: []arg{argList, argTest}, result: givesSame},
	"map":    {args: []arg{argList, argMapping}, result: givesMapped},
	"unique": {args: []arg{argList}, each: 16, result: givesSame},

	"date":         {args: []arg{argDay}, zoned: true, result: gives(shape.Day)},
	"time":         {args: []arg{argTime}, zoned: true, result: gives(shape.String)},
	"weekday":      {args: []arg{argDay}, zoned: true, result: gives(weekdayType)},
	"day":          {args: []arg{argDay}, zoned: true, result: gives(shape.Number)},
	"month":        {args: []arg{argDay}, zoned: true, result: gives(shape.Number)},
	fnRemaining:    {args: []arg{argCategory}, zoned: true, result: gives(shape.Number)},
	fnOpen:         {args: []arg{argHours}, zoned: true, result: gives(shape.Boolean)},
	"days_between": {args: []arg{argDay, argDay}, zoned: true, result: gives(shape.Number)},
}

func gives(t *shape.Type) func([]*shape.Type) *shape.Type {
	return func([]*shape.Type) *shape.Type { return t }
}

// converts gives a type that may be absent where the argument may be.
func converts(t *shape.Type) func([]*shape.Type) *shape.Type {
	return func(args []*shape.Type) *shape.Type {
		if args[0].MayBeAbsent() {
			return t.OrNil()
		}
		return t
	}
}

func givesItem(args []*shape.Type) *shape.Type   { return itemOf(args[0]).OrNil() }
func givesSame(args []*shape.Type) *shape.Type   { return args[0].Present() }
func givesMapped(args []*shape.Type) *shape.Type { return shape.ListOf(args[1]) }

func itemOf(list *shape.Type) *shape.Type {
	if list.Kind == shape.KindList && list.Elem != nil {
		return list.Elem
	}
	return shape.Any
}

func functionNames() []string { return slices.Sorted(maps.Keys(functions)) }

// The hidden functions that replace comparisons; see exprChecker.order.
const (
	fnLess         = "__less"
	fnLessEqual    = "__lessEqual"
	fnGreater      = "__greater"
	fnGreaterEqual = "__greaterEqual"
	fnWithin       = "__within" // see exprChecker.within
)

// orderings maps an operator to the function that replaces it.
var orderings = map[string]string{"<": fnLess, "<=": fnLessEqual, ">": fnGreater, ">=": fnGreaterEqual}

// ownFunctions holds the functions that differ from expr's: comparisons that are false for
// an absent value, arithmetic that fails without a result, conversions that keep an absent
// value absent, and a string function that writes numbers as people do.
var ownFunctions = map[string]func(...any) (any, error){
	fnLess:         ordering(func(c int) bool { return c < 0 }),
	fnLessEqual:    ordering(func(c int) bool { return c <= 0 }),
	fnGreater:      ordering(func(c int) bool { return c > 0 }),
	fnGreaterEqual: ordering(func(c int) bool { return c >= 0 }),
	fnWithin:       within,
	"int":          converted(intOf),
	"float":        converted(floatOf),
	"string":       converted(stringOf),
	"len":          lengthOf,
	"abs":          absolute,
	"unique":       uniqueOf,
	fnSpend:        spend,
	fnAdd:          arithmetic(add, func(a, b float64) float64 { return a + b }),
	fnSubtract:     arithmetic(subtract, func(a, b float64) float64 { return a - b }),
	fnMultiply:     arithmetic(multiply, func(a, b float64) float64 { return a * b }),
	fnDivide:       divide,
	fnRemainder:    remainder,
	fnPower:        arithmetic(nil, math.Pow),
	fnNegate:       negate,
}

// converted wraps a conversion so that an absent value stays absent: a fetch may not have
// returned it.
func converted(convert func(any) (any, error)) func(...any) (any, error) {
	return func(params ...any) (any, error) {
		if shape.Absent(params[0]) {
			return nil, nil
		}
		return convert(params[0])
	}
}

func ordering(holds func(int) bool) func(...any) (any, error) {
	return func(params ...any) (any, error) {
		if shape.Absent(params[0]) || shape.Absent(params[1]) {
			return false, nil
		}
		order, ok := shape.Compare(params[0], params[1])
		if !ok {
			return false, fmt.Errorf("%s cannot be compared with %s", described(params[0]), described(params[1]))
		}
		return holds(order), nil
	}
}

// within reports whether a value is a whole number between two others.
func within(params ...any) (any, error) {
	if shape.Absent(params[0]) || shape.Absent(params[1]) || shape.Absent(params[2]) {
		return false, nil
	}
	if f, ok := params[0].(float64); ok && f != math.Trunc(f) {
		return false, nil
	}
	low, okLow := shape.Compare(params[1], params[0])
	high, okHigh := shape.Compare(params[0], params[2])
	if !okLow || !okHigh {
		return false, fmt.Errorf("%s cannot be in a range of numbers", described(params[0]))
	}
	return low <= 0 && high <= 0, nil
}

// lengthOf returns the number of characters of a text, as a reader sees them, or of the
// items of a list or map.
func lengthOf(params ...any) (any, error) {
	switch v := params[0].(type) {
	case string:
		return shape.TextLength(v), nil
	case []any:
		return len(v), nil
	case []string: // of split
		return len(v), nil
	case map[string]any:
		return len(v), nil
	}
	return nil, fmt.Errorf("len() takes text, a list or a map, but this is %s", described(params[0]))
}

// intOf converts to a whole number and cuts off the decimals.
func intOf(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return v, nil
	case float64:
		if math.Abs(v) < 1<<63 {
			return int(v), nil
		}
	case string:
		if n, err := strconv.Atoi(v); err == nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("int() cannot make a whole number of %s", described(v))
}

func floatOf(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return float64(v), nil
	case float64:
		return v, nil
	case string:
		if x, err := strconv.ParseFloat(v, 64); err == nil && !math.IsInf(x, 0) && !math.IsNaN(x) {
			return x, nil
		}
	}
	return nil, fmt.Errorf("float() cannot make a number of %s", described(v))
}

var errNoText = errors.New("string() takes text, a number, true or false, a time or a date")

func stringOf(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		return shape.Decimal(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case shape.Time:
		return v.String(), nil
	case shape.Date:
		return v.String(), nil
	}
	return nil, errNoText
}
