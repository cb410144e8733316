package console

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"nudge/client"
)

// flowMap is the drawing of a flow with people in it, for SVG.
type flowMap struct {
	W, H    string
	Broad   bool // it shrinks a little where its whole width does not fit
	Label   string
	Frames  []mapBox
	Ribbons []ribbon
	Boxes   []mapBox
	Labels  []mapText
}

// ribbon is a line as wide as the people who took it.
type ribbon struct{ Class, D, Width string }

// mapBox is a box and everything in it.
type mapBox struct {
	ID, Shape, Class, Link string
	Label                  string // for those who do not see it
	X, Y, W, H, R          string
	EdgeX, EdgeY, EdgeH    string
	Icon, IconAt           string
	Rects                  []mapRect
	Texts                  []mapText
}

type mapRect struct{ Class, X, Y, W, H, R string }

type mapText struct {
	Class, X, Y, Said string
	Ground            *mapRect // under the text, where it stands on a line
}

// Sizes of what people add to a drawing.
const (
	widest   = 26.0 // of the line that all who started took
	thinnest = 1.5
	thin     = 6.0 // a number stands on a line up to this width, and beside a wider one
	corner   = 10.0
	letter   = 6.7 // of a number in a label
	chipH    = 18.0
)

// mapper puts people, or the frame of a story, into a drawing.
type mapper struct {
	v        *visit
	drawing  *client.Drawing
	counts   *client.Counts    // nil: without numbers
	whole    int64             // all who started
	before   map[string]int64  // by step: those there who started before the span
	selected string            // a step
	leads    map[string]string // by the send of an arm: by how much the arm leads
	link     func(*client.DrawingBox) string
	trail    *trail // of a story; nil: none
}

// Maps between these widths shrink to the page, down to leastBroad, at which their text can still be read. A wider one scrolls.
const (
	leastBroad = 1060
	mostBroad  = 1400
)

// draw makes the map.
func (m *mapper) draw(label string) *flowMap {
	out := &flowMap{W: px(m.drawing.W), H: px(m.drawing.H), Broad: m.drawing.W > leastBroad && m.drawing.W <= mostBroad, Label: label}
	ribbons := m.ribbons()
	for i := range ribbons {
		r := &ribbons[i]
		out.Ribbons = append(out.Ribbons, ribbon{r.class(m), r.path(), px(r.width)})
		out.Labels = append(out.Labels, m.lineLabel(r)...)
	}
	for i := range m.drawing.Boxes {
		b := &m.drawing.Boxes[i]
		box := m.box(b)
		if b.Shape == "frame" {
			out.Frames = append(out.Frames, box)
			continue
		}
		out.Boxes = append(out.Boxes, box)
		if b.Shape == "pill" && b.Number != nil && m.counts != nil {
			out.Labels = append(out.Labels, m.pillLabel(b))
		}
	}
	return out
}

// px writes a length.
func px(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }

// of adds up what some ways count.
func (m *mapper) of(ways []client.Way) (n int64) {
	if m.counts == nil {
		return 0
	}
	for _, w := range ways {
		n += m.counts.Of(w)
	}
	return n
}

// wide is the width of a line that so many took. One that a loop takes again and again is no wider than everybody.
func (m *mapper) wide(n int64) float64 {
	if m.whole == 0 {
		return thinnest
	}
	return min(widest, max(thinnest, widest*float64(n)/float64(m.whole)))
}

// share is so many people, and their part of those who came to a step.
func (m *mapper) share(n, of int64) string { return m.v.Num(n) + " · " + m.v.Pct(n, of) }

func (m *mapper) came(step string) int64 { return m.counts.Of(client.Way{Count: "came", Step: step}) }

// pillLabel is how many took the line of a pill, below it.
func (m *mapper) pillLabel(b *client.DrawingBox) mapText {
	n := m.of(b.Ways)
	said := m.v.Num(n)
	switch {
	case n > 0 && b.Step != "":
		said = m.share(n, m.came(b.Step))
	case n > 0:
		said = m.share(n, m.whole)
	}
	return onLine(said, b.X+b.W/2, b.Number.Y+12, m.wide(n))
}

// onLine puts a number on a thin line that goes down, or beside a wide one.
func onLine(said string, x, y, width float64) mapText {
	if width > thin {
		return mapText{Class: "lab", X: px(x + width/2 + 5), Y: px(y), Said: said}
	}
	w := float64(len([]rune(said)))*letter + 8
	return mapText{Class: "lab m", X: px(x), Y: px(y), Said: said, Ground: &mapRect{Class: "labbg", X: px(x - w/2), Y: px(y - 13), W: px(w), H: "18", R: "4"}}
}

// lineLabel is how many took a line, where that is not what the boxes beside it say.
func (m *mapper) lineLabel(r *drawnLine) []mapText {
	spot := r.Number
	if spot == nil || r.people == 0 {
		return nil
	}
	step, _ := strings.CutPrefix(r.From, "step-")
	switch {
	case r.From == "start":
		return []mapText{{Class: "lab", X: px(r.Points[0].X + r.width/2 + 5), Y: px(spot.Y + 12), Said: m.v.Num(r.people) + " started"}}
	case r.Exit > 0:
		return []mapText{{Class: "lab", X: px(spot.X), Y: px(spot.Y + 12 - max(0, r.width/2-2)), Said: m.share(r.people, max(r.people, m.came(step)))}}
	case r.people == m.came(step) || m.came(step) == 0:
		return nil
	}
	return []mapText{{Class: "lab", X: px(r.Points[0].X + r.width/2 + 5), Y: px(spot.Y + 12), Said: m.share(r.people, m.came(step))}}
}

// drawnLine is a line with its width, and with where it begins and ends beside others.
type drawnLine struct {
	*client.DrawingLine
	people     int64
	width      float64
	begin, end float64 // how far it is moved to the side
}

// ribbons gives every line its width. Lines that leave a box together, or meet at one, are put beside each other.
func (m *mapper) ribbons() []drawnLine {
	all := make([]drawnLine, len(m.drawing.Lines))
	begins, ends := map[client.DrawingPoint][]*drawnLine{}, map[client.DrawingPoint][]*drawnLine{}
	for i := range m.drawing.Lines {
		l := &m.drawing.Lines[i]
		n := m.of(l.Ways)
		all[i] = drawnLine{DrawingLine: l, people: n, width: m.wide(n)}
		if p := l.Points; l.Exit == 0 && !l.Back {
			begins[p[0]] = append(begins[p[0]], &all[i])
			ends[p[len(p)-1]] = append(ends[p[len(p)-1]], &all[i])
		}
	}
	for _, lines := range begins {
		spread(lines, func(r *drawnLine) float64 { return r.Points[len(r.Points)-1].X }, func(r *drawnLine) *float64 { return &r.begin })
	}
	for _, lines := range ends {
		spread(lines, func(r *drawnLine) float64 { return r.Points[0].X }, func(r *drawnLine) *float64 { return &r.end })
	}
	return all
}

// spread puts lines beside each other where they would lie on one point, in the order of their other ends.
func spread(lines []*drawnLine, other func(*drawnLine) float64, moved func(*drawnLine) *float64) {
	slices.SortStableFunc(lines, func(a, b *drawnLine) int { return cmp.Compare(other(a), other(b)) })
	sum := 0.0
	for _, r := range lines {
		sum += r.width
	}
	at := -sum / 2
	for _, r := range lines {
		*moved(r) = at + r.width/2
		at += r.width
	}
}

func (r *drawnLine) class(m *mapper) string {
	class := "rib " + r.Tone
	switch {
	case m.trail != nil:
		class += " " + m.trail.line(r.DrawingLine)
	case m.counts != nil && r.people == 0 && !r.Back:
		class += " none"
	case r.Back:
		class += " back"
	}
	return class
}

// path is the d of an SVG path: a curve from box to box, and round corners for everything else.
func (r *drawnLine) path() string {
	p := slices.Clone(r.Points)
	last := len(p) - 1
	if r.Exit > 0 || r.Back || last != 1 && last != 3 {
		return rounded(p, max(corner, r.width/2+3))
	}
	from, to := p[0], p[last]
	from.X, to.X = from.X+r.begin, to.X+r.end
	if math.Abs(from.X-to.X) < 0.5 {
		return fmt.Sprintf("M%s %sV%s", px(from.X), px(from.Y), px(to.Y))
	}
	half := (to.Y - from.Y) / 2
	if last == 3 { // the curve is around where the line goes over
		half = min(p[1].Y-from.Y, to.Y-p[1].Y)
		half = max(half, min(24, (to.Y-from.Y)/2))
	}
	top, foot := from.Y, from.Y+2*half
	if last == 3 && to.Y-p[1].Y <= p[1].Y-from.Y { // the straight part is above
		top, foot = to.Y-2*half, to.Y
	}
	return fmt.Sprintf("M%s %sV%sC%s %s %s %s %s %sV%s", px(from.X), px(from.Y), px(top),
		px(from.X), px(top+1.3*half), px(to.X), px(foot-1.3*half), px(to.X), px(foot), px(to.Y))
}

// rounded is a path with round corners.
func rounded(p []client.DrawingPoint, radius float64) string {
	path := fmt.Sprintf("M%s %s", px(p[0].X), px(p[0].Y))
	for i := 1; i < len(p)-1; i++ {
		in, out := toward(p[i], p[i-1], radius, i == 1), toward(p[i], p[i+1], radius, i == len(p)-2)
		path += fmt.Sprintf("L%s %sQ%s %s %s %s", px(in.X), px(in.Y), px(p[i].X), px(p[i].Y), px(out.X), px(out.Y))
	}
	return path + fmt.Sprintf("L%s %s", px(p[len(p)-1].X), px(p[len(p)-1].Y))
}

// toward is the point near a corner in the direction of another point, which is the end of the line or another corner.
func toward(at, to client.DrawingPoint, radius float64, end bool) client.DrawingPoint {
	dx, dy := to.X-at.X, to.Y-at.Y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return at
	}
	if !end {
		length /= 2
	}
	r := min(radius, length) / math.Hypot(dx, dy)
	return client.DrawingPoint{X: at.X + dx*r, Y: at.Y + dy*r}
}
