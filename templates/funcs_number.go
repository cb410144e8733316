package templates

import (
	"math"
	"strconv"
	"strings"

	"nudge/lang/shape"
)

func numberFunctions(l *language) []function {
	return []function{
		{Function: Function{"number", "Numbers", "number data.visits", "12,345",
			"A number with the marks of the text's language; with a second value, so many decimals."},
			args: oneNumber, least: 1, most: 2, subject: true, result: shape.String, call: l.number},
		{Function: Function{"money", "Numbers", "money data.total data.currency", "1,234.50 GBP",
			"An amount with its currency, and no decimals in currencies that are written without."},
			args: numberText, least: 2, most: 2, subject: true, result: shape.String, call: calling2(l.money)},
		{Function: Function{"plural", "Numbers", `plural (len data.items) "item" "items"`, "2 items",
			"A number with its word, in as many forms as the text's language has; the last one stands for all that are left out."},
			args: numberText, least: 2, most: 7, subject: true, result: shape.String, call: l.plural},
	}
}

// number writes a number with the marks of the language, with its own decimals or with the
// given number of them.
func (l *language) number(args ...any) (any, error) {
	n, err := finite(args[0])
	if err != nil {
		return "", err
	}
	if len(args) == 1 {
		text, err := printed(args[0])
		return l.grouped(text), err
	}
	decimals, ok := args[1].(int)
	if !ok || decimals < 0 || decimals > maxDecimals {
		return "", errDecimals
	}
	return l.grouped(strconv.FormatFloat(n, 'f', decimals, 64)), nil
}

// withoutCents are the currencies that people write without decimals.
var withoutCents = map[string]bool{
	"CLP": true, "ISK": true, "JPY": true, "KRW": true, "PYG": true, "UGX": true, "VND": true, "XAF": true, "XOF": true,
}

// money writes an amount and the code of its currency: 1,234.50 GBP. The code follows the
// amount in every language: everybody can read it, and the place of a currency sign differs
// between languages.
func (l *language) money(v, currency any) (any, error) {
	n, err := finite(v)
	if err != nil {
		return "", err
	}
	code, err := asText(currency)
	if err != nil {
		return "", err
	}
	code, decimals := strings.ToUpper(code), 2
	if withoutCents[code] {
		decimals = 0
	}
	return l.grouped(strconv.FormatFloat(n, 'f', decimals, 64)) + " " + code, nil
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
	text, err := printed(args[0])
	return l.grouped(text) + " " + word, err
}

// finite returns a number that can be written.
func finite(v any) (float64, error) {
	n, err := asNumber(v)
	if err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
		err = errNotNumber
	}
	return n, err
}
