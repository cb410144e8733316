package shape

import "github.com/clipperhouse/uax29/v2/graphemes"

// TextLength returns the number of characters that a reader sees in a text: grapheme
// clusters of UAX 29. A flag, a family emoji and an e with a combining accent count as one.
func TextLength(s string) int {
	n := 0
	for g := graphemes.FromString(s); g.Next(); {
		n++
	}
	return n
}

// CutText returns the first n characters of a text, counted as by [TextLength]. It never
// splits a character. It returns the whole text if it has no more than n.
func CutText(s string, n int) string {
	g := graphemes.FromString(s)
	for range n {
		if !g.Next() {
			return s
		}
	}
	return s[:g.End()]
}
