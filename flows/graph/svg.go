package graph

import (
	"fmt"
	"html"
	"math"
	"strings"

	"nudge/flows"
)

// SVG returns the flow as a complete drawing.
func SVG(f *flows.Flow) string {
	d := lay(f)
	w := &svgWriter{}
	w.line(`<svg xmlns="http://www.w3.org/2000/svg" class="nudge" role="img" width="%s" height="%s" viewBox="0 0 %s %s">`,
		num(d.w), num(d.h), num(d.w), num(d.h))
	w.line("<title>%s</title>", html.EscapeString(f.Name))
	if f.About != "" {
		w.line("<desc>%s</desc>", html.EscapeString(f.About))
	}
	w.line("<style>%s</style>", style())
	w.line(`<rect class="ground" width="100%%" height="100%%"/>`)
	for i := range d.boxes {
		if d.boxes[i].shape == frame {
			w.box(&d.boxes[i])
		}
	}
	for i := range d.lines {
		w.link(&d.lines[i])
	}
	for i := range d.boxes {
		if d.boxes[i].shape != frame {
			w.box(&d.boxes[i])
		}
	}
	w.line("</svg>")
	return w.String()
}

type svgWriter struct{ strings.Builder }

func (w *svgWriter) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// num writes a number with at most one decimal.
func num(x float64) string { return fmt.Sprintf("%g", math.Round(x*10)/10) }

// radius of the corners of links.
const radius = 8

// link draws a connection, with an arrow at its end.
func (w *svgWriter) link(l *line) {
	p := l.points
	path := fmt.Sprintf("M%s %s", num(p[0].x), num(p[0].y))
	for i := 1; i < len(p)-1; i++ {
		in, out := toward(p[i], p[i-1]), toward(p[i], p[i+1])
		path += fmt.Sprintf("L%s %sQ%s %s %s %s", num(in.x), num(in.y), num(p[i].x), num(p[i].y), num(out.x), num(out.y))
	}
	last := p[len(p)-1]
	path += fmt.Sprintf("L%s %s", num(last.x), num(last.y))
	w.line(`<path class="link" d="%s"/>`, path)
	if l.arrow {
		tip := "l-3.5 -6h7z" // downwards
		if p[len(p)-2].x < last.x {
			tip = "l-6 -3.5v7z"
		}
		w.line(`<path class="tip" d="M%s %s%s"/>`, num(last.x), num(last.y), tip)
	}
}

// toward returns the point near a corner in the direction of another point.
func toward(corner, to point) point {
	dx, dy := to.x-corner.x, to.y-corner.y
	length := math.Hypot(dx, dy)
	r := min(radius, length/2)
	return point{corner.x + dx/length*r, corner.y + dy/length*r}
}

// The classes of verbs and kinds.
var (
	verbTones = map[flows.Verb]string{
		flows.VerbSend: "send", flows.VerbWait: "wait", flows.VerbCollect: "wait", flows.VerbRepeat: "wait",
		flows.VerbBranch: "choose", flows.VerbSplit: "choose", flows.VerbExit: "end",
	}
	kindTones = map[kind]string{byPerson: "good", byFailure: "bad", byEvent: "do", byTime: "wait", byCondition: "choose"}
)

// icons holds the paths of icons in a square of 16 pixels.
var icons = map[flows.Verb]string{
	flows.VerbSend:    "M1.5 3.5h13v9h-13zM1.5 4l6.5 5 6.5-5",
	flows.VerbWait:    "M8 1.5a6.5 6.5 0 1 0 .01 0zM8 4.5v3.7l2.5 1.6",
	flows.VerbCollect: "M2 3h12M3.5 6.5h9M5 10h6M6.5 13.5h3",
	flows.VerbRepeat:  "M13.5 8a5.5 5.5 0 1 1-1.7-4M12 1v3.2H8.800",
	flows.VerbBranch:  "M4 2v12M4 9c0-3 8-1 8-5.5M10 5l2-2.5L14 5",
	flows.VerbSplit:   "M8 14V9M8 9L3 3M8 9l5-6M3 6V3h3M10 3h3v3",
	flows.VerbExit:    "M4 14V2.5h8l-2 3 2 3H4",
}

const otherIcon = "M9 1.5L3 9h4.5L7 14.5 13 7H8.5z"

func (w *svgWriter) box(b *box) {
	w.line(`<g id="%s" class="%s">`, html.EscapeString(b.id), b.tone())
	if b.hint != "" {
		w.line("<title>%s</title>", html.EscapeString(b.hint))
	}
	rect := func(class string, r float64) {
		w.line(`<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`, class, num(b.x), num(b.y), num(b.w), num(b.h), num(r))
	}
	class := "note"
	switch b.shape {
	case frame:
		rect("frame", 12)
	case pill:
		rect("pill", min(b.h/2, 14))
		class = "word"
	case begin, final:
		rect("badge", min(b.h/2, 18))
		class = "on"
	default:
		rect("card", 9)
		w.line(`<rect class="bar" x="%s" y="%s" width="3.5" height="%s" rx="1.7"/>`, num(b.x+6), num(b.y+8), num(b.h-16))
	}
	if b.verb != 0 {
		w.icon(b)
	}
	w.texts(b, class)
	w.line("</g>")
}

// icon draws the sign of a verb.
func (w *svgWriter) icon(b *box) {
	path, class := icons[b.verb], "icon"
	if path == "" {
		path = otherIcon
	}
	if b.shape == final {
		class = "icon mark"
	}
	w.line(`<path class="%s" transform="translate(%s %s)" d="%s"/>`, class, num(b.x+15), num(b.y+padTop), path)
}

// texts writes the texts of a box, and an empty text for its count.
func (w *svgWriter) texts(b *box, class string) {
	for _, t := range b.lines {
		own, anchor := class, ""
		if t.bold && class == "note" {
			own = "title"
		}
		if t.middle {
			anchor = ` text-anchor="middle"`
		}
		w.line(`<text class="%s" x="%s" y="%s" font-size="%s"%s>%s</text>`, own, num(t.x), num(t.y), num(t.size), anchor, html.EscapeString(t.said))
	}
	if b.shape != frame {
		w.line(`<text class="count" data-of="%s" x="%s" y="%s"></text>`, html.EscapeString(b.id), num(b.x+b.w-8), num(b.y-4))
	}
}

// tone returns the class that colours a box.
func (b *box) tone() string {
	switch {
	case b.shape == begin, b.shape == final && !b.goal:
		return "end"
	case b.goal:
		return "good"
	case b.shape == pill:
		return kindTones[b.kind]
	case verbTones[b.verb] != "":
		return verbTones[b.verb]
	}
	return "do"
}
