package console

import (
	"fmt"
	"slices"
	"strings"
)

// Spark is a small line of how many there were in each span. Its axis starts at zero, and the last point is marked.
type Spark struct {
	Line, Area string // paths
	X, Y       string // of the last point
	Last       string // its number
	Label      string // all of it in a sentence
}

// The geometry of a spark: it is drawn in a box of sparkWidth by sparkHeight.
const (
	sparkWidth  = 96.0
	sparkHeight = 24.0
	sparkEdge   = 3.0 // around the line, for its width and for the last point
)

// sparkOf draws numbers, oldest first. Of says what the last one is: started today.
func (v *visit) sparkOf(of string, numbers []uint64) Spark {
	if len(numbers) == 0 {
		numbers = []uint64{0}
	}
	most := slices.Max(numbers)
	last := numbers[len(numbers)-1]
	s := Spark{Last: v.Num(last), Label: v.Num(last) + " " + of + ", at most " + v.Num(most) + " in one of " + v.Num(len(numbers))}
	step := (sparkWidth - 2*sparkEdge) / float64(max(len(numbers)-1, 1))
	var line strings.Builder
	for i, n := range numbers {
		x, y := sparkEdge+step*float64(i), sparkHeight-sparkEdge
		if most > 0 {
			y -= (sparkHeight - 2*sparkEdge) * float64(n) / float64(most)
		}
		verb := "L"
		if i == 0 {
			verb = "M"
		}
		s.X, s.Y = fmt.Sprintf("%.1f", x), fmt.Sprintf("%.1f", y)
		fmt.Fprintf(&line, "%s%s %s", verb, s.X, s.Y)
	}
	s.Line = line.String()
	s.Area = fmt.Sprintf("%sL%s %.1fL%.1f %.1fZ", s.Line, s.X, sparkHeight-sparkEdge, sparkEdge, sparkHeight-sparkEdge)
	return s
}
