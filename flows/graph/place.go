package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"nudge/flows"
)

const pad = 24.0 // around the drawing

// Lay places all elements of a flow.
func Lay(f *flows.Flow, o Options) *Drawing {
	b := &builder{f}
	l := newLayout(b, o)
	steps, exits := b.steps(), b.exits()
	before := l.leaves(steps)
	l.closeLarge(steps, exits)
	head := &arm{id: "start", label: strings.Join(Starts(f), " or "), tone: End, way: Way{Count: Came, Step: f.Steps[0].ID}}
	head.least = l.portsHigh(before)
	_, headW, _ := head.pillLines()
	e := l.room(steps).over(extent{left: headW / 2, right: headW/2 + l.portRoom(before)}).over(l.lineRoom())
	axis := pad + e.left
	lanes := &channel{l: l, x: axis + e.right + l.lane, exits: l.all()}
	y := l.pill(head, axis, pad, Begin)
	lanes.join(&l.d.Boxes[0], before)
	l.connect(Line{From: "start", To: steps[0].box(), Ways: []Way{head.way}}, axis, y, y+l.gap)
	y = l.block(steps, axis, y+l.gap, lanes)
	if !steps.ends() {
		y = l.completed(steps[len(steps)-1], axis, y)
	}
	l.ends(exits, lanes)
	l.d.bound(axis+e.right, y)
	slices.SortStableFunc(l.d.Boxes, func(a, b Box) int { return cmp.Compare(b.isFrame(), a.isFrame()) })
	return l.d
}

// bound sets the size of the drawing: everything is inside, and a point too.
func (d *Drawing) bound(right, bottom float64) {
	reach := func(x, y float64) { right, bottom = max(right, x), max(bottom, y) }
	for i := range d.Boxes {
		b := &d.Boxes[i]
		if reach(b.X+b.W, b.Y+b.H); b.Number != nil {
			reach(b.Number.X+b.Number.W, b.Y)
		}
	}
	for i := range d.Lines {
		if s := d.Lines[i].Number; s != nil {
			reach(s.X+s.W, s.Y)
		}
	}
	d.W, d.H = right+pad, bottom+pad
}

func (b Box) isFrame() int {
	if b.Shape == Frame {
		return 1
	}
	return 0
}

// all returns every exit of the flow.
func (l *layout) all() (exits []int) {
	for exit := range l.b.f.Exits {
		exits = append(exits, exit)
	}
	return exits
}

// completed draws the end of those who go through the whole flow.
func (l *layout) completed(last *node, axis, y float64) float64 {
	ways := last.out()
	b := Box{ID: "end", Shape: Final, Tone: End, X: axis - endSize/2, Y: y + l.gap, W: endSize, H: endSize, Hint: "completed", Ways: ways}
	if l.Numbers {
		b.X, b.W, b.H = axis-peopleW/2-padTop, peopleW+2*padTop, 2*padTop+titleLine+peopleH
		b.Texts = []TextLine{{X: axis, Y: b.Y + padTop + 12.5, Size: titleSize, Bold: true, Middle: true, Said: "completed"}}
		b.Number = b.people()
	}
	l.d.Boxes = append(l.d.Boxes, b)
	l.connect(Line{From: last.box(), To: b.ID, Ways: ways}, axis, y, b.Y)
	return b.Y + b.H
}

// people is the room in an end for how many came to it.
func (b *Box) people() *Spot {
	return &Spot{b.X + (b.W-peopleW)/2, b.Y + b.H - padTop/2 - peopleH, peopleW, peopleH}
}

// ends draws where each exit leads, right of the flow and as near to the middle of its lines as there is room.
func (l *layout) ends(all []arm, lanes *channel) {
	left := 0.0
	for i := range all {
		left = max(left, l.armRoom(&all[i]).left)
	}
	axis, y := lanes.x+l.laneRoom(lanes.exits)+column+left, pad
	for i := range all {
		a := &all[i]
		_, w, h := a.pillLines()
		y = max(y, lanes.middle(i)-h/2)
		trunk := lanes.lead(i, y+h/2, a.id)
		a.ways = trunk.ways
		a.arrive()
		l.leaving(&trunk, a.id, Point{axis - w/2, y + h/2})
		l.d.Lines[len(l.d.Lines)-1].Arrow = true
		y = l.arm(a, axis, y, nil) + l.gap
	}
}

// goal is the colour of the lines of an exit that is the goal.
func (a *arm) goal() Tone {
	if end := a.steps[len(a.steps)-1]; end.exit > 0 && end.goal {
		return Good
	}
	return ""
}

// arrive notes what comes to the end that stands for the exit.
func (a *arm) arrive() {
	end := a.steps[len(a.steps)-1]
	switch {
	case end.exit == 0:
	case len(a.steps) == 1:
		end.ways = a.ways
	default:
		end.ways = a.steps[len(a.steps)-2].out()
	}
}

// block places steps below each other and returns where they end.
func (l *layout) block(b block, axis, y float64, exits *channel) float64 {
	for i, n := range b {
		if i > 0 {
			l.connect(Line{From: b[i-1].box(), To: n.box(), Ways: n.in(), Tone: n.toned()}, axis, y, y+l.gap)
			y += l.gap
		}
		y = l.node(n, axis, y, exits)
	}
	return y
}

// box is the ID of the box of a step.
func (n *node) box() string {
	if n.exit > 0 {
		return fmt.Sprintf("left-%d", n.exit)
	}
	return "step-" + n.id
}

// toned is the colour of the line to a step.
func (n *node) toned() Tone {
	if n.exit > 0 && n.goal {
		return Good
	}
	return ""
}

// in returns what leads to a step from the one before it.
func (n *node) in() []Way {
	if n.exit > 0 {
		return n.ways
	}
	return []Way{{Count: Came, Step: n.id}}
}

func (l *layout) node(n *node, axis, y float64, exits *channel) float64 {
	if len(n.body) > 0 {
		y = l.repeat(n, axis, y, exits)
	} else {
		y = l.place(n, axis, y, exits)
	}
	if len(n.arms) == 0 {
		return y
	}
	w, h, drains := l.armsRoom(n)
	x, foot := axis-w/2, y+l.bus+h+l.laneRoom(drains)
	for i := range n.arms {
		a := &n.arms[i]
		e := l.armRoom(a)
		own, out := x+e.left, exits
		x += e.left + e.right + column
		if left := l.left(a.steps); i < len(n.arms)-1 && len(left) > 0 {
			out = &channel{l: l, x: x, exits: left}
			x += l.laneRoom(left)
		}
		l.bend(Line{From: n.box(), To: a.id, Arrow: true, Ways: []Way{a.way}}, Point{axis, y}, Point{own, y + l.bus}, y+l.bus/2)
		end := l.arm(a, own, y+l.bus, out)
		if out != exits {
			out.drain(drains, y+l.bus+h+l.lane/2, exits)
		}
		if !a.ends() {
			l.bend(Line{From: a.last(), To: n.box(), Ways: a.out()}, Point{own, end}, Point{axis, foot + l.bus}, foot+l.bus/2)
		}
	}
	return foot + l.bus
}

// last is the ID of the last box of an arm.
func (a *arm) last() string {
	if len(a.steps) == 0 {
		return a.id
	}
	return a.steps[len(a.steps)-1].box()
}

// carries returns what takes the line of an arm.
func (a *arm) carries() []Way {
	if a.ways != nil {
		return a.ways
	}
	return []Way{a.way}
}

// arm places the label of an arm and its steps, and returns where they end.
func (l *layout) arm(a *arm, axis, y float64, exits *channel) float64 {
	end := l.pill(a, axis, y, Pill)
	if len(a.steps) == 0 {
		return end
	}
	l.connect(Line{From: a.id, To: a.steps[0].box(), Ways: a.carries(), Tone: a.goal()}, axis, end, end+l.gap)
	l.d.Lines[len(l.d.Lines)-1].Number = nil // it stands at the pill
	return l.block(a.steps, axis, end+l.gap, exits)
}

// place draws the card of a step.
func (l *layout) place(n *node, axis, y float64, exits *channel) float64 {
	c := l.card(n)
	b := Box{ID: n.box(), Shape: Card, Step: n.id, Verb: n.verb.String(), Tone: n.tone(), Goal: n.goal, Inside: n.closed, X: axis - c.w/2, Y: y, W: c.w, H: c.h}
	if n.exit > 0 {
		b.Step = ""
	}
	at := y + padTop
	for _, t := range c.title {
		b.Texts = append(b.Texts, TextLine{X: b.X + iconRoom, Y: at + 12.5, Size: titleSize, Bold: true, Said: t})
		at += titleLine
	}
	for _, t := range c.notes {
		b.Texts = append(b.Texts, TextLine{X: b.X + iconRoom, Y: at + 10.5, Size: noteSize, Said: t})
		at += noteLine
	}
	switch {
	case n.verb == flows.VerbExit:
		b.Shape, b.Ways = Final, []Way{{Count: Done, Step: n.id}}
		if n.exit > 0 {
			b.Ways = n.ways
		}
		if l.Numbers {
			b.Number = b.people()
		}
	case l.waits(n):
		b.Number = &Spot{b.X + b.W - hereW - padTop, y + padTop - 2, hereW, hereH}
	case l.Numbers && n.verb == flows.VerbSend:
		b.Number = &Spot{b.X + b.W - unsentW - padTop, y + padTop, unsentW, numberH}
		b.Rows = b.sendRows(at+2, l.b.hasGoal())
	}
	l.d.Boxes = append(l.d.Boxes, b)
	if exits != nil {
		exits.join(&b, n.leaves)
	}
	return y + c.h
}

// sendRows are the rows of a send below a height. What a flow without a goal is after is an answer.
func (b *Box) sendRows(y float64, goal bool) (rows []Row) {
	last := "replied"
	if goal {
		last = "goal"
	}
	for i, said := range []string{"sent", "read", last} {
		rows = append(rows, Row{Said: said, X: b.X + 16, Y: y + float64(i+1)*rowLine - 4, Bar: b.X + 16 + rowLabel,
			BarW: b.W - 16 - rowLabel - rowTexts, Number: b.X + b.W - 60, Percent: b.X + b.W - 14})
	}
	return rows
}

// repeat places a loop: its steps in a frame below its card.
func (l *layout) repeat(n *node, axis, y float64, exits *channel) float64 {
	c := l.card(n)
	left, right, h := l.loopRoom(n, c)
	l.d.Boxes = append(l.d.Boxes, Box{
		ID: "loop-" + n.id, Shape: Frame, Step: n.id, Tone: Wait, X: axis - left, Y: y + c.h/2, W: left + right, H: h - c.h/2,
	})
	end := l.place(n, axis, y, exits)
	l.connect(Line{From: n.box(), To: n.body[0].box(), Ways: n.body[0].in()}, axis, end, end+l.gap)
	end = l.block(n.body, axis, end+l.gap, exits)
	if !n.body.ends() { // back to its card, along the left side of the frame
		lane, at := axis-left+framePad/2, y+0.75*c.h
		l.d.Lines = append(l.d.Lines, Line{From: n.body[len(n.body)-1].box(), To: n.box(), Arrow: true, Back: true, Points: []Point{
			{axis, end}, {axis, end + framePad/2}, {lane, end + framePad/2}, {lane, at}, {axis - c.w/2, at},
		}})
	}
	return end + framePad
}

// pill places the label of an arm or of the flow's start.
func (l *layout) pill(a *arm, axis, y float64, s Shape) float64 {
	lines, w, h := a.pillLines()
	b := Box{ID: a.id, Shape: s, Step: a.way.Step, Tone: a.tone, X: axis - w/2, Y: y, W: w, H: h, Hint: a.label, Ways: a.carries()}
	top := y + (h-float64(len(lines))*noteLine)/2
	for i, t := range lines {
		b.Texts = append(b.Texts, TextLine{X: axis, Y: top + 11 + float64(i)*noteLine, Size: pillSize, Middle: true, Said: t})
	}
	if l.Numbers && s == Pill {
		b.Number = &Spot{axis + beside, y + h + 4, numberW, numberH}
	}
	l.d.Boxes = append(l.d.Boxes, b)
	return y + h
}

// connect draws a line straight down, with room for its number.
func (l *layout) connect(line Line, x, from, to float64) {
	line.Points, line.Arrow = []Point{{x, from}, {x, to}}, true
	if l.Numbers {
		line.Number = &Spot{x + beside, to - l.gap/2 - numberH/2, numberW, numberH}
	}
	l.d.Lines = append(l.d.Lines, line)
}

// bend draws a line down, over at a height, and down again.
func (l *layout) bend(line Line, from, to Point, at float64) {
	if line.Points = []Point{from, {from.X, at}, {to.X, at}, to}; from.X == to.X {
		line.Points = []Point{from, to}
	}
	l.d.Lines = append(l.d.Lines, line)
}
