package graph

import "nudge/flows"

// Sizes of the drawing, in pixels.
const (
	titleSize = 13.0
	noteSize  = 11.0
	pillSize  = 11.0
	maxText   = 210.0 // wider texts are wrapped
	maxPill   = 170.0
	iconRoom  = 38.0 // left of the text of a card
	padRight  = 34.0 // right of it, where a count may stand
	padTop    = 10.0
	titleLine = 17.0
	noteLine  = 14.5
	gap       = 26.0 // between steps
	busGap    = 24.0 // between a step and its arms
	column    = 22.0 // between arms
	framePad  = 18.0 // around the steps of a repeat
	endSize   = 14.0
)

// shape is the form of a box.
type shape uint8

const (
	card  shape = iota
	pill        // the label of an arm
	final       // an exit
	frame       // around a repeat
	begin       // what starts the flow
)

// box is one element of the drawing with its place.
type box struct {
	x, y, w, h float64
	shape      shape
	id         string
	verb       flows.Verb
	kind       kind
	goal       bool
	lines      []text
	hint       string // in full, for those who point at it
}

// text is one line in a box, from the left edge and the top of the drawing.
type text struct {
	x, y, size float64
	bold       bool
	middle     bool // x is its middle
	said       string
}

// line is a connection through points, with round corners.
type line struct {
	points []point
	arrow  bool
}

type point struct{ x, y float64 }

// drawing is a flow with the place of every element.
type drawing struct {
	w, h  float64
	boxes []box
	lines []line
}

// extent is the space that something needs: left and right of its axis, and its height.
type extent struct{ left, right, h float64 }

func (e extent) over(o extent) extent {
	return extent{max(e.left, o.left), max(e.right, o.right), e.h + o.h}
}

// cardLines returns the texts of a card and its size.
func (n *node) cardLines() (title, notes []string, w, h float64) {
	title = wrap(n.title, titleSize, maxText)
	for _, note := range n.notes {
		notes = append(notes, wrap(note, noteSize, maxText)...)
	}
	for _, t := range title {
		w = max(w, textWidth(t, titleSize)*1.06) // it is bold
	}
	for _, t := range notes {
		w = max(w, textWidth(t, noteSize))
	}
	h = 2*padTop + float64(len(title))*titleLine + float64(len(notes))*noteLine
	return title, notes, max(w+iconRoom+padRight, 120), h
}

func (a *arm) pillLines() (lines []string, w, h float64) {
	lines = wrap(a.label, pillSize, maxPill)
	for _, t := range lines {
		w = max(w, textWidth(t, pillSize))
	}
	return lines, w + 26, float64(len(lines))*noteLine + 11
}

// room returns the space of a block: its steps below each other on one axis.
func (b block) room() extent {
	var all extent
	for i, n := range b {
		e := n.room()
		if i > 0 {
			e.h += gap
		}
		all = all.over(e)
	}
	return all
}

func (n *node) room() extent {
	_, _, w, h := n.cardLines()
	e := extent{w / 2, w / 2, h}
	if n.verb == flows.VerbRepeat {
		inside := n.body.room()
		side := max(inside.left, inside.right, w/2) + framePad
		e = extent{side, side, h + gap + inside.h + framePad}
	}
	if len(n.arms) == 0 {
		return e
	}
	w, h = n.armsRoom()
	return e.over(extent{w / 2, w / 2, 2*busGap + h})
}

// armsRoom returns the width and height of all arms side by side.
func (n *node) armsRoom() (w, h float64) {
	for i := range n.arms {
		e := n.arms[i].room()
		w, h = w+e.left+e.right, max(h, e.h)
		if i > 0 {
			w += column
		}
	}
	return w, h
}

func (a *arm) room() extent {
	_, w, h := a.pillLines()
	e := extent{w / 2, w / 2, h}
	if len(a.steps) > 0 {
		inside := a.steps.room()
		inside.h += gap
		e = e.over(inside)
	}
	return e
}
