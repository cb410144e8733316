package flows

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"nudge/flows/shape"
)

// arg is what a function takes in one place.
type arg uint8

const (
	argText    arg = iota // text
	argNumber             // a number
	argSized              // text, a list or a map
	argScalar             // text, a number, true or false, a time, or of unknown type
	argList               // a list
	argTest               // a condition on an item
	argMapping            // a value for an item
)

// function is a function of the language: its arguments, how many of them may be
// left out or repeated, and its result.
type function struct {
	args     []arg
	optional int  // of args, from the end
	variadic bool // the last of args may come again
	result   func(args []*shape.Type) *shape.Type
}

// functions is every function of the language. None has a clock, chance or
// anything of the machine in it; none makes long text out of short, since nothing
// can stop an expression while it runs.
var functions = map[string]*function{
	"lower": {args: []arg{argText}, result: gives(shape.String)},
	"upper": {args: []arg{argText}, result: gives(shape.String)},
	"trim":  {args: []arg{argText}, result: gives(shape.String)},
	"split": {args: []arg{argText, argText}, result: gives(shape.ListOf(shape.String))},
	"len":   {args: []arg{argSized}, result: gives(shape.Number)},

	"abs":   {args: []arg{argNumber}, result: gives(shape.Number)},
	"ceil":  {args: []arg{argNumber}, result: gives(shape.Number)},
	"floor": {args: []arg{argNumber}, result: gives(shape.Number)},
	"round": {args: []arg{argNumber}, result: gives(shape.Number)},
	"min":   {args: []arg{argNumber, argNumber}, variadic: true, result: gives(shape.Number)},
	"max":   {args: []arg{argNumber, argNumber}, variadic: true, result: gives(shape.Number)},

	"int":    {args: []arg{argScalar}, result: gives(shape.Number)},
	"float":  {args: []arg{argScalar}, result: gives(shape.Number)},
	"string": {args: []arg{argScalar}, result: gives(shape.String)},

	"first":  {args: []arg{argList}, result: givesItem},
	"last":   {args: []arg{argList}, result: givesItem},
	"all":    {args: []arg{argList, argTest}, result: gives(shape.Boolean)},
	"any":    {args: []arg{argList, argTest}, result: gives(shape.Boolean)},
	"none":   {args: []arg{argList, argTest}, result: gives(shape.Boolean)},
	"one":    {args: []arg{argList, argTest}, result: gives(shape.Boolean)},
	"count":  {args: []arg{argList, argTest}, optional: 1, result: gives(shape.Number)},
	"find":   {args: []arg{argList, argTest}, result: givesItem},
	"filter": {args: []arg{argList, argTest}, result: givesSame},
	"map":    {args: []arg{argList, argMapping}, result: givesMapped},
}

func gives(t *shape.Type) func([]*shape.Type) *shape.Type {
	return func([]*shape.Type) *shape.Type { return t }
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

// The functions by which comparisons are made: see exprChecker.order.
const (
	fnLess         = "__less"
	fnLessEqual    = "__lessEqual"
	fnGreater      = "__greater"
	fnGreaterEqual = "__greaterEqual"
)

// orderings maps an operator to the function that stands for it.
var orderings = map[string]string{"<": fnLess, "<=": fnLessEqual, ">": fnGreater, ">=": fnGreaterEqual}

// ownFunctions is the functions that are not expr's: comparisons in which what is
// absent is false, and a string that writes numbers as people do.
var ownFunctions = map[string]func(...any) (any, error){
	fnLess:         ordering(func(c int) bool { return c < 0 }),
	fnLessEqual:    ordering(func(c int) bool { return c <= 0 }),
	fnGreater:      ordering(func(c int) bool { return c > 0 }),
	fnGreaterEqual: ordering(func(c int) bool { return c >= 0 }),
	"string":       stringOf,
}

func ordering(holds func(int) bool) func(...any) (any, error) {
	return func(params ...any) (any, error) {
		if absent(params[0]) || absent(params[1]) {
			return false, nil
		}
		c, err := compare(params[0], params[1])
		return err == nil && holds(c), err
	}
}

// absent reports whether there is no value, or a number that is none.
func absent(v any) bool {
	f, ok := v.(float64)
	return v == nil || ok && math.IsNaN(f)
}

// compare orders two numbers, two times or two texts.
func compare(a, b any) (int, error) {
	switch a := a.(type) {
	case int:
		switch b := b.(type) {
		case int:
			return cmp.Compare(a, b), nil
		case float64:
			return cmp.Compare(float64(a), b), nil
		}
	case float64:
		switch b := b.(type) {
		case int:
			return cmp.Compare(a, float64(b)), nil
		case float64:
			return cmp.Compare(a, b), nil
		}
	case shape.Time:
		if b, ok := b.(shape.Time); ok {
			return a.Compare(b), nil
		}
	case string:
		if b, ok := b.(string); ok {
			return cmp.Compare(a, b), nil
		}
	}
	return 0, fmt.Errorf("%s cannot be compared with %s", described(a), described(b))
}

var errNoText = errors.New("string() takes text, a number, true or false, or a time")

func stringOf(params ...any) (any, error) {
	switch v := params[0].(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case bool:
		return strconv.FormatBool(v), nil
	case shape.Time:
		return v.String(), nil
	}
	return nil, errNoText
}
