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
	padRight  = 20.0 // right of it
	padTop    = 10.0
	bold      = 1.08 // how much wider a bold text is
	titleLine = 17.0
	noteLine  = 14.5
	column    = 22.0 // between arms
	framePad  = 18.0 // around the steps of a repeat
	endSize   = 14.0
	turn      = 10.0 // from where a line of an exit turns to where it goes on with others
)

// Sizes of the room for numbers.
const (
	numberW  = 88.0 // beside a line
	numberH  = 16.0
	beside   = 18.0 // from the middle of a line to its number: half of the widest line, and a little
	hereW    = 92.0
	hereH    = 22.0
	stayH    = 60.0  // of a card at which runs stay
	sendW    = 220.0 // of a send
	rowLine  = 20.0
	unsentW  = 80.0
	peopleH  = 17.0  // of the people in an end
	peopleW  = 104.0 // likewise
	rowLabel = 38.0
	rowTexts = 110.0 // right of a bar
)

// layout has what depends on the options.
type layout struct {
	Options
	b     *builder
	d     *Drawing
	gap   float64 // between steps
	bus   float64 // between a step and its arms
	lane  float64 // between the lines of two exits
	ports float64 // between them where they leave a card
}

func newLayout(b *builder, o Options) *layout {
	l := &layout{Options: o, b: b, d: &Drawing{}, gap: 26, bus: 24, lane: 10, ports: 10}
	if o.Numbers {
		l.gap, l.bus, l.lane, l.ports = 38, 38, 16, 22
	}
	return l
}

// extent is the space that something needs: left and right of its axis, and its height.
type extent struct{ left, right, h float64 }

func (e extent) over(o extent) extent {
	return extent{max(e.left, o.left), max(e.right, o.right), e.h + o.h}
}

// waits reports whether a card has room for how many are there.
func (l *layout) waits(n *node) bool { return l.Numbers && (n.stays(l.b.f) || len(n.closed) > 0) }

// cardSize has the texts of a card and its size.
type cardSize struct {
	title, notes []string
	w, h         float64
}

func (l *layout) card(n *node) (c cardSize) {
	c.title = wrap(n.title, titleSize, maxText)
	for _, note := range n.notes {
		c.notes = append(c.notes, wrap(note, noteSize, maxText)...)
	}
	for _, t := range c.title {
		c.w = max(c.w, textWidth(t, titleSize)*bold)
	}
	right := padRight
	if l.Numbers && n.verb == flows.VerbSend && len(n.closed) == 0 {
		right += unsentW
	}
	c.w += right - padRight
	for _, t := range c.notes {
		c.w = max(c.w, textWidth(t, noteSize)*bold)
	}
	c.w = max(c.w+iconRoom+padRight, 120)
	c.h = 2*padTop + float64(len(c.title))*titleLine + float64(len(c.notes))*noteLine
	c.h = max(c.h, l.portsHigh(n.leaves))
	switch {
	case l.waits(n):
		c.w, c.h = c.w+hereW+padRight/2, max(c.h, stayH)
	case l.Numbers && n.verb == flows.VerbSend:
		c.w, c.h = max(c.w, sendW), c.h+3*rowLine+8
	case l.Numbers && n.verb == flows.VerbExit:
		c.w, c.h = max(c.w, peopleW+iconRoom), c.h+peopleH
	}
	return c
}

// portsHigh is the height of a card that so many exits leave, each with its number.
func (l *layout) portsHigh(leaves []leave) float64 {
	if len(leaves) == 0 {
		return 0
	}
	return float64(len(leaves))*l.ports + 8
}

func (a *arm) pillLines() (lines []string, w, h float64) {
	lines = wrap(a.label, pillSize, maxPill)
	for _, t := range lines {
		w = max(w, textWidth(t, pillSize))
	}
	return lines, w + 26, max(a.least, float64(len(lines))*noteLine+11)
}

// room returns the space of a block: its steps below each other on one axis.
func (l *layout) room(b block) extent {
	var all extent
	for i, n := range b {
		e := l.nodeRoom(n)
		if i > 0 {
			e.h += l.gap
			e = e.over(l.lineRoom())
		}
		all = all.over(e)
	}
	return all
}

// lineRoom is the space of a line with its number.
func (l *layout) lineRoom() extent {
	if !l.Numbers {
		return extent{}
	}
	return extent{right: beside + numberW}
}

func (l *layout) nodeRoom(n *node) extent {
	c := l.card(n)
	e := extent{c.w / 2, c.w/2 + l.portRoom(n.leaves), c.h}
	if len(n.body) > 0 {
		left, right, h := l.loopRoom(n, c)
		e = extent{left, right, h}
	}
	if len(n.arms) == 0 {
		return e
	}
	w, h, drains := l.armsRoom(n)
	return e.over(extent{w / 2, w / 2, 2*l.bus + h + l.laneRoom(drains)})
}

// portRoom is the space right of a card whose runs leave by exits.
func (l *layout) portRoom(leaves []leave) float64 {
	switch {
	case len(leaves) == 0:
		return 0
	case l.Numbers:
		return numberW + padTop
	}
	return column
}

// loopRoom returns the space of a repeat: its card on the upper side of a frame around its steps.
func (l *layout) loopRoom(n *node, c cardSize) (left, right, h float64) {
	inside := l.room(n.body)
	left = max(inside.left, c.w/2) + framePad
	right = max(inside.right, c.w/2+l.portRoom(n.leaves)) + framePad
	return left, right, c.h + l.gap + inside.h + framePad
}

// armsRoom returns the width and height of all arms side by side, and the exits whose lines pass below
// arms to get out: those of all arms but the last.
func (l *layout) armsRoom(n *node) (w, h float64, drains []int) {
	for i := range n.arms {
		e := l.armRoom(&n.arms[i])
		w, h = w+e.left+e.right, max(h, e.h)
		if i > 0 {
			w += column
		}
	}
	inner := block{{arms: n.arms[:len(n.arms)-1]}}
	for i := range n.arms[:len(n.arms)-1] {
		w += l.laneRoom(l.left(n.arms[i].steps))
	}
	return w, h, l.left(inner)
}

// laneRoom is the width of the lines of exits beside each other.
func (l *layout) laneRoom(exits []int) float64 {
	return float64(len(exits)) * l.lane
}

func (l *layout) armRoom(a *arm) extent {
	_, w, h := a.pillLines()
	e := extent{w / 2, w / 2, h}.over(l.lineRoom())
	if len(a.steps) > 0 {
		inside := l.room(a.steps)
		inside.h += l.gap
		return e.over(inside)
	}
	if l.Numbers {
		e.h += numberH + 4
	}
	return e
}
