package graph

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// channel is where the lines of exits go down beside steps: one lane for each exit.
type channel struct {
	l     *layout
	x     float64 // of the first lane
	exits []int
	all   []joint
}

// joint is where the line of an exit comes to its lane.
type joint struct {
	leave
	from   string
	path   []Point // to its height; the lane is right of its end
	number *Spot
}

func (j *joint) y() float64 { return j.path[len(j.path)-1].Y }

// laneOf returns where the lane of an exit is.
func (c *channel) laneOf(exit int) float64 {
	return c.x + float64(slices.Index(c.exits, exit))*c.l.lane
}

// join leads the exits of a card to their lanes.
func (c *channel) join(b *Box, leaves []leave) {
	for i, x := range leaves {
		y := b.Y + b.H/2 + (float64(i)-float64(len(leaves)-1)/2)*c.l.ports
		j := joint{leave: x, from: b.ID, path: []Point{{b.X + b.W, y}}}
		if c.l.Numbers {
			j.number = &Spot{b.X + b.W + 8, y - 4 - numberH, numberW, numberH}
		}
		c.all = append(c.all, j)
	}
}

// lead draws the lines of an exit to a height, where they go on to the right, and returns where and what they carry.
func (c *channel) lead(exit int, y float64, to string) joint {
	x := c.laneOf(exit)
	var above, beside, below []joint
	out := joint{leave: leave{exit: exit}, path: []Point{{x + turn, y}}}
	for _, j := range c.all {
		switch {
		case j.exit != exit:
			continue
		case math.Abs(j.y()-y) <= turn:
			beside = append(beside, j)
		case j.y() < y:
			above = append(above, j)
		default:
			below = append(below, j)
		}
		out.ways = append(out.ways, j.ways...)
		out.from = cmp.Or(out.from, j.from)
	}
	for i := range beside {
		c.l.leaving(&beside[i], to, Point{x, beside[i].y()}, Point{x, y}, out.path[0])
	}
	c.trunk(above, x, y, to, 1)
	c.trunk(below, x, y, to, -1)
	return out
}

// trunk draws the lines on one side of a height: each comes to the lane, and takes along those before it.
func (c *channel) trunk(all []joint, x, y float64, to string, down float64) {
	slices.SortStableFunc(all, func(a, b joint) int { return cmp.Compare(down*a.y(), down*b.y()) })
	var sum joint
	for i := range all {
		j := &all[i]
		at := j.y() + down*turn
		c.l.leaving(j, to, Point{x, j.y()}, Point{x, at})
		sum.leave.exit, sum.from = j.exit, cmp.Or(sum.from, j.from)
		sum.ways = append(slices.Clip(sum.ways), j.ways...)
		sum.path = []Point{{x, at}}
		if i+1 < len(all) {
			c.l.leaving(&sum, to, Point{x, all[i+1].y() + down*turn})
		} else {
			c.l.leaving(&sum, to, Point{x, y}, Point{x + turn, y})
		}
	}
}

// leaving draws a line of an exit.
func (l *layout) leaving(j *joint, to string, points ...Point) {
	line := Line{From: j.from, To: to, Points: append(slices.Clip(j.path), points...), Exit: j.exit + 1, Ways: j.ways, Number: j.number}
	if l.b.f.Exits[j.exit].Goal {
		line.Tone = Good
	}
	l.d.Lines = append(l.d.Lines, line)
}

// drain leads all exits of a channel to another one, below the arms between them.
func (c *channel) drain(exits []int, y float64, to *channel) {
	for _, exit := range c.exits {
		row := y + float64(slices.Index(exits, exit))*c.l.lane
		to.all = append(to.all, c.lead(exit, row, fmt.Sprintf("exit-%d", exit+1)))
	}
}

// middle returns the mean height of the lines of an exit.
func (c *channel) middle(exit int) float64 {
	sum, n := 0.0, 0.0
	for i := range c.all {
		if c.all[i].exit == exit {
			sum, n = sum+c.all[i].y(), n+1
		}
	}
	return sum / max(n, 1)
}
