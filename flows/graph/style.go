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
type tone struct{ class, colour string }

var (
	light = palette{"#ffffff", "#ffffff", "#f6f8fb", "#d5dae3", "#1c2430", "#667085", "#a9b2c1", []tone{
		{"send", "#2f6fed"}, {"wait", "#a9690c"}, {"choose", "#7454d1"}, {"do", "#0d7d80"},
		{"good", "#1b8249"}, {"bad", "#c9364f"}, {"end", "#475467"},
	}}
	dark = palette{"#0f141b", "#182029", "#131a22", "#2d3946", "#e8edf4", "#98a5b6", "#536173", []tone{
		{"send", "#6c9cff"}, {"wait", "#e0aa4e"}, {"choose", "#a991f7"}, {"do", "#45c0c2"},
		{"good", "#4cc38a"}, {"bad", "#f2778d"}, {"end", "#98a5b6"},
	}}
)

// style returns the rules of the drawing for light and dark pages. Elements have classes,
// so that a page that contains the drawing can use other colours.
func style() string {
	return `
.nudge { font-family: Inter, "Helvetica Neue", Helvetica, Arial, sans-serif; }
.nudge .frame { stroke-dasharray: 4 4; }
.nudge .link { fill: none; stroke-width: 1.5; }
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
		in := "." + t.class + " "
		rule(in+".bar, .nudge "+in+".badge, .nudge "+in+".word", "fill: %s", t.colour)
		rule(in+".icon", "stroke: %s", t.colour)
		rule(in+".pill", "fill: %s; stroke: %s", p.card, t.colour)
		rule(in+".on", "fill: %s", p.ground)
		rule(in+".mark", "stroke: %s", p.ground)
	}
	return b.String()
}
