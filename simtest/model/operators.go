package model

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// numbersRange is what stands between two dots.
type numbersRange struct{ from, to float64 }

func operate(op string, left, right any) any {
	if broken := either(op, left, right); broken != nil {
		return broken
	}
	if s, multiplied := left.(span); multiplied {
		return s.times(right)
	}
	if s, moves := right.(span); moves && op == "*" {
		return s.times(left)
	}
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
	case "contains", "startsWith", "endsWith", "matches":
		l, has := left.(string)
		return has && fits(op, l, right.(string))
	case "<", "<=", ">", ">=":
		return ordered(op, left, right)
	}
	return arithmetic(op, left, right)
}

// either is what cannot be computed of the two, unless the left one decides.
func either(op string, left, right any) any {
	if _, is := left.(failing); is {
		return left
	}
	l, _ := left.(bool)
	decided := l && (op == "or" || op == "||") || !l && (op == "and" || op == "&&") || left != nil && op == "??"
	if _, is := right.(failing); is && !decided {
		return right
	}
	return nil
}

func fits(op, text, part string) bool {
	switch op {
	case "startsWith":
		return strings.HasPrefix(text, part)
	case "endsWith":
		return strings.HasSuffix(text, part)
	case "matches":
		return regexp.MustCompile(part).MatchString(text)
	}
	return strings.Contains(text, part)
}

func same(left, right any) bool {
	if isNumber(left) && isNumber(right) {
		return number(left) == number(right)
	}
	if isTime(left) || isTime(right) {
		return left != nil && right != nil && timeOf(left).Equal(timeOf(right))
	}
	return reflect.DeepEqual(left, right)
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
	if isTime(left) || isTime(right) {
		left, right = timeOf(left), timeOf(right)
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

func isTime(v any) bool {
	_, is := v.(time.Time)
	return is
}

// timeOf is a time, which data have as text.
func timeOf(v any) time.Time {
	if text, is := v.(string); is {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		return at
	}
	return v.(time.Time)
}

// arithmetic computes in numbers of any size, and then asks whether the result is one of
// the language's.
func arithmetic(op string, left, right any) any {
	if l, ok := left.(string); ok && op == "+" {
		return l + right.(string)
	}
	l, lok := left.(int)
	r, rok := right.(int)
	x, y := number(left), number(right)
	switch {
	case (op == "/" || op == "%") && y == 0:
		return failing("nothing is divided by zero")
	case op == "%" && !(lok && rok):
		return failing("only whole numbers leave a remainder")
	case lok && rok && whole[op] != nil:
		exact := whole[op](new(big.Int), big.NewInt(int64(l)), big.NewInt(int64(r)))
		if !exact.IsInt64() {
			return failing(exact.String() + " does not fit")
		}
		return int(exact.Int64())
	}
	result := map[string]float64{"+": x + y, "-": x - y, "*": x * y, "/": x / y, "^": math.Pow(x, y)}[op]
	if math.IsInf(result, 0) || math.IsNaN(result) {
		return failing("that has no result")
	}
	return result
}

var whole = map[string]func(z, x, y *big.Int) *big.Int{"+": (*big.Int).Add, "-": (*big.Int).Sub, "*": (*big.Int).Mul, "%": (*big.Int).Rem}

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
