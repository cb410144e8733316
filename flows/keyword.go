package flows

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"nudge/lang/shape"
)

// keywordShape is the type of reply.keyword: a text that Keyword has made.
var keywordShape = &shape.Type{Kind: shape.KindString}

// Keyword returns the first sentence of a reply that has a letter or a digit, in small letters
// and without the marks around it, but with a question mark: "Stop. Thank you" is stop, and
// "Stop?" is stop?. A sentence ends with its line, or with a point or an exclamation mark
// before a blank.
func Keyword(text string) string {
	for line := range strings.FieldsFuncSeq(norm.NFKC.String(text), func(c rune) bool { return c == '\n' || c == '\r' }) {
		for rest := line; rest != ""; {
			end := sentenceEnd(rest)
			if strings.ContainsFunc(rest[:end], isWordly) {
				return strings.ToLower(withoutMarks(rest[:end]))
			}
			rest = rest[end:]
		}
	}
	return ""
}

// sentenceEnd returns where the first sentence of a line ends.
func sentenceEnd(line string) int {
	for i, c := range line {
		after := line[i+1:]
		if (c == '.' || c == '!') && (after == "" || strings.IndexFunc(after, unicode.IsSpace) == 0) {
			return i + 1
		}
	}
	return len(line)
}

func isWordly(c rune) bool { return unicode.IsLetter(c) || unicode.IsNumber(c) }

// withoutMarks returns a sentence from its first to its last letter, digit or question mark.
// The signs that belong to the last letter stay.
func withoutMarks(sentence string) string {
	keeps := func(c rune) bool { return isWordly(c) || c == '?' }
	sentence = sentence[strings.IndexFunc(sentence, keeps):]
	last := strings.LastIndexFunc(sentence, keeps)
	for i, c := range sentence[last:] {
		if i > 0 && !(unicode.In(c, unicode.Mn, unicode.Mc) && !unicode.Is(unicode.Variation_Selector, c)) {
			return sentence[:last+i]
		}
	}
	return sentence
}
