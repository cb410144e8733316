package templates

import (
	"fmt"
	"math"
	"strings"

	"nudge/lang/shape"
)

func numberFunctions(l *language) []function {
	return []function{
		{Function: Function{"number", "Numbers", "number data.visits", "12,345",
			"A number with the marks of the text's language; the second value sets the number of decimals."},
			args: oneNumber, least: 1, most: 2, subject: true, result: shape.String, call: l.number},
		{Function: Function{"money", "Numbers", "money data.total data.currency", "1,234.50 GBP",
			"An amount and its currency, with as many decimals as the currency has."},
			args: numberText, least: 2, most: 2, subject: true, result: shape.String, call: calling2(l.money)},
		{Function: Function{"plural", "Numbers", `plural (len data.items) "item" "items"`, "2 items",
			"A number and its word, in the forms of the text's language; the last word is used for the forms that are left out."},
			args: numberText, least: 2, most: 7, subject: true, result: shape.String, call: l.plural},
	}
}

// number writes a number with the marks of the language, with its own decimals or with the
// given number of them.
func (l *language) number(args ...any) (any, error) {
	text, err := written(args[0])
	if err != nil {
		return "", err
	}
	if len(args) == 1 {
		return l.grouped(text), nil
	}
	decimals, ok := args[1].(int)
	if !ok || decimals < 0 || decimals > maxDecimals {
		return "", errDecimals
	}
	return l.grouped(shape.RoundDecimal(text, decimals)), nil
}

// money writes an amount and the code of its currency: 1,234.50 GBP. The code follows the
// amount in every language: everybody can read it, and the place of a currency sign differs
// between languages.
func (l *language) money(v, currency any) (any, error) {
	text, err := written(v)
	if err != nil {
		return "", err
	}
	code, err := asText(currency)
	if err != nil {
		return "", err
	}
	code = strings.ToUpper(code)
	decimals, ok := currencyDecimals(code)
	if !ok {
		return "", unknownCurrency(code)
	}
	return l.grouped(shape.RoundDecimal(text, decimals)) + " " + code, nil
}

func unknownCurrency(code string) error {
	return fmt.Errorf("unknown currency %q; use a code of ISO 4217, such as EUR", code)
}

// plural writes a number and its word in the right form.
func (l *language) plural(args ...any) (any, error) {
	n, err := finite(args[0])
	if err != nil {
		return "", err
	}
	forms := args[1:]
	word, err := asText(forms[min(l.form(n), len(forms)-1)])
	if err != nil {
		return "", err
	}
	text, err := written(args[0])
	return l.grouped(text) + " " + word, err
}

// written returns a number in digits, without the marks of a language.
func written(v any) (string, error) {
	if _, err := finite(v); err != nil {
		return "", err
	}
	return printed(v)
}

// finite returns a number that can be written.
func finite(v any) (float64, error) {
	n, err := asNumber(v)
	if err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
		err = errNotNumber
	}
	return n, err
}
