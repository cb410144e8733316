package graph

import "strings"

// widths holds the widths of the characters from space to tilde in Helvetica, in
// thousandths of the font size (Adobe's font metrics).
var widths = [...]int{
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
	556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
	556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
}

// margin is how much wider than Helvetica the reader's font may be, in percent.
const margin = 18

// textWidth returns the width that a text needs in any sans-serif font.
func textWidth(text string, size float64) float64 {
	sum := 0
	for _, c := range text {
		if c >= ' ' && int(c-' ') < len(widths) {
			sum += widths[c-' ']
		} else {
			sum += 1000
		}
	}
	return float64(sum) * size * (100 + margin) / 100_000
}

// wrap breaks a text into lines that fit a width, between words if possible.
func wrap(text string, size, width float64) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for textWidth(word, size) > width { // a word by itself is too long
			cut := len(word) - 1
			for cut > 1 && textWidth(word[:cut], size) > width || word[cut]&0xC0 == 0x80 {
				cut--
			}
			if line != "" {
				lines = append(lines, line)
				line = ""
			}
			lines = append(lines, word[:cut])
			word = word[cut:]
		}
		switch {
		case line == "":
			line = word
		case textWidth(line+" "+word, size) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
