package diag

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// maxWord is the length of the longest word that is compared, in bytes. Comparing two words
// costs the product of their lengths.
const maxWord = 200

// Nearest returns the candidate that word probably means, or an empty text if none is near.
// If several are equally near, it returns the first one. Words longer than 200 bytes are near
// to none.
func Nearest(word string, candidates []string) string {
	if len(word) > maxWord {
		return ""
	}
	word = strings.ToLower(word)
	best, distance := "", max(1, len([]rune(word))/3)+1
	for _, c := range candidates {
		if len(c) > maxWord {
			continue
		}
		d := editDistance(word, strings.ToLower(c))
		if len(word) > 2 && strings.HasPrefix(strings.ToLower(c), word) {
			d = min(d, 1) // only its end is missing
		}
		if stem, many := strings.CutSuffix(word, "ies"); many && strings.EqualFold(stem+"y", c) {
			d = min(d, 1) // a plural
		}
		if d < distance {
			best, distance = c, d
		}
	}
	return best
}

// Misspelt returns the candidate that word is most likely a slip of: one that differs only
// in case and marks, or in one or two letters. It is stricter than [Nearest], for words
// that may well be right. It returns an empty text if there is none.
func Misspelt(word string, candidates []string) string {
	if len(word) > maxWord {
		return ""
	}
	for most := range 3 {
		for _, c := range candidates {
			a, b := lettersOf(word), lettersOf(c)
			if word == c || strings.Trim(a, digits) == strings.Trim(b, digits) && a != b {
				continue // versions, such as v1 and v2
			}
			if max(len(a)-len(b), len(b)-len(a)) < 2 && editDistance(a, b) <= most {
				return c
			}
		}
	}
	return ""
}

const digits = "0123456789"

// lettersOf returns the letters and digits of a word in lower case.
func lettersOf(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, word)
}

// DidYouMean returns the hint for an unknown word: the nearest candidate, if there is one,
// and then all candidates after the text allowed ("Allowed here", "In scope here").
func DidYouMean(word string, candidates []string, allowed string) string {
	return didYouMean(word, candidates, allowed, ", ")
}

// maxListed is how many candidates a hint lists, so that it stays readable in a large project. Of
// more, it says how many there are.
const maxListed = 60

func didYouMean(word string, candidates []string, allowed, between string) string {
	var parts []string
	if near := Nearest(word, candidates); near != "" {
		parts = append(parts, "did you mean "+quote(near)+"?")
	}
	if len(candidates) > 0 {
		if len(parts) == 0 {
			allowed = strings.ToLower(allowed[:1]) + allowed[1:] // a hint begins in lower case
		}
		listed := candidates
		if left := len(candidates) - maxListed; left > 0 {
			listed = append(slices.Clone(candidates[:maxListed]), fmt.Sprintf("and %d more", left))
		}
		parts = append(parts, allowed+": "+strings.Join(listed, between))
	}
	return strings.Join(parts, " ")
}

// DidYouMeanOneOf is DidYouMean for the words of an enumeration, in the form in which a
// shape writes them: open | closed.
func DidYouMeanOneOf(word string, words []string, allowed string) string {
	return didYouMean(word, words, allowed, " | ")
}

func quote(s string) string { return `"` + s + `"` }

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b.
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(s)][len(t)]
}
