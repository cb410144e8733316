package flows

import (
	"math"
	"math/big"

	"strings"
	"testing"
)

// TestNoResult checks that arithmetic without a result is an error with its place, and that
// arithmetic at the edge of whole numbers has one.
func TestNoResult(t *testing.T) {
	const most = "9223372036854775807"
	for source, want := range map[string]string{
		`data.total / 0 > 0.5`:                   "division by zero",
		`data.total / (data.n - 3) < 1`:          "division by zero",
		`data.n % 0 == 1`:                        "division by zero",
		`data.n * ` + most + ` < 0`:              "the result is too large for a whole number",
		`data.n + ` + most + ` < 0`:              "the result is too large for a whole number",
		`-data.n - ` + most + ` > 0`:             "the result is too large for a whole number",
		`abs(-` + most + ` - 1) < 0`:             "the result is too large for a whole number",
		`-(-` + most + ` - 1 + 0 * data.n) == 0`: "the result is too large for a whole number",
		`10 ^ 400 > 1`:                           "the result is not a finite number",
		`(-data.n) ** 0.5 > 1`:                   "the result is not a finite number",
		`data.total * 10 ^ 308 * 10 > 1`:         "the result is not a finite number",
		`data.total % 2 == 0.5`:                  "% takes whole numbers",
	} {
		holds, err := mustExpr(t, source, forCondition).Bool(testValues)
		if err == nil || holds || !strings.HasPrefix(err.Error(), "f.yaml:2:") || !strings.Contains(err.Error(), want+" in ") {
			t.Errorf("%s = %v, %v; want %q with its place", source, holds, err, want)
		}
	}
	for _, source := range []string{
		`data.n + ` + most[:18] + `0 > 0`, `data.n - ` + most + ` < 0`, `-` + most + ` - 1 < 0`, `(-` + most + ` - 1) * (data.n - 2) < 0`,
		`7 / 2 == 3.5`, `6 / data.n == 2`, `-7 % 3 == -1`, `(-` + most + ` - 1) % (2 - data.n) == 0`, `2 ^ 10 == 1024`, `data.total + 1 == 13.5`,
		`-data.total == -12.5`, `abs(-data.n) == 3`, `abs(-data.total) == 12.5`, `data.items[data.n - 2].name == "Rug"`,
	} {
		if holds, err := mustExpr(t, source, forCondition).Bool(testValues); err != nil || !holds {
			t.Errorf("%s = %v, %v; want true", source, holds, err)
		}
	}
}

// TestWholeNumbers compares the arithmetic of whole numbers with that of numbers of any
// size.
func TestWholeNumbers(t *testing.T) {
	edges := []int{0, 1, -1, 2, -2, 3, math.MaxInt32, math.MinInt32, 3037000500, -3037000500, math.MaxInt / 2, math.MinInt / 2,
		math.MaxInt - 1, math.MinInt + 1, math.MaxInt, math.MinInt}
	for name, op := range map[string]struct {
		ours  func(a, b int) (any, error)
		exact func(z, x, y *big.Int) *big.Int
	}{"+": {add, (*big.Int).Add}, "-": {subtract, (*big.Int).Sub}, "*": {multiply, (*big.Int).Mul}} {
		for _, a := range edges {
			for _, b := range edges {
				got, err := op.ours(a, b)
				want := op.exact(new(big.Int), big.NewInt(int64(a)), big.NewInt(int64(b)))
				if (err == nil) != want.IsInt64() || err == nil && int64(got.(int)) != want.Int64() {
					t.Errorf("%d %s %d = %v, %v; want %v", a, name, b, got, err, want)
				}
			}
		}
	}
}

func BenchmarkArithmetic(b *testing.B) {
	e := mustExpr(b, `data.total * 2 + data.n - 1 > 10 and data.n * 3 < 50`, forCondition)
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := e.Bool(testValues); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}
