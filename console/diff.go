package console

import "strings"

const (
	diffAround   = 3    // lines around a change that are shown
	maxDiffLines = 3000 // of a file that is compared line by line; a longer one is shown as replaced
	maxDiffShown = 400  // lines of all files of a page that are shown; it says that there are more
)

// diffLine is a line of a file before, after, or of both.
type diffLine struct {
	Sign  string // + or -, or a space; empty: lines are left out here
	Class string // good, bad or nothing
	Text  string
}

// diffOf says which lines make one text of another, with a few lines around them.
func diffOf(before, after string) []diffLine {
	a, b := linesOf(before), linesOf(after)
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	var all []diffLine
	for _, line := range a[:start] {
		all = append(all, diffLine{" ", "", line})
	}
	all = append(all, changed(a[start:len(a)-end], b[start:len(b)-end])...)
	for _, line := range a[len(a)-end:] {
		all = append(all, diffLine{" ", "", line})
	}
	return folded(all)
}

func linesOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// changed compares lines by the longest sequence that both have.
func changed(a, b []string) (all []diffLine) {
	if len(a) > maxDiffLines || len(b) > maxDiffLines {
		return append(signed("-", "bad", a), signed("+", "good", b)...)
	}
	common := make([][]uint16, len(a)+1) // how long that of the rest is
	for i := range common {
		common[i] = make([]uint16, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			all = append(all, diffLine{" ", "", a[i]})
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			all = append(all, diffLine{"-", "bad", a[i]})
			i++
		default:
			all = append(all, diffLine{"+", "good", b[j]})
			j++
		}
	}
	return append(append(all, signed("-", "bad", a[i:])...), signed("+", "good", b[j:])...)
}

func signed(sign, class string, lines []string) (all []diffLine) {
	for _, line := range lines {
		all = append(all, diffLine{sign, class, line})
	}
	return all
}

// folded leaves out lines that are far from any change.
func folded(all []diffLine) (shown []diffLine) {
	near := make([]bool, len(all))
	for i, line := range all {
		if line.Sign == " " {
			continue
		}
		for j := max(0, i-diffAround); j <= min(len(all)-1, i+diffAround); j++ {
			near[j] = true
		}
	}
	for i, line := range all {
		switch {
		case near[i]:
			shown = append(shown, line)
		case i == 0 || near[i-1]:
			shown = append(shown, diffLine{})
		}
	}
	return shown
}
