package console

import (
	"fmt"
	"strings"

	"nudge/client"
)

// verbIcons are the signs of steps, in a square of 16. Any other step does something outside of the run.
var verbIcons = map[string]string{
	"send": iconPaths["send"], "wait": iconPaths["wait"], "exit": iconPaths["flag"],
	"collect": "M2 3h12M3.5 6.5h9M5 10h6M6.500 13.500h3",
	"repeat":  "M13.500 8a5.500 5.500 0 1 1-1.700-4M12 1v3.200H8.800",
	"branch":  "M4 2v12M4 9c0-3 8-1 8-5.500M10 5l2-2.500L14 5",
	"split":   iconPaths["choose"],
}

// iconTop is where a sign begins in a box.
const iconTop, iconLeft = 10.0, 15.0

// box makes a box with its texts, and with the people who are in it.
func (m *mapper) box(b *client.DrawingBox) mapBox {
	out := mapBox{ID: b.ID, Shape: b.Shape, Class: b.Tone, X: px(b.X), Y: px(b.Y), W: px(b.W), H: px(b.H), R: "9", Label: b.Hint}
	if m.link != nil {
		out.Link = m.link(b)
	}
	if b.Step != "" && b.Step == m.selected && b.Shape == "card" {
		out.Class += " sel"
	}
	if m.trail != nil {
		out.Class += " " + m.trail.box(b)
	}
	plain := "s"
	switch b.Shape {
	case "frame":
		out.R = "12"
	case "pill":
		out.R, plain = px(min(b.H/2, 14)), "wt m"
		if m.counts != nil && m.of(b.Ways) == 0 {
			out.Class += " none"
		}
	case "start", "end":
		out.R, plain = px(min(b.H/2, 14)), "on"
	default:
		out.EdgeX, out.EdgeY, out.EdgeH = px(b.X+6), px(b.Y+8), px(b.H-16)
	}
	if b.Verb != "" {
		out.Icon, out.IconAt = verbIcons[b.Verb], fmt.Sprintf("translate(%s %s)", px(b.X+iconLeft), px(b.Y+iconTop))
		if out.Icon == "" {
			out.Icon = iconPaths["events"]
		}
	}
	var said []string
	for _, t := range b.Texts {
		text := mapText{Class: plain, X: px(t.X), Y: px(t.Y), Said: Shown(t.Said)}
		if t.Bold && plain == "s" {
			text.Class = "t"
		}
		if t.Middle && plain == "on" {
			text.Class = "on m"
		}
		out.Texts = append(out.Texts, text)
		said = append(said, text.Said)
	}
	if out.Label == "" {
		out.Label = strings.Join(said, " ")
	}
	if m.counts != nil {
		m.people(b, &out)
	}
	return out
}

// people adds the numbers of a box.
func (m *mapper) people(b *client.DrawingBox, out *mapBox) {
	switch {
	case b.Shape == "end" && b.Number != nil:
		n := m.of(b.Ways)
		said := m.share(n, m.whole)
		out.Texts = append(out.Texts, mapText{Class: "on c m", X: px(b.Number.X + b.Number.W/2), Y: px(b.Number.Y + 13), Said: said})
		out.Label += ": " + said
	case b.Shape != "card":
	case len(b.Rows) > 0:
		m.rows(b, out)
		m.lead(b, out)
	case b.Number != nil:
		m.standing(b, out)
	}
}

// lead is a chip on the edge of a box: by how much its arm leads. Inside there may be no room beside the name and the number of those not sent.
func (m *mapper) lead(b *client.DrawingBox, out *mapBox) {
	said, ok := m.leads[b.Step]
	if !ok {
		return
	}
	w := float64(len([]rune(said)))*letter + 14
	x, y := b.X+b.W-w-10, b.Y-chipH/2
	out.Rects = append(out.Rects, mapRect{Class: "pill good", X: px(x), Y: px(y), W: px(w), H: px(chipH), R: px(chipH / 2)})
	out.Texts = append(out.Texts, mapText{Class: "wt good m", X: px(x + w/2), Y: px(y + 13), Said: said})
	out.Label += ", leads by " + said
}

// rows are the bars of a send.
func (m *mapper) rows(b *client.DrawingBox, out *mapBox) {
	var s client.SendCounts
	step := m.step(b.Step)
	if step != nil && step.Send != nil {
		s = *step.Send
	}
	left, last := skippedOf(&s), s.Goal
	if b.Rows[2].Said == "replied" {
		last = s.Replied
	}
	for i, row := range []struct {
		n, of int64
		class string
	}{{s.Sent, s.Runs - left, "f1"}, {s.Read, s.Sent, "f2"}, {last, s.Sent, "f3"}} {
		at := b.Rows[i]
		width := 0.0
		if row.of > 0 {
			width = at.BarW * min(1, float64(row.n)/float64(row.of))
		}
		percent := "c r"
		if row.class == "f3" {
			percent = "c r b"
		}
		bar := mapRect{X: px(at.Bar), Y: px(at.Y - 8), H: "8", R: "2"}
		track, fill := bar, bar
		track.Class, track.W, fill.Class, fill.W = "track", px(at.BarW), row.class, px(width)
		out.Rects = append(out.Rects, track, fill)
		out.Texts = append(out.Texts, mapText{Class: "s", X: px(at.X), Y: px(at.Y), Said: at.Said},
			mapText{Class: "c r", X: px(at.Number), Y: px(at.Y), Said: m.v.Num(row.n)}, mapText{Class: percent, X: px(at.Percent), Y: px(at.Y), Said: m.v.Pct(row.n, row.of)})
		out.Label += fmt.Sprintf(", %s %s", m.v.Num(row.n), at.Said)
	}
	if b.Number == nil {
		return
	}
	note := mapText{Class: "s r", X: px(b.Number.X + b.Number.W), Y: px(b.Number.Y + 12)}
	switch unsent := unsentOf(&s); {
	case unsent > 0:
		note.Said = m.v.Num(unsent) + " not sent"
	case step != nil && step.Here > 0:
		note.Class, note.Said = "heret r", m.v.Num(step.Here)+" here"
	case left > 0:
		note.Said = m.v.Num(left) + " left out"
	default:
		return
	}
	out.Texts = append(out.Texts, note)
	out.Label += ", " + note.Said
}

// skippedOf are the runs that a condition kept from sending: they are left out, not unsent.
func skippedOf(s *client.SendCounts) int64 { return s.Unsent["skipped"] }

func unsentOf(s *client.SendCounts) (n int64) {
	for reason, runs := range s.Unsent {
		if reason != "skipped" {
			n += runs
		}
	}
	return n
}

// standing is how many are at a step.
func (m *mapper) standing(b *client.DrawingBox, out *mapBox) {
	here, before := int64(0), int64(0)
	for _, id := range append([]string{b.Step}, b.Inside...) {
		if s := m.step(id); s != nil {
			here += s.Here
		}
		before += m.before[id]
	}
	right, y := b.Number.X+b.Number.W, b.Number.Y+15
	if here > 0 {
		said := m.v.Num(here) + " here"
		w := min(b.Number.W, float64(len([]rune(said)))*7+20)
		out.Rects = append(out.Rects, mapRect{Class: "here", X: px(right - w), Y: px(b.Number.Y), W: px(w), H: px(b.Number.H), R: px(b.Number.H / 2)})
		out.Texts = append(out.Texts, mapText{Class: "heret m", X: px(right - w/2), Y: px(y), Said: said})
		out.Label += ", " + said
		y += 21
	}
	if before > 0 {
		said := "+" + m.v.Num(before) + " from before"
		out.Texts = append(out.Texts, mapText{Class: "s r", X: px(right), Y: px(y), Said: said})
		out.Label += ", " + said
	}
}

// step returns the counts of a step; nil: there are none.
func (m *mapper) step(id string) *client.StepCounts {
	for i := range m.counts.Steps {
		if m.counts.Steps[i].Step == id {
			return &m.counts.Steps[i]
		}
	}
	return nil
}
