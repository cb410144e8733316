package model

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// evaluate computes an expression of the language over what names stand for. The words
// of it that flows of the simulator use are few: paths, numbers, texts and lists,
// comparisons, in, contains, ??, arithmetic, and, or, not, and a handful of functions.
func evaluate(source string, lookup func(name string) any) (value any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("model: %q: %v", source, p)
		}
	}()
	p := &parser{tokens: tokens(source), lookup: lookup}
	value = p.binary(0)
	if p.at < len(p.tokens) {
		panic("what does " + p.tokens[p.at] + " mean here")
	}
	return value, nil
}

// truth is a condition's value; without a condition, and only then, what is not said
// is true.
func truth(source string, lookup func(string) any) bool {
	if source == "" {
		return true
	}
	value, err := evaluate(source, lookup)
	if err != nil {
		panic(err)
	}
	b, _ := value.(bool)
	return b
}

type parser struct {
	tokens []string
	at     int
	lookup func(string) any
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
			for i < len(runes) && (unicode.IsDigit(runes[i]) || runes[i] == '.' && i+1 < len(runes) && unicode.IsDigit(runes[i+1])) {
				i++
			}
		case unicode.IsLetter(c) || c == '_':
			for i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]) || runes[i] == '_') {
				i++
			}
		default:
			i++
			if i < len(runes) {
				switch string(runes[from : i+1]) {
				case "==", "!=", "<=", ">=", "&&", "||", "??", "..":
					i++
				}
			}
		}
		found = append(found, string(runes[from:i]))
	}
	return found
}

var strength = map[string]int{
	"or": 1, "||": 1, "and": 2, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "in": 3, "contains": 3,
	"..": 4, "+": 5, "-": 5, "*": 6, "/": 6, "??": 8,
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

func (p *parser) binary(least int) any {
	left := p.unary()
	for {
		op := p.peek()
		s := strength[op]
		if s == 0 || s <= least {
			return left
		}
		p.take()
		left = operate(op, left, p.binary(s))
	}
}

func (p *parser) unary() any {
	switch p.peek() {
	case "not", "!":
		p.take()
		b, _ := p.binary(2).(bool)
		return !b
	case "-":
		p.take()
		return operate("-", 0, p.unary())
	}
	return p.postfix(p.primary())
}

func (p *parser) postfix(value any) any {
	for p.peek() == "." {
		p.take()
		name := p.take()
		m, _ := value.(map[string]any)
		value = m[name]
	}
	return value
}

func (p *parser) primary() any {
	t := p.take()
	switch {
	case t == "(":
		value := p.binary(0)
		p.expect(")")
		return value
	case t == "[":
		list := []any{}
		for p.peek() != "]" {
			list = append(list, p.binary(0))
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
	case t[0] == '"' || t[0] == '\'':
		return t[1 : len(t)-1]
	case t[0] >= '0' && t[0] <= '9':
		if n, err := strconv.Atoi(t); err == nil {
			return n
		}
		x, _ := strconv.ParseFloat(t, 64)
		return x
	case p.peek() == "(":
		p.take()
		arg := p.binary(0)
		p.expect(")")
		return call(t, arg)
	}
	return p.lookup(t)
}

func call(name string, arg any) any {
	switch name {
	case "lower":
		return strings.ToLower(arg.(string))
	case "len", "count":
		switch v := arg.(type) {
		case string:
			return len([]rune(v))
		case []any:
			return len(v)
		}
		return 0
	}
	panic("no function " + name)
}

// numbersRange is what stands between two dots.
type numbersRange struct{ from, to float64 }

func operate(op string, left, right any) any {
	switch op {
	case "or", "||":
		l, _ := left.(bool)
		r, _ := right.(bool)
		return l || r
	case "and", "&&":
		l, _ := left.(bool)
		r, _ := right.(bool)
		return l && r
	case "??":
		if left == nil {
			return right
		}
		return left
	case "==":
		return same(left, right)
	case "!=":
		return !same(left, right)
	case "..":
		return numbersRange{number(left), number(right)}
	case "in":
		return within(left, right)
	case "contains":
		l, _ := left.(string)
		r, _ := right.(string)
		return strings.Contains(l, r)
	case "<", "<=", ">", ">=":
		return ordered(op, left, right)
	}
	return arithmetic(op, left, right)
}

func same(left, right any) bool {
	if isNumber(left) && isNumber(right) {
		return number(left) == number(right)
	}
	if l, ok := left.(time.Time); ok {
		r, ok := right.(time.Time)
		return ok && l.Equal(r)
	}
	return left == right
}

func within(value, where any) bool {
	switch w := where.(type) {
	case numbersRange:
		return isNumber(value) && number(value) == float64(int(number(value))) && number(value) >= w.from && number(value) <= w.to
	case []any:
		for _, x := range w {
			if same(value, x) {
				return true
			}
		}
	}
	return false
}

func ordered(op string, left, right any) bool {
	if left == nil || right == nil {
		return false
	}
	sign := 0
	switch l := left.(type) {
	case string:
		sign = strings.Compare(l, right.(string))
	case time.Time:
		sign = l.Compare(right.(time.Time))
	default:
		switch l, r := number(left), number(right); {
		case l < r:
			sign = -1
		case l > r:
			sign = 1
		}
	}
	return op == "<" && sign < 0 || op == "<=" && sign <= 0 || op == ">" && sign > 0 || op == ">=" && sign >= 0
}

func arithmetic(op string, left, right any) any {
	if l, ok := left.(string); ok && op == "+" {
		return l + right.(string)
	}
	l, lok := left.(int)
	r, rok := right.(int)
	if lok && rok && op != "/" {
		switch op {
		case "+":
			return l + r
		case "-":
			return l - r
		case "*":
			return l * r
		}
	}
	x, y := number(left), number(right)
	switch op {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	}
	return x / y
}

func isNumber(v any) bool {
	switch v.(type) {
	case int, float64:
		return true
	}
	return false
}

func number(v any) float64 {
	switch n := v.(type) {
	case int:
		return float64(n)
	case float64:
		return n
	}
	panic(fmt.Sprintf("%v is no number", v))
}
