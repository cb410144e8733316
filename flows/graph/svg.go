package graph

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"strings"

	"nudge/flows"
)

// SVG returns the flow as a complete drawing.
func SVG(f *flows.Flow) string {
	d := Lay(f, Options{})
	w := &svgWriter{}
	w.line(`<svg xmlns="http://www.w3.org/2000/svg" class="nudge" role="img" width="%s" height="%s" viewBox="0 0 %s %s">`,
		num(d.W), num(d.H), num(d.W), num(d.H))
	w.line("<title>%s</title>", html.EscapeString(f.Name))
	if f.About != "" {
		w.line("<desc>%s</desc>", html.EscapeString(f.About))
	}
	w.line("<style>%s</style>", style())
	w.line(`<rect class="ground" width="100%%" height="100%%"/>`)
	w.boxes(d, true)
	for i := range d.Lines {
		w.link(&d.Lines[i])
	}
	w.boxes(d, false)
	w.line("</svg>")
	return w.String()
}

// boxes draws the frames, or everything else.
func (w *svgWriter) boxes(d *Drawing, frames bool) {
	for i := range d.Boxes {
		if (d.Boxes[i].Shape == Frame) == frames {
			w.box(&d.Boxes[i])
		}
	}
}

type svgWriter struct{ strings.Builder }

func (w *svgWriter) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// num writes a number with at most one decimal.
func num(x float64) string { return fmt.Sprintf("%g", math.Round(x*10)/10) }

// radius of the corners of links.
const radius = 8

// link draws a connection, with an arrow at its end.
func (w *svgWriter) link(l *Line) {
	class := "link"
	if l.Exit > 0 {
		class += " leave"
	}
	if l.Tone != "" {
		class += " " + string(l.Tone)
	}
	w.line(`<path class="%s" d="%s"/>`, class, l.path())
	p := l.Points
	last := p[len(p)-1]
	if l.Arrow {
		tip := "l-3.5 -6h7z" // downwards
		if p[len(p)-2].X < last.X {
			tip = "l-6 -3.5v7z"
		}
		w.line(`<path class="tip" d="M%s %s%s"/>`, num(last.X), num(last.Y), tip)
	}
}

// path returns the line with round corners, as the d of an SVG path.
func (l *Line) path() string {
	p := l.Points
	path := fmt.Sprintf("M%s %s", num(p[0].X), num(p[0].Y))
	for i := 1; i < len(p)-1; i++ {
		in, out := toward(p[i], p[i-1], i == 1), toward(p[i], p[i+1], i == len(p)-2)
		path += fmt.Sprintf("L%s %sQ%s %s %s %s", num(in.X), num(in.Y), num(p[i].X), num(p[i].Y), num(out.X), num(out.Y))
	}
	return path + fmt.Sprintf("L%s %s", num(p[len(p)-1].X), num(p[len(p)-1].Y))
}

// toward returns the point near a corner in the direction of another point, which is the end of the line or another corner.
func toward(corner, to Point, end bool) Point {
	dx, dy := to.X-corner.X, to.Y-corner.Y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return corner
	}
	r := min(radius, length)
	if !end {
		r = min(radius, length/2)
	}
	return Point{corner.X + dx/length*r, corner.Y + dy/length*r}
}

// tones are the colours of steps. Any other step does something outside of the run.
var tones = map[flows.Verb]Tone{
	flows.VerbSend: Send, flows.VerbWait: Wait, flows.VerbCollect: Wait, flows.VerbRepeat: Wait,
	flows.VerbBranch: Choose, flows.VerbSplit: Choose, flows.VerbExit: End,
}

func (n *node) tone() Tone {
	if n.goal {
		return Good
	}
	return cmp.Or(tones[n.verb], Do)
}

// icons holds the paths of icons in a square of 16 pixels.
var icons = map[string]string{
	"send":    "M1.5 3.5h13v9h-13zM1.5 4l6.5 5 6.5-5",
	"wait":    "M8 1.5a6.5 6.5 0 1 0 .01 0zM8 4.5v3.7l2.5 1.6",
	"collect": "M2 3h12M3.5 6.5h9M5 10h6M6.5 13.5h3",
	"repeat":  "M13.5 8a5.5 5.5 0 1 1-1.7-4M12 1v3.2H8.800",
	"branch":  "M4 2v12M4 9c0-3 8-1 8-5.5M10 5l2-2.5L14 5",
	"split":   "M8 14V9M8 9L3 3M8 9l5-6M3 6V3h3M10 3h3v3",
	"exit":    "M4 14V2.5h8l-2 3 2 3H4",
}

const otherIcon = "M9 1.5L3 9h4.5L7 14.5 13 7H8.5z"

func (w *svgWriter) box(b *Box) {
	w.line(`<g id="%s" class="%s">`, html.EscapeString(b.ID), b.Tone)
	if b.Hint != "" {
		w.line("<title>%s</title>", html.EscapeString(b.Hint))
	}
	rect := func(class string, r float64) {
		w.line(`<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`, class, num(b.X), num(b.Y), num(b.W), num(b.H), num(r))
	}
	class := "note"
	switch b.Shape {
	case Frame:
		rect("frame", 12)
	case Pill:
		rect("pill", min(b.H/2, 14))
		class = "word"
	case Begin, Final:
		rect("badge", min(b.H/2, 18))
		class = "on"
	default:
		rect("card", 9)
		w.line(`<rect class="bar" x="%s" y="%s" width="3.5" height="%s" rx="1.7"/>`, num(b.X+6), num(b.Y+8), num(b.H-16))
	}
	if b.Verb != "" {
		w.icon(b)
	}
	w.texts(b, class)
	w.line("</g>")
}

// icon draws the sign of a verb.
func (w *svgWriter) icon(b *Box) {
	class := "icon"
	if b.Shape == Final {
		class = "icon mark"
	}
	w.line(`<path class="%s" transform="translate(%s %s)" d="%s"/>`, class, num(b.X+15), num(b.Y+padTop), cmp.Or(icons[b.Verb], otherIcon))
}

// texts writes the texts of a box, and an empty text for its count.
func (w *svgWriter) texts(b *Box, class string) {
	for _, t := range b.Texts {
		own, anchor := class, ""
		if t.Bold && class == "note" {
			own = "title"
		}
		if t.Middle {
			anchor = ` text-anchor="middle"`
		}
		w.line(`<text class="%s" x="%s" y="%s" font-size="%s"%s>%s</text>`, own, num(t.X), num(t.Y), num(t.Size), anchor, html.EscapeString(t.Said))
	}
	if b.Shape != Frame {
		w.line(`<text class="count" data-of="%s" x="%s" y="%s"></text>`, html.EscapeString(b.ID), num(b.X+b.W-8), num(b.Y-4))
	}
}
