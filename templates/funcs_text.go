package templates

import (
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"nudge/lang/shape"
)

var textFunctions = []function{
	{Function: Function{"default", "Text", `profile.first_name | default "there"`, "there",
		"The value, or another one where it is absent or empty."},
		args: whatever, least: 2, most: 2, absent: true, call: fallback},
	{Function: Function{"lower", "Text", "lower data.plan", "pro", "Small letters."},
		args: oneText, least: 1, most: 1, result: shape.String, call: onText(strings.ToLower)},
	{Function: Function{"upper", "Text", "upper data.plan", "PRO", "Capital letters."},
		args: oneText, least: 1, most: 1, result: shape.String, call: onText(strings.ToUpper)},
	{Function: Function{"title", "Text", "title data.city", "New York", "A capital letter at the beginning of each word; the others stay."},
		args: oneText, least: 1, most: 1, result: shape.String, call: onText(titled)},
	{Function: Function{"trim", "Text", `trim "  yes "`, "yes", "Without the spaces around it."},
		args: oneText, least: 1, most: 1, result: shape.String, call: onText(strings.TrimSpace)},
	{Function: Function{"truncate", "Text", "truncate data.comment 12", "I like the…",
		"The first characters up to this number, with … if something was cut."},
		args: textNumber, least: 2, most: 2, subject: true, result: shape.String, call: calling2(truncate)},
	{Function: Function{"printf", "Text", `printf "%05d" data.visits`, "12345", "Go's formats, for what nothing else writes."},
		args: textAny, least: 1, most: -1, result: shape.String, call: printf},
	{Function: Function{"partial", "Text", `partial "footer"`, "Reply STOP to hear less.",
		"The text of templates/partials/footer.yaml, which sees the same names. It cannot be part of an expression."},
		args: oneText, least: 1, most: 1, result: shape.String},
}

// fallback returns a value, or other if the value is absent or an empty text. The value is
// the last argument, as in a pipeline.
func fallback(args ...any) (any, error) {
	other, v := args[0], args[1]
	if v == nil || v == "" {
		return other, nil
	}
	return v, nil
}

func onText(change func(string) string) call {
	return func(args ...any) (any, error) {
		s, err := asText(args[0])
		return change(s), err
	}
}

// titled makes the first letter of every word a capital letter.
func titled(s string) string {
	begins := true
	return strings.Map(func(r rune) rune {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\'' || r == '’'
		if letter && begins {
			r = unicode.ToTitle(r)
		}
		begins = !letter
		return r
	}, s)
}

// truncate cuts a text to a number of characters, including the … that replaces the rest.
func truncate(v, most any) (any, error) {
	s, err := asText(v)
	if err != nil {
		return "", err
	}
	n, ok := most.(int)
	if !ok || n < 1 {
		return "", fmt.Errorf("a text cannot be cut to %v characters", most)
	}
	if shape.TextLength(s) <= n {
		return s, nil
	}
	return strings.TrimRight(shape.CutText(s, n-1), " ") + "…", nil
}

func urlquery(v any) (any, error) {
	s, err := printed(v)
	return url.QueryEscape(s), err
}

// decimal is a number in printf. With %f it rounds as everywhere else.
type decimal float64

// Format writes the number for a verb of fmt.
func (d decimal) Format(s fmt.State, verb rune) {
	places, ok := s.Precision()
	if (verb != 'f' && verb != 'F') || math.IsInf(float64(d), 0) || math.IsNaN(float64(d)) {
		fmt.Fprintf(s, fmt.FormatString(s, verb), float64(d))
		return
	}
	if !ok {
		places = 6
	}
	text := shape.RoundDecimal(shape.Decimal(float64(d)), places)
	sign := ""
	switch {
	case strings.HasPrefix(text, "-"):
		sign, text = "-", text[1:]
	case s.Flag('+'):
		sign = "+"
	case s.Flag(' '):
		sign = " "
	}
	width, _ := s.Width()
	fill := max(0, width-len(sign)-len(text))
	switch {
	case s.Flag('-'):
		text += strings.Repeat(" ", fill)
	case s.Flag('0'):
		text = strings.Repeat("0", fill) + text
	default:
		sign = strings.Repeat(" ", fill) + sign
	}
	io.WriteString(s, sign+text)
}

// printf is fmt's, but it refuses a mistake that fmt would print into the message.
func printf(args ...any) (any, error) {
	format, err := asText(args[0])
	if err != nil {
		return "", err
	}
	values := slices.Clone(args[1:])
	for i, a := range values {
		switch a := a.(type) {
		case string, int, bool:
		case shape.Time, shape.Date:
			values[i], _ = printed(a)
		case float64:
			values[i] = decimal(a)
		case nil:
			return "", errAbsent
		default:
			return "", errStructured
		}
	}
	out := fmt.Sprintf(format, values...)
	if len(out) > MaxOutput {
		return "", errTooLong
	}
	if strings.Contains(out, "%!") {
		return "", fmt.Errorf("printf %q does not fit its values", format)
	}
	return out, nil
}
