package shape

import (
	"strconv"
	"strings"
)

// Decimal returns a number as people write it: without an exponent, with as few decimals
// as tell it apart from its neighbours, and never as -0. A text that JSON wrote as 2.675
// is 2.675 again.
func Decimal(f float64) string {
	return withoutMinusZero(strconv.FormatFloat(f, 'f', -1, 64))
}

// RoundDecimal rounds a number in the form of [Decimal] to a number of decimals, half away
// from zero. It rounds the decimal as written and not the nearest binary fraction: 1.005
// with two decimals is 1.01. Missing decimals become zeros.
func RoundDecimal(number string, decimals int) string {
	sign := ""
	if strings.HasPrefix(number, "-") {
		sign, number = "-", number[1:]
	}
	whole, fraction, _ := strings.Cut(number, ".")
	up := len(fraction) > decimals && fraction[decimals] >= '5'
	fraction = (fraction + strings.Repeat("0", decimals))[:decimals]
	digits := whole + fraction
	if up {
		digits = increment(digits)
	}
	whole, fraction = digits[:len(digits)-decimals], digits[len(digits)-decimals:]
	if decimals > 0 {
		whole += "." + fraction
	}
	return withoutMinusZero(sign + whole)
}

// increment adds one to a number that is written in digits.
func increment(digits string) string {
	b := []byte(digits)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != '9' {
			b[i]++
			return string(b)
		}
		b[i] = '0'
	}
	return "1" + string(b)
}

func withoutMinusZero(number string) string {
	if strings.HasPrefix(number, "-") && strings.Trim(number, "-0.") == "" {
		return number[1:]
	}
	return number
}
