package templates

import (
	"errors"
	"math"
	"strconv"

	"nudge/lang/shape"
)

// The names of the hidden functions, which no template can write. A function whose subject
// is piped has fnPiped before its name.
const (
	fnPrint = "__print" // as a person reads it
	fnPlain = "__plain" // as data, in a text
	fnTyped = "__typed" // as data, in JSON
	fnShown = "__shown" // as a person reads it, in JSON
	fnRange = "__range"
	fnPiped = "__piped_"
)

// maxDecimals is how many decimals `number` may be asked for; with more, the text cannot be
// rendered, which fails its run.
const maxDecimals = 15

var (
	errAbsent     = errors.New("the value is absent; give it a default: … | default \"…\"")
	errNotText    = errors.New("the value is not text")
	errNotNumber  = errors.New("the value is not a number")
	errNotTime    = errors.New("the value is not a time")
	errNotList    = errors.New("the value is not a list")
	errStructured = errors.New("a list or map cannot be printed; use range, join or json")
	errDecimals   = errors.New("the number of decimals must be between 0 and 15")
)

// printed returns a value as a person reads it in the language of the text.
func (l *language) printed(v any) (string, error) {
	switch v := v.(type) {
	case shape.Date:
		return l.date(v.Midnight()), nil
	case spoken:
		if v.shown == "" {
			return "", errNoWord
		}
		return v.shown, nil
	}
	return printed(v)
}

// shown returns a value in JSON as a person reads it.
func (l *language) shown(v any) (any, error) {
	switch v.(type) {
	case shape.Date, spoken:
		text, err := l.printed(v)
		if err != nil {
			return "", err
		}
		return asJSON(text)
	}
	return asJSON(v)
}

// printed returns a value as text for programs.
func printed(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return unmarked(v), nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		return plainNumber(v)
	case bool:
		return strconv.FormatBool(v), nil
	case shape.Time:
		return v.String(), nil
	case shape.Date:
		return v.String(), nil
	case spoken:
		return v.value, nil
	case nil:
		return "", errAbsent
	}
	return "", errStructured
}

// rangeable lets range run over lists and maps, and over nothing for an absent value. A
// range over a number could not be stopped.
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
	return shape.Decimal(f), nil
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
