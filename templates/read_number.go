package templates

import (
	"strconv"
	"strings"
	"unicode"
)

// ReadNumber returns the first number of a text as a locale writes it: an int, a float64, or
// nil for none. An empty locale, or one that does not exist, is English. A point that cannot
// be a mark between groups is a decimal point everywhere. Digits that touch a letter belong
// to a word, unless its script writes words without spaces.
func ReadNumber(text, locale string) any {
	if end := strings.IndexAny(locale, ".@"); end >= 0 {
		locale = locale[:end]
	}
	r := &numberReader{language: languageOf(canonicalLocale(locale)), text: []rune(text)}
	for i, c := range r.text {
		r.text[i] = narrow(c)
	}
	for at := 0; at < len(r.text); {
		begin := at
		if !r.begins(&at) {
			at = begin + 1
			continue
		}
		digits, end := r.number(at)
		if inWord(r.before(begin)) || inWord(r.after(end)) {
			at = r.wordEnd(end)
			continue
		}
		if r.isSign(begin) {
			digits = "-" + digits
		}
		return numberOf(digits)
	}
	return nil
}

type numberReader struct {
	*language
	text []rune
}

// before and after return the character beside a place; 0 at the ends of the text.
func (r *numberReader) before(i int) rune {
	if i == 0 {
		return 0
	}
	return r.text[i-1]
}

func (r *numberReader) after(i int) rune {
	if i >= len(r.text) {
		return 0
	}
	return r.text[i]
}

// begins reports whether a number begins here: with a digit, or with a sign or a decimal mark
// before one. It moves behind the sign.
func (r *numberReader) begins(at *int) bool {
	if r.isSign(*at) {
		*at++
	}
	return isDigit(r.after(*at)) || r.isPoint(r.after(*at)) && isDigit(r.after(*at+1))
}

// isSign reports whether a minus stands here that is not between two words or numbers.
func (r *numberReader) isSign(i int) bool {
	c, left := r.after(i), r.before(i)
	return (c == '-' || c == '−') && !unicode.IsLetter(left) && !unicode.IsDigit(left)
}

func (r *numberReader) isPoint(c rune) bool { return c == '.' || string(c) == r.point }

// isGroup reports whether a mark stands between groups of digits. People write an ordinary
// space or apostrophe where print has a special one.
func (r *numberReader) isGroup(c rune) bool {
	switch r.group {
	case "\u00a0", "\u202f":
		return c == ' ' || c == '\u00a0' || c == '\u202f'
	case "’":
		return c == '’' || c == '\''
	}
	return string(c) == r.group
}

// number reads a number without its sign, and returns its digits with a point, and its end.
func (r *numberReader) number(at int) (digits string, end int) {
	from := at
	at = r.digits(at)
	digits = string(r.text[from:at])
	if grouped, behind := r.groups(digits, at); behind > at {
		digits, at = grouped, behind
	}
	if r.isPoint(r.after(at)) && isDigit(r.after(at+1)) {
		behind := r.digits(at + 1)
		digits, at = digits+"."+string(r.text[at+1:behind]), behind
	}
	return digits, at
}

// groups reads the groups that follow the first digits of a number. Its end is where it began
// if they are no groups of the language.
func (r *numberReader) groups(digits string, at int) (grouped string, end int) {
	begun, sizes := at, []int{len(digits)}
	for r.isGroup(r.after(at)) && isDigit(r.after(at+1)) {
		behind := r.digits(at + 1)
		digits, sizes = digits+string(r.text[at+1:behind]), append(sizes, behind-at-1)
		at = behind
	}
	for i, size := range sizes {
		want := r.others
		if i == len(sizes)-1 {
			want = r.first
		}
		if i > 0 && size != want || size > want {
			return "", begun
		}
	}
	return digits, at
}

func (r *numberReader) digits(at int) int {
	for isDigit(r.after(at)) {
		at++
	}
	return at
}

// wordEnd returns the end of the letters and digits from a place on.
func (r *numberReader) wordEnd(at int) int {
	for at < len(r.text) && (inWord(r.text[at]) || isDigit(r.text[at])) {
		at++
	}
	return at
}

// inWord reports whether a character makes a word of the digits beside it. Scripts that
// write words without spaces do not.
func inWord(c rune) bool {
	return unicode.IsLetter(c) && !unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// narrow returns the usual form of a wide digit or mark.
func narrow(c rune) rune {
	if c >= '！' && c <= '～' && !unicode.IsLetter(c) {
		return c - '！' + '!'
	}
	return c
}

// numberOf reads digits with a point.
func numberOf(digits string) any {
	if n, err := strconv.Atoi(digits); err == nil {
		return n
	}
	if x, err := strconv.ParseFloat(digits, 64); err == nil {
		return x
	}
	return nil
}
