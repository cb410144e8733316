package graph

import (
	"strings"

	"nudge/flows"
)

const pad = 24.0 // around the drawing

// lay places all elements of a flow.
func lay(f *flows.Flow) *drawing {
	b := &builder{f}
	steps, exits := b.steps(), b.exits()
	d := &drawing{}
	head := &arm{id: "start", label: strings.Join(Starts(f), " or ")}
	_, headW, _ := head.pillLines()
	e := steps.room().over(extent{left: headW / 2, right: headW / 2})
	axis := pad + e.left
	y := d.exits(exits, axis-e.left, pad)
	d.partings(exits, axis+e.right+column, y)
	y = d.pill(head, axis, y, begin)
	d.connect(axis, y, y+gap)
	y = d.block(steps, axis, y+gap)
	if !steps.ends() {
		d.connect(axis, y, y+gap)
		d.boxes = append(d.boxes, box{x: axis - endSize/2, y: y + gap, w: endSize, h: endSize, shape: final, id: "end", hint: "completed"})
		y += gap + endSize
	}
	d.h = max(d.h, y+pad)
	for _, b := range d.boxes {
		d.w = max(d.w, b.x+b.w+pad)
	}
	d.w = max(d.w, axis+e.right+pad)
	return d
}

// exits draws the exits above the flow.
func (d *drawing) exits(all []arm, x, y float64) float64 {
	if len(all) == 0 {
		return y
	}
	b := box{x: x, y: y, shape: frame, id: "exits"}
	line := func(said string, bold bool) {
		for _, part := range wrap(said, noteSize, 1.6*maxText) {
			b.lines = append(b.lines, text{x: x + 14, y: y + 21 + float64(len(b.lines))*noteLine, size: noteSize, bold: bold, said: part})
			b.w = max(b.w, textWidth(part, noteSize)*1.06+28)
		}
	}
	line("ends at any time by", true)
	for _, exit := range all {
		line(exit.label, false)
	}
	b.h = float64(len(b.lines))*noteLine + 18
	d.boxes = append(d.boxes, b)
	return y + b.h + gap
}

// partings draws the exits that take steps of their own, right of the flow.
func (d *drawing) partings(all []arm, x, y float64) {
	for i := range all {
		a := &all[i]
		if len(a.steps) == 0 {
			continue
		}
		e := a.room()
		axis := x + e.left
		end := d.pill(a, axis, y, pill)
		d.connect(axis, end, end+gap)
		d.h = max(d.h, d.block(a.steps, axis, end+gap)+pad)
		x += e.left + e.right + column
	}
}

// block places steps below each other and returns where they end.
func (d *drawing) block(b block, axis, y float64) float64 {
	for i, n := range b {
		if i > 0 {
			d.connect(axis, y, y+gap)
			y += gap
		}
		y = d.node(n, axis, y)
	}
	return y
}

func (d *drawing) node(n *node, axis, y float64) float64 {
	if n.verb == flows.VerbRepeat {
		y = d.repeat(n, axis, y)
	} else {
		y = d.card(n, axis, y)
	}
	if len(n.arms) == 0 {
		return y
	}
	w, h := n.armsRoom()
	x, bus, foot := axis-w/2, y+busGap/2, y+busGap+h+busGap/2
	for i := range n.arms {
		a := &n.arms[i]
		e := a.room()
		own := x + e.left
		d.bend(point{axis, y}, point{own, y + busGap}, bus, true)
		end := d.pill(a, own, y+busGap, pill)
		if len(a.steps) > 0 {
			d.connect(own, end, end+gap)
			end = d.block(a.steps, own, end+gap)
		}
		if !a.ends() {
			d.bend(point{own, end}, point{axis, y + 2*busGap + h}, foot, false)
		}
		x += e.left + e.right + column
	}
	return y + 2*busGap + h
}

func (d *drawing) card(n *node, axis, y float64) float64 {
	title, notes, w, h := n.cardLines()
	b := box{x: axis - w/2, y: y, w: w, h: h, id: "step-" + n.id, verb: n.verb, goal: n.goal}
	if n.verb == flows.VerbExit {
		b.shape = final
	}
	at := y + padTop
	for _, t := range title {
		b.lines = append(b.lines, text{x: b.x + iconRoom, y: at + 12.5, size: titleSize, bold: true, said: t})
		at += titleLine
	}
	for _, t := range notes {
		b.lines = append(b.lines, text{x: b.x + iconRoom, y: at + 10.5, size: noteSize, said: t})
		at += noteLine
	}
	d.boxes = append(d.boxes, b)
	return y + h
}

// repeat places a loop: its steps in a frame below its card.
func (d *drawing) repeat(n *node, axis, y float64) float64 {
	_, _, w, h := n.cardLines()
	inside := n.body.room()
	side := max(inside.left, inside.right, w/2) + framePad
	d.boxes = append(d.boxes, box{
		x: axis - side, y: y + h/2, w: 2 * side, h: h/2 + gap + inside.h + framePad, shape: frame, id: "loop-" + n.id,
	})
	end := d.card(n, axis, y)
	d.connect(axis, end, end+gap)
	end = d.block(n.body, axis, end+gap)
	if !n.body.ends() { // back to its card, along the left side of the frame
		lane := axis - side + framePad/2
		d.lines = append(d.lines, line{[]point{
			{axis, end}, {axis, end + framePad/2}, {lane, end + framePad/2}, {lane, y + 0.75*h}, {axis - w/2, y + 0.75*h},
		}, true})
	}
	return end + framePad
}

// pill places the label of an arm or of the flow's start.
func (d *drawing) pill(a *arm, axis, y float64, s shape) float64 {
	lines, w, h := a.pillLines()
	b := box{x: axis - w/2, y: y, w: w, h: h, shape: s, id: a.id, kind: a.kind, hint: a.label}
	for i, t := range lines {
		b.lines = append(b.lines, text{x: axis, y: y + 16.5 + float64(i)*noteLine, size: pillSize, middle: true, said: t})
	}
	d.boxes = append(d.boxes, b)
	return y + h
}

// connect draws a line straight down.
func (d *drawing) connect(x, from, to float64) {
	d.lines = append(d.lines, line{[]point{{x, from}, {x, to}}, true})
}

// bend draws a line down, over at a height, and down again.
func (d *drawing) bend(from, to point, at float64, arrow bool) {
	if from.x == to.x {
		d.lines = append(d.lines, line{[]point{from, to}, arrow})
		return
	}
	d.lines = append(d.lines, line{[]point{from, {from.x, at}, {to.x, at}, to}, arrow})
}
