package model

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// call computes a function, of which the name and the bracket were read.
func (p *parser) call(name string) any {
	args := []any{p.choice()}
	if list, goes := args[0].([]any); goes && p.peek() == "," && throughLists[name] {
		p.take()
		return p.through(name, list)
	}
	for p.peek() == "," {
		p.take()
		args = append(args, p.choice())
	}
	p.expect(")")
	for _, x := range args {
		if broken, is := x.(failing); is {
			return broken
		}
	}
	if name == "remaining" {
		return p.lookup("remaining").(func(string) int)(args[0].(string))
	}
	if name == "open" {
		return p.isOpen(args[0])
	}
	if calendar[name] != nil {
		return calendar[name](p.zone(), args)
	}
	switch x := args[0].(type) {
	case string:
		return ofText(name, x, args)
	case []any:
		return ofList(name, x)
	case nil:
		return nil // what is absent stays absent
	default:
		return ofNumber(name, number(x), args)
	}
}

func ofText(name, x string, args []any) any {
	switch name {
	case "lower":
		return strings.ToLower(x)
	case "upper":
		return strings.ToUpper(x)
	case "trim":
		return strings.TrimSpace(x)
	case "len":
		return characters(x)
	case "string":
		return x
	case "split":
		list := []any{}
		for _, part := range strings.Split(x, args[1].(string)) {
			list = append(list, part)
		}
		return list
	case "int", "float":
		n, err := strconv.ParseFloat(x, 64)
		if err != nil {
			return failing(x + " is no number")
		}
		return ofNumber(name, n, nil)
	}
	panic("no function " + name + " of a text")
}

// characters counts what a reader sees as one.
func characters(x string) (n int) {
	for g := graphemes.FromString(x); g.Next(); n++ {
	}
	return n
}

func ofList(name string, x []any) any {
	switch {
	case name == "len":
		return len(x)
	case name == "unique":
		kept := []any{}
		for _, item := range x {
			if !within(item, kept) {
				kept = append(kept, item)
			}
		}
		return kept
	case len(x) == 0 && (name == "first" || name == "last"):
		return nil
	case name == "first":
		return x[0]
	case name == "last":
		return x[len(x)-1]
	}
	panic("no function " + name + " of a list")
}

func ofNumber(name string, x float64, args []any) any {
	switch name {
	case "abs":
		if args[0] == math.MinInt {
			return failing("its absolute value does not fit")
		}
		return math.Abs(x)
	case "ceil":
		return math.Ceil(x)
	case "floor":
		return math.Floor(x)
	case "round":
		return math.Round(x)
	case "int":
		return int(x)
	case "float":
		return x
	case "string":
		if x == 0 {
			return "0" // also of -0
		}
		return strconv.FormatFloat(x, 'f', -1, 64)
	case "min", "max":
		for _, other := range args {
			if y := number(other); name == "min" && y < x || name == "max" && y > x {
				x = y
			}
		}
		return x
	}
	panic("no function " + name + " of a number")
}

// throughLists are the functions that ask or make something of each item of a list.
var throughLists = map[string]bool{"all": true, "any": true, "none": true, "one": true, "count": true, "find": true, "filter": true, "map": true}

// through computes a function of the items of a list, of which what it asks of each is to
// be read.
func (p *parser) through(name string, list []any) any {
	from, outer := p.at, p.item
	kept, made := []any{}, []any{}
	for _, item := range list {
		p.at, p.item = from, item
		v := p.choice()
		if made = append(made, v); v == true {
			kept = append(kept, item)
		}
	}
	p.at, p.item = from, outer
	p.skip()
	switch name {
	case "all":
		return len(kept) == len(list)
	case "any":
		return len(kept) > 0
	case "none":
		return len(kept) == 0
	case "one":
		return len(kept) == 1
	case "count":
		return len(kept)
	case "filter":
		return kept
	case "map":
		return made
	}
	if len(kept) == 0 { // find
		return nil
	}
	return kept[0]
}

// skip passes over what is left of a function, and the bracket that ends it.
func (p *parser) skip() {
	for depth := 1; depth > 0; {
		switch t := p.take(); t {
		case "(":
			depth++
		case ")":
			depth--
		case "":
			panic(fmt.Sprintf("a bracket is missing at the end of %v", p.tokens))
		}
	}
}
