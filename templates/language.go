package templates

import (
	"math"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	xlanguage "golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// language holds the rules of a language for numbers, plurals and dates.
type language struct {
	tag    xlanguage.Tag
	name   string // the locale
	group  string // between the groups of digits
	point  string // before the decimals
	first  int    // how many digits the last group has
	others int    // how many the groups before it have
	forms  []plural.Form
	words  *dateWords // nil: not known, and dates are 2026-07-03
}

var languages sync.Map // of string to *language

// languageOf returns the language of a locale, or of defaultLocale for an empty one.
func languageOf(locale string) *language {
	if locale == "" {
		locale = defaultLocale
	}
	if l, ok := languages.Load(locale); ok {
		return l.(*language)
	}
	l := learn(locale)
	languages.Store(locale, l)
	return l
}

// learn finds the marks and plural forms of a language by printing samples. All languages
// use Latin digits.
func learn(locale string) *language {
	tag, err := xlanguage.Parse(locale + "-u-nu-latn")
	if err != nil {
		tag = xlanguage.English
	}
	l := &language{tag: tag, name: locale, group: ",", point: ".", first: 3, others: 3}
	l.learnMarks(message.NewPrinter(tag).Sprint(number.Decimal(123456789.5, number.MaxFractionDigits(1))))
	seen := map[plural.Form]bool{}
	for n := range 200 {
		seen[plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)] = true
	}
	for _, f := range []plural.Form{plural.Zero, plural.One, plural.Two, plural.Few, plural.Many, plural.Other} {
		if seen[f] {
			l.forms = append(l.forms, f)
		}
	}
	if !seen[plural.Other] { // of numbers with decimals
		l.forms = append(l.forms, plural.Other)
	}
	base, _ := tag.Base()
	l.words = wordsOf[base.String()]
	if region, sure := tag.Region(); base.String() == "en" && region.String() == "US" && sure == xlanguage.Exact {
		l.words = american
	}
	return l
}

// learnMarks reads the marks from a number with at least three groups.
func (l *language) learnMarks(sample string) {
	marks := strings.FieldsFunc(sample, isDigit)
	digits := strings.FieldsFunc(sample, func(r rune) bool { return !isDigit(r) })
	if n := len(digits); n > 3 && len(marks) >= n-1 {
		l.group, l.point = marks[0], marks[n-2]
		l.first, l.others = len(digits[n-2]), len(digits[n-3])
	}
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// grouped writes a number from plainNumber with the marks of the language.
func (l *language) grouped(text string) string {
	whole, fraction, hasFraction := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	size := l.first
	for i := len(whole) - size; i > 0; i -= size {
		whole, size = whole[:i]+l.group+whole[i:], l.others
	}
	if hasFraction {
		return sign + whole + l.point + fraction
	}
	return sign + whole
}

// form returns the index of a number's plural form among the forms of the language, in the
// order zero, one, two, few, many, other.
func (l *language) form(n float64) int {
	text := strconv.FormatFloat(math.Abs(n), 'f', -1, 64)
	whole, decimals, _ := strings.Cut(text, ".")
	form := plural.Cardinal.MatchPlural(l.tag, lastDigits(whole), len(decimals), len(decimals),
		lastDigits(decimals), lastDigits(decimals))
	for i, f := range l.forms {
		if f == form {
			return i
		}
	}
	return len(l.forms) - 1
}

// lastDigits returns a number by its last digits, because plural rules look only at them. A
// large number stays large.
func lastDigits(text string) int {
	const most = 7
	large := 0
	if len(text) > most {
		large, text = 10_000_000, text[len(text)-most:]
	}
	n, _ := strconv.Atoi(text)
	return large + n
}
