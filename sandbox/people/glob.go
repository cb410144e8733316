package people

import "strings"

// glob is a pattern in which * stands for any text and ? for any one byte. It has no
// escapes: profile IDs may hold backslashes.
type glob string

// fits reports whether the whole text is as the pattern says.
func (g glob) fits(text string) bool {
	p, t := 0, 0
	star, mark := -1, 0 // the last *, and where what it stands for may end
	for t < len(text) {
		switch {
		case p < len(g) && g[p] == '*':
			star, mark = p, t
			p++
		case p < len(g) && (g[p] == '?' || g[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(string(g[p:]), "*") == ""
}
