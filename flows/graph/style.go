package graph

import (
	"fmt"
	"strings"
)

// palette holds the colours of a drawing on a light or dark background. The rules contain
// the colours themselves, because not every SVG viewer supports variables.
type palette struct {
	ground, card, tint, edge, ink, soft, line string
	tones                                     []tone
}

// tone is the colour of a class of elements.
type tone struct {
	class  Tone
	colour string
}

// The colours of tones have a contrast of 4.5 or more on a card.
var (
	light = palette{"#ffffff", "#ffffff", "#f6f7f9", "#cfd6e1", "#151b24", "#626c7b", "#a9b2c1", []tone{
		{Send, "#245cd0"}, {Wait, "#935a06"}, {Choose, "#6d4bd0"}, {Do, "#0b7073"},
		{Good, "#13733d"}, {Bad, "#c12b45"}, {End, "#475467"},
	}}
	dark = palette{"#0c1015", "#141a22", "#11161d", "#354253", "#e9eef4", "#8f9bab", "#536173", []tone{
		{Send, "#75a2ff"}, {Wait, "#e2ac52"}, {Choose, "#ad97f8"}, {Do, "#49c3c5"},
		{Good, "#52c78e"}, {Bad, "#f5808f"}, {End, "#9aa7b7"},
	}}
)

// style returns the rules of the drawing for light and dark pages. Elements have classes,
// so that a page that contains the drawing can use other colours.
func style() string {
	return `
.nudge { font-family: Inter, "Helvetica Neue", Helvetica, Arial, sans-serif; }
.nudge .frame { stroke-dasharray: 4 4; }
.nudge .link { fill: none; stroke-width: 1.5; }
.nudge .leave { stroke-width: 1.2; }
.nudge .title, .nudge .word, .nudge .on { font-weight: 600; }
.nudge .icon { fill: none; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
.nudge .count { font-size: 11px; text-anchor: end; font-variant-numeric: tabular-nums; }
` + light.rules() + "@media (prefers-color-scheme: dark) {\n" + dark.rules() + "}\n"
}

func (p palette) rules() string {
	var b strings.Builder
	rule := func(class, colours string, with ...any) {
		fmt.Fprintf(&b, ".nudge "+class+" { "+colours+" }\n", with...)
	}
	rule(".ground", "fill: %s", p.ground)
	rule(".card", "fill: %s; stroke: %s", p.card, p.edge)
	rule(".frame", "fill: %s; stroke: %s", p.tint, p.edge)
	rule(".link", "stroke: %s", p.line)
	rule(".tip", "fill: %s", p.line)
	rule(".title", "fill: %s", p.ink)
	rule(".note, .nudge .count", "fill: %s", p.soft)
	for _, t := range p.tones {
		rule(".link."+string(t.class), "stroke: %s", t.colour)
		in := "." + string(t.class) + " "
		rule(in+".bar, .nudge "+in+".badge, .nudge "+in+".word", "fill: %s", t.colour)
		rule(in+".icon", "stroke: %s", t.colour)
		rule(in+".pill", "fill: %s; stroke: %s", p.card, t.colour)
		rule(in+".on", "fill: %s", p.ground)
		rule(in+".mark", "stroke: %s", p.ground)
	}
	return b.String()
}
