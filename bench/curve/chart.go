// Package curve draws line charts as SVG: growth over orders of magnitude. A chart is
// readable on light and dark pages, in print and in grey, because lines also differ by
// dash and marker. It also describes its contents in words. The same chart always gives
// the same bytes.
package curve

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Chart is the content of a chart.
type Chart struct {
	Title string
	X, Y  string // what the axes count, with units
	Lines []Line // at most maxLines
}

// Line is one line, or a single marker if it has one point.
type Line struct {
	Name   string
	Points []Point // in rising order of X
}

// Point is a point of a line. X must be above 0, because its axis is logarithmic. Y must
// not be below 0.
type Point struct{ X, Y float64 }

// maxLines is how many lines a reader can distinguish in a chart.
const maxLines = 4

// The page, in pixels.
const (
	width, height            = 720, 400
	left, right, top, bottom = 84, 48, 84, 60 // margins of the plot
)

// style has the colours for light and for dark pages.
const style = `
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.line { fill: none; stroke-width: 2 }
.c0 { stroke: #0b62c4 } .c1 { stroke: #b4480b } .c2 { stroke: #1a7f37 } .c3 { stroke: #8250df }
.m0 { fill: #0b62c4 } .m1 { fill: #b4480b } .m2 { fill: #1a7f37 } .m3 { fill: #8250df }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.grid { stroke: #3d444d }
.c0 { stroke: #58a6ff } .c1 { stroke: #f0883e } .c2 { stroke: #3fb950 } .c3 { stroke: #bc8cff }
.m0 { fill: #58a6ff } .m1 { fill: #f0883e } .m2 { fill: #3fb950 } .m3 { fill: #bc8cff }
}
`

// dashes distinguish the lines without colour.
var dashes = [maxLines]string{"", "8 4", "2 4", "10 4 2 4"}

// SVG returns the chart as a document, or an error if it cannot be drawn.
func (c *Chart) SVG() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	p := newPlot(c)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img" aria-labelledby="title desc">`+"\n", width, height)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n<style>%s</style>\n", html.EscapeString(c.Title), html.EscapeString(c.words()), style)
	fmt.Fprintf(&b, "<text class=\"title\" x=\"%d\" y=\"26\">%s</text>\n", left, html.EscapeString(c.Title))
	p.axes(&b, c)
	for i, l := range c.Lines {
		p.line(&b, i, l)
		key(&b, i, l.Name)
	}
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}

func (c *Chart) check() error {
	if len(c.Lines) == 0 || len(c.Lines) > maxLines {
		return fmt.Errorf("curve: %d lines; there must be 1 to %d", len(c.Lines), maxLines)
	}
	for _, l := range c.Lines {
		if len(l.Points) == 0 {
			return fmt.Errorf("curve: the line %s has no point", l.Name)
		}
		for _, p := range l.Points {
			if !(p.X > 0) || !(p.Y >= 0) || math.IsInf(p.X, 0) || math.IsInf(p.Y, 0) {
				return fmt.Errorf("curve: the line %s has a point at %g, %g: X must be above 0, Y not below it", l.Name, p.X, p.Y)
			}
		}
		if !slices.IsSortedFunc(l.Points, func(a, b Point) int { return int(math.Copysign(1, a.X-b.X)) }) {
			return fmt.Errorf("curve: the points of the line %s do not rise in X", l.Name)
		}
	}
	return nil
}

// words describes the chart for people who cannot see it.
func (c *Chart) words() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s by %s.", c.Y, c.X)
	for _, l := range c.Lines {
		fmt.Fprintf(&b, " %s:", l.Name)
		for i, p := range l.Points {
			fmt.Fprintf(&b, "%s %s at %s", ","[:min(i, 1)], number(p.Y), number(p.X))
		}
		b.WriteString(".")
	}
	return b.String()
}

// number returns a number with three significant digits, and commas between thousands.
func number(n float64) string {
	if n == 0 {
		return "0"
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(n))))
	unit := math.Pow10(digits)
	text := strconv.FormatFloat(math.Round(n*unit)/unit, 'f', max(0, digits), 64)
	whole, rest, broken := strings.Cut(text, ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if rest = strings.TrimRight(rest, "0"); broken && rest != "" {
		return whole + "." + rest
	}
	return whole
}
