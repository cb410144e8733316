package model

import (
	"fmt"
	"strconv"
	"unicode"
)

// evaluate computes an expression of the language over what names stand for.
func evaluate(source string, lookup func(name string) any) (value any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("model: %q: %v", source, p)
		}
	}()
	p := &parser{tokens: tokens(source), lookup: lookup}
	value = p.choice()
	if p.at < len(p.tokens) {
		panic("what does " + p.tokens[p.at] + " mean here")
	}
	if broken, is := value.(failing); is {
		return nil, broken
	}
	return value, nil
}

// failing is the value of what cannot be computed, and why. It passes through all that is
// made of it, but nothing is made of the side of a choice that is not taken.
type failing string

// Error is why.
func (f failing) Error() string { return string(f) }

// truth is a condition's value; without a condition, and only then, what is not said
// is true. The error is that it cannot be computed.
func truth(source string, lookup func(string) any) (bool, error) {
	if source == "" {
		return true, nil
	}
	value, err := evaluate(source, lookup)
	if _, broken := err.(failing); err != nil && !broken {
		panic(err)
	}
	return value == true, err
}

type parser struct {
	tokens []string
	at     int
	lookup func(string) any
	item   any // of the list that a function goes through
}

func tokens(source string) (found []string) {
	runes := []rune(source)
	for i := 0; i < len(runes); {
		c := runes[i]
		from := i
		switch {
		case unicode.IsSpace(c):
			i++
			continue
		case c == '"' || c == '\'':
			for i++; runes[i] != c; i++ {
			}
			i++
		case unicode.IsDigit(c):
			i += len(numeralAt.FindString(string(runes[i:])))
		case unicode.IsLetter(c) || c == '_':
			for i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]) || runes[i] == '_') {
				i++
			}
		default:
			i++
			if i < len(runes) {
				switch string(runes[from : i+1]) {
				case "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "..":
					i++
				}
			}
		}
		found = append(found, string(runes[from:i]))
	}
	return found
}

var strength = map[string]int{
	"or": 1, "||": 1, "and": 2, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "in": 3,
	"contains": 3, "startsWith": 3, "endsWith": 3, "matches": 3, "..": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "^": 7, "??": 8,
}

func (p *parser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

func (p *parser) take() string {
	t := p.peek()
	p.at++
	return t
}

func (p *parser) expect(t string) {
	if got := p.take(); got != t {
		panic(fmt.Sprintf("%q in place of %q", got, t))
	}
}

// choice is an expression with all that may be in it.
func (p *parser) choice() any {
	value := p.binary(0)
	if p.peek() != "?" {
		return value
	}
	p.take()
	yes := p.choice()
	p.expect(":")
	no := p.choice()
	if _, broken := value.(failing); broken {
		return value
	}
	if value != true {
		return no
	}
	return yes
}

func (p *parser) binary(least int) any {
	left := p.unary()
	for {
		op := p.peek()
		s := strength[op]
		if s == 0 || s <= least {
			return left
		}
		p.take()
		right := p.binary(s)
		if by, moves := right.(span); moves && op != "*" {
			left = p.move(left, op, by)
			continue
		}
		left = operate(op, left, right)
	}
}

func (p *parser) unary() any {
	switch p.peek() {
	case "not", "!":
		p.take()
		value := p.binary(2)
		if _, broken := value.(failing); broken {
			return value
		}
		return value != true
	case "-":
		p.take()
		return operate("-", 0, p.unary())
	case ".": // of the item in hand
		return p.postfix(p.item)
	}
	return p.postfix(p.primary())
}

func (p *parser) postfix(value any) any {
	for p.peek() == "." || p.peek() == "?." || p.peek() == "[" {
		if p.take() == "[" {
			value = itemOf(value, p.choice())
			p.expect("]")
			continue
		}
		name := p.take()
		switch of := value.(type) {
		case map[string]any:
			value = of[name]
		case nil, failing:
		default:
			value = failing("it has no fields")
		}
	}
	return value
}

// itemOf is an item of a list by its number.
func itemOf(list, number any) any {
	items, is := list.([]any)
	n, whole := number.(int)
	if !is || !whole || n < 0 || n >= len(items) {
		return failing("the list has no such item")
	}
	return items[n]
}

func (p *parser) primary() any {
	t := p.take()
	switch {
	case t == "(":
		value := p.choice()
		p.expect(")")
		return value
	case t == "[":
		list := []any{}
		for p.peek() != "]" {
			list = append(list, p.choice())
			if p.peek() == "," {
				p.take()
			}
		}
		p.take()
		return list
	case t == "true", t == "false":
		return t == "true"
	case t == "nil":
		return nil
	case t == "#":
		return p.item
	case t[0] == '"' || t[0] == '\'':
		return t[1 : len(t)-1]
	case spanAt.MatchString(t):
		s, err := parseSpan(t)
		if err != nil {
			panic(err)
		}
		return s
	case t[0] >= '0' && t[0] <= '9':
		if n, err := strconv.Atoi(t); err == nil {
			return n
		}
		x, _ := strconv.ParseFloat(t, 64)
		return x
	case p.peek() == "(":
		p.take()
		return p.call(t)
	}
	return p.lookup(t)
}
