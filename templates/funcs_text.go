package templates

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"nudge/flows/shape"
)

// The names of the hidden functions, which no template can write.
const (
	fnPrint = "__print"
	fnTyped = "__typed"
	fnRange = "__range"
)

var (
	errAbsent     = errors.New("the value is absent; give it a default: … | default \"…\"")
	errNotText    = errors.New("the value is not text")
	errNotNumber  = errors.New("the value is not a number")
	errNotTime    = errors.New("the value is not a time")
	errNotList    = errors.New("the value is not a list")
	errStructured = errors.New("a list or map cannot be printed; use range, join or json")
)

// printed is a value as the person reads it. It ends every action.
func printed(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		return plainNumber(v)
	case bool:
		return strconv.FormatBool(v), nil
	case shape.Time:
		return v.String(), nil
	case nil:
		return "", errAbsent
	}
	return "", errStructured
}

// typed is a value as JSON, for a leaf that keeps its type.
func typed(v any) (string, error) { return asJSON(v) }

// rangeable lets range go over lists and maps, and over nothing where there is
// nothing. A range over a number could not be stopped.
func rangeable(v any) (any, error) {
	switch v.(type) {
	case []any, map[string]any, nil:
		return v, nil
	}
	return nil, errNotList
}

func plainNumber(f float64) (string, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", errNotNumber
	}
	return strconv.FormatFloat(f, 'f', -1, 64), nil
}

func asText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case nil:
		return "", errAbsent
	}
	return "", errNotText
}

func asNumber(v any) (float64, error) {
	switch v := v.(type) {
	case int:
		return float64(v), nil
	case float64:
		return v, nil
	case nil:
		return 0, errAbsent
	}
	return 0, errNotNumber
}

// fallback is v, or other where v is absent or empty text.
func fallback(other, v any) any {
	if v == nil || v == "" {
		return other
	}
	return v
}

func onText(change func(string) string) func(any) (string, error) {
	return func(v any) (string, error) {
		s, err := asText(v)
		return change(s), err
	}
}

var (
	lower = onText(strings.ToLower)
	upper = onText(strings.ToUpper)
	trim  = onText(strings.TrimSpace)
)

// truncate cuts a text to a number of characters, the … that stands for the rest
// included.
func truncate(v any, most int) (string, error) {
	s, err := asText(v)
	if err != nil {
		return "", err
	}
	runes := []rune(s)
	if most < 1 || len(runes) <= most {
		return s, nil
	}
	return strings.TrimRight(string(runes[:most-1]), " ") + "…", nil
}

// plural is a number with its word.
func plural(v any, one, many string) (string, error) {
	n, err := asNumber(v)
	if err != nil {
		return "", err
	}
	text, err := grouped(v)
	if n == 1 {
		return text + " " + one, err
	}
	return text + " " + many, err
}

// grouped is a number with commas between its thousands.
func grouped(v any) (string, error) {
	if _, err := asNumber(v); err != nil {
		return "", err
	}
	text, err := printed(v)
	if err != nil {
		return "", err
	}
	return groupThousands(text), nil
}

func groupThousands(text string) string {
	whole, fraction, hasFraction := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if hasFraction {
		return sign + whole + "." + fraction
	}
	return sign + whole
}

// withoutCents are the currencies that people write without decimals.
var withoutCents = map[string]bool{
	"CLP": true, "ISK": true, "JPY": true, "KRW": true, "PYG": true, "UGX": true, "VND": true, "XAF": true, "XOF": true,
}

// money is an amount with its currency's code: 1,234.50 GBP.
func money(v any, currency any) (string, error) {
	n, err := asNumber(v)
	if err != nil {
		return "", err
	}
	code, err := asText(currency)
	if err != nil {
		return "", err
	}
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return "", errNotNumber
	}
	code, decimals := strings.ToUpper(code), 2
	if withoutCents[code] {
		decimals = 0
	}
	return groupThousands(strconv.FormatFloat(n, 'f', decimals, 64)) + " " + code, nil
}

func join(v any, separator string) (string, error) {
	items, ok := v.([]any)
	if !ok {
		if v == nil {
			return "", errAbsent
		}
		return "", errNotList
	}
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			b.WriteString(separator)
		}
		s, err := printed(item)
		if err != nil {
			return "", err
		}
		if b.WriteString(s); b.Len() > MaxOutput {
			return "", errTooLong
		}
	}
	return b.String(), nil
}

func inZone(zone *time.Location, layout string) func(any) (string, error) {
	return func(v any) (string, error) {
		switch v := v.(type) {
		case shape.Time:
			return v.Std().In(zone).Format(layout), nil
		case nil:
			return "", errAbsent
		}
		return "", errNotTime
	}
}

func asJSON(v any) (string, error) {
	if v == nil {
		return "", errAbsent
	}
	out, err := json.Marshal(v)
	return string(out), err
}

func urlquery(v any) (string, error) {
	s, err := printed(v)
	return url.QueryEscape(s), err
}

// printf is fmt's, without what would print a mistake into the message.
func printf(format string, args ...any) (string, error) {
	for _, a := range args {
		switch a.(type) {
		case string, int, float64, bool:
		case nil:
			return "", errAbsent
		default:
			return "", errStructured
		}
	}
	out := fmt.Sprintf(format, args...)
	if len(out) > MaxOutput {
		return "", errTooLong
	}
	if strings.Contains(out, "%!") {
		return "", fmt.Errorf("printf %q does not fit its values", format)
	}
	return out, nil
}
