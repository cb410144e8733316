package model

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// numberAt is a number as the people of a language write it. The point is one for everybody.
var numberAt = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`^[-−]?(?:\d{1,3}(?:,\d{3})+\b|\d+)?(?:\.\d+)?`),
	"de": regexp.MustCompile(`^[-−]?(?:\d{1,3}(?:\.\d{3})+\b|\d+)?(?:[.,]\d+)?`),
}

// firstNumber is the first number of a text that is no part of a word, or nil.
func firstNumber(text, locale string) any {
	language := "en"
	if strings.HasPrefix(locale, "de") {
		language = "de"
	}
	before := ' '
	for text != "" {
		first, size := utf8.DecodeRuneInString(text)
		if word(before) {
			before, text = first, text[size:]
			continue
		}
		found := numberAt[language].FindString(text)
		digits := strings.TrimLeft(found, "-−")
		next, _ := utf8.DecodeRuneInString(text[len(found):])
		if digits == "" || word(next) {
			before, text = first, text[size:]
			continue
		}
		return valueOf(found != digits, digits, language)
	}
	return nil
}

func word(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// valueOf is what digits with their marks are.
func valueOf(negative bool, digits, language string) any {
	group, point := ",", "."
	if language == "de" {
		group, point = ".", ","
		if whole, rest, ok := strings.Cut(digits, "."); ok && !strings.Contains(rest, ".") && (len(whole) == 0 || len(whole) > 3 || len(strings.Split(rest, ",")[0]) != 3) {
			group, point = ",", "." // no group has so many digits
		}
	}
	digits = strings.Replace(strings.ReplaceAll(digits, group, ""), point, ".", 1)
	if negative {
		digits = "-" + digits
	}
	if n, err := strconv.Atoi(digits); err == nil {
		return n
	}
	x, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return nil
	}
	return x
}

// locale is that of the person, else that of the project.
func (w *walk) locale() string {
	if own, _ := w.known["locale"].(string); own != "" {
		return own
	}
	return w.flow.locale
}
