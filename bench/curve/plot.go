package curve

import (
	"fmt"
	"html"
	"io"
	"math"
)

// plot maps values to positions on the page.
type plot struct {
	low, high float64 // decimal logarithms of X at the edges
	topY      float64 // Y at the upper edge
	step      float64 // of Y between two lines of the grid
}

// ySteps is about how many lines the grid has.
const ySteps = 5

func newPlot(c *Chart) *plot {
	p := &plot{low: math.Inf(1), high: math.Inf(-1)}
	most := 0.0
	for _, l := range c.Lines {
		for _, at := range l.Points {
			p.low, p.high = min(p.low, math.Log10(at.X)), max(p.high, math.Log10(at.X))
			most = max(most, at.Y)
		}
	}
	if p.high-p.low < 1e-9 { // only one X: put it in the middle
		p.low, p.high = p.low-.5, p.high+.5
	}
	if most == 0 {
		most = 1
	}
	p.step = roundStep(most / ySteps)
	p.topY = p.step * math.Ceil(most/p.step)
	return p
}

// roundStep returns the smallest step that is 1, 2 or 5 times a power of ten and not below
// the given step.
func roundStep(step float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(step)))
	for _, n := range []float64{1, 2, 5} {
		if n*unit >= step {
			return n * unit
		}
	}
	return 10 * unit
}

func (p *plot) x(v float64) float64 {
	return left + (width-left-right)*(math.Log10(v)-p.low)/(p.high-p.low)
}

func (p *plot) y(v float64) float64 { return height - bottom - (height-top-bottom)*v/p.topY }

// axes draws the grid with its numbers and the labels of the axes.
func (p *plot) axes(w io.Writer, c *Chart) {
	for i := 0; float64(i)*p.step <= p.topY*(1+1e-9); i++ {
		v := float64(i) * p.step
		fmt.Fprintf(w, `<path class="grid" d="M%d %.1fH%d"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			left, p.y(v), width-right, left-8, p.y(v)+4, number(v))
	}
	for decade := math.Ceil(p.low - 1e-9); decade <= p.high+1e-9; decade++ {
		v := math.Pow(10, decade)
		fmt.Fprintf(w, `<path class="grid" d="M%.1f %dV%d"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
			p.x(v), top, height-bottom, p.x(v), height-bottom+20, number(v))
	}
	fmt.Fprintf(w, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", (left+width-right)/2, height-16, html.EscapeString(c.X))
	fmt.Fprintf(w, `<text transform="translate(20 %d) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (top+height-bottom)/2, html.EscapeString(c.Y))
}

// line draws a line with a marker at each point.
func (p *plot) line(w io.Writer, i int, l Line) {
	fmt.Fprintf(w, `<path class="line c%d" stroke-dasharray="%s" d="`, i, dashes[i])
	for n, at := range l.Points {
		fmt.Fprintf(w, "%c%.1f %.1f", "ML"[min(n, 1)], p.x(at.X), p.y(at.Y))
	}
	io.WriteString(w, "\"/>\n")
	for _, at := range l.Points {
		marker(w, i, p.x(at.X), p.y(at.Y))
	}
}

// marker draws the marker of a line: a circle, a square, a triangle or a diamond.
func marker(w io.Writer, i int, x, y float64) {
	switch i {
	case 0:
		fmt.Fprintf(w, `<circle class="m0" cx="%.1f" cy="%.1f" r="4"/>`+"\n", x, y)
	case 1:
		fmt.Fprintf(w, `<path class="m1" d="M%.1f %.1fh8v8h-8z"/>`+"\n", x-4, y-4)
	case 2:
		fmt.Fprintf(w, `<path class="m2" d="M%.1f %.1fl5 9h-10z"/>`+"\n", x, y-5)
	default:
		fmt.Fprintf(w, `<path class="m3" d="M%.1f %.1fl5 5l-5 5l-5 -5z"/>`+"\n", x, y-5)
	}
}

// key draws the name of a line above the plot, two names in a row.
func key(w io.Writer, i int, name string) {
	x, y := float64(left+i%2*(width-left-right)/2), float64(46+i/2*20)
	fmt.Fprintf(w, `<path class="line c%d" stroke-dasharray="%s" d="M%.1f %.1fh28"/>`+"\n", i, dashes[i], x, y)
	marker(w, i, x+14, y)
	fmt.Fprintf(w, `<text x="%.1f" y="%.1f">%s</text>`+"\n", x+36, y+4, html.EscapeString(name))
}
