package flows

import (
	"errors"
	"math"
	"math/bits"

	"github.com/expr-lang/expr/ast"

	"nudge/lang/shape"
)

// The hidden functions that replace the operators of arithmetic. expr's own wrap around when
// a whole number overflows and give infinity for a division by zero.
const (
	fnAdd       = "__add"
	fnSubtract  = "__subtract"
	fnMultiply  = "__multiply"
	fnDivide    = "__divide"
	fnRemainder = "__remainder"
	fnPower     = "__power"
	fnNegate    = "__negate"
)

// arithmetics maps an operator to the function that replaces it.
var arithmetics = map[string]string{
	"+": fnAdd, "-": fnSubtract, "*": fnMultiply, "/": fnDivide, "%": fnRemainder, "^": fnPower, "**": fnPower,
}

var (
	errZeroDivision = errors.New("division by zero")
	errOverflow     = errors.New("the result is too large for a whole number")
	errInfinite     = errors.New("the result is not a finite number")
	errNotWhole     = errors.New("% takes whole numbers")
	errNoNumber     = errors.New("a value has the wrong type")
)

// compute turns the operator of two numbers into its function.
func (c *exprChecker) compute(n *ast.Node, b *ast.BinaryNode, left, right *shape.Type) *shape.Type {
	c.present(b.Left, left, "the value before "+b.Operator, shape.KindNumber)
	c.present(b.Right, right, "the value after "+b.Operator, shape.KindNumber)
	become(n, arithmetics[b.Operator], b.Left, b.Right)
	return shape.Number
}

// negate turns the minus before a number into its function. A number that is written out
// stays as it is.
func (c *exprChecker) negate(n *ast.Node, u *ast.UnaryNode, t *shape.Type) *shape.Type {
	c.present(u.Node, t, "the value after "+u.Operator, shape.KindNumber)
	switch u.Node.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
	default:
		if u.Operator == "-" {
			become(n, fnNegate, u.Node)
		}
	}
	return shape.Number
}

// arithmetic makes a function of two numbers. With two whole numbers it uses whole, which
// may be nil.
func arithmetic(whole func(a, b int) (any, error), float func(a, b float64) float64) func(...any) (any, error) {
	return func(params ...any) (any, error) {
		a, aWhole := params[0].(int)
		b, bWhole := params[1].(int)
		if aWhole && bWhole && whole != nil {
			return whole(a, b)
		}
		x, okX := numberOf(params[0])
		y, okY := numberOf(params[1])
		if !okX || !okY {
			return nil, errNoNumber
		}
		return finite(float(x, y))
	}
}

func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func finite(x float64) (any, error) {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return nil, errInfinite
	}
	return x, nil
}

func add(a, b int) (any, error) {
	sum := a + b
	if (sum > a) != (b > 0) && b != 0 {
		return nil, errOverflow
	}
	return sum, nil
}

func subtract(a, b int) (any, error) {
	difference := a - b
	if (difference < a) != (b > 0) && b != 0 {
		return nil, errOverflow
	}
	return difference, nil
}

func multiply(a, b int) (any, error) {
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	most := uint64(math.MaxInt)
	if (a < 0) != (b < 0) {
		most++
	}
	if high != 0 || low > most {
		return nil, errOverflow
	}
	return a * b, nil
}

func magnitude(n int) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// divide gives a number with decimals also for two whole numbers: 7 / 2 is 3.5.
func divide(params ...any) (any, error) {
	if y, ok := numberOf(params[1]); ok && y == 0 {
		return nil, errZeroDivision
	}
	return arithmetic(nil, func(a, b float64) float64 { return a / b })(params...)
}

func remainder(params ...any) (any, error) {
	a, aWhole := params[0].(int)
	b, bWhole := params[1].(int)
	switch {
	case !aWhole || !bWhole:
		return nil, errNotWhole
	case b == 0:
		return nil, errZeroDivision
	}
	return a % b, nil
}

func negate(params ...any) (any, error) {
	switch v := params[0].(type) {
	case int:
		return subtract(0, v)
	case float64:
		return -v, nil
	}
	return nil, errNoNumber
}

func absolute(params ...any) (any, error) {
	if v, ok := params[0].(int); ok && v >= 0 {
		return v, nil
	} else if ok {
		return negate(v)
	}
	if v, ok := params[0].(float64); ok {
		return math.Abs(v), nil
	}
	return nil, errNoNumber
}
