package main

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"
)

// demoPicture is the picture of a terminal in README.md.
const demoPicture = "../../docs/pictures/demo.svg"

var drawDemo = flag.Bool("draw-demo", false, "run nudge demo, and write its picture anew")

// The measures of the picture, in pixels.
const (
	demoWidth, demoLine, demoMargin = 820, 21, 20
	demoHead                        = 34 // the bar of the window
)

// TestDemoPicture holds the picture of the demo to the people of the demo. With -draw-demo it runs the demo,
// which takes some seconds, and draws what it prints:
//
//	go test ./cmd/nudge -run TestDemoPicture -draw-demo
func TestDemoPicture(t *testing.T) {
	if *drawDemo {
		if err := os.WriteFile(demoPicture, []byte(terminal("nudge demo", demoLines(t))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(demoPicture)
	if err != nil {
		t.Fatal(err)
	}
	shown := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(text), ""))
	for _, who := range cast() {
		row := regexp.MustCompile(`(?m)^` + who.name + ` +` + regexp.QuoteMeta(who.does) + ` +` + fmt.Sprint(who.messages) + ` +` + who.outcome + ` `)
		if !row.MatchString(shown) {
			t.Errorf("the picture has no row %s", row)
		}
	}
}

// toldInPicture are the lines of the story that fit into the picture: how it begins, what people do, and how it ends.
var toldInPicture = regexp.MustCompile(`started by|failed: |reply |event |reminder handed|read$|ended: [a-z_]+$|PERSON`)

// waitEnded is a line which says the same as the one before it.
var waitEnded = regexp.MustCompile(`wait_\d ended`)

// demoLines runs the demo and returns lines that it prints, with the colours of a terminal.
func demoLines(t *testing.T) (lines []string) {
	t.Helper()
	var out bytes.Buffer
	d, err := newDemonstration(t.Context(), written(&out))
	if err != nil {
		t.Fatal(err)
	}
	d.palette.on, d.narrator.palette.on = true, true
	err = d.run(t.Context())
	if stopped := d.stop(); err != nil || stopped != nil {
		t.Fatal(err, stopped)
	}
	_, story, found := strings.Cut(out.String(), "Five orders are shipped.")
	if !found {
		t.Fatalf("the demo prints\n%s", &out)
	}
	story, table, _ := strings.Cut(story, "\n\n"+escapeBegin+"1mPERSON")
	for line := range strings.Lines(story) {
		if plain := colourCode.ReplaceAllString(strings.TrimRight(line, "\n"), ""); toldInPicture.MatchString(plain) && !waitEnded.MatchString(plain) {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	lines = append(lines, "")
	return append(lines, strings.Split(strings.TrimSpace(escapeBegin+"1mPERSON"+table), "\n")...)
}

const escapeBegin = "\x1b["

var colourCode = regexp.MustCompile(`\x1b\[(\d+)m`)

// terminal draws lines as a terminal shows them after a command.
func terminal(command string, lines []string) string {
	var b strings.Builder
	y := demoHead + demoMargin
	fmt.Fprintf(&b, `<text x="%d" y="%d"><tspan class="c2">$</tspan> <tspan class="c1">%s</tspan></text>`+"\n", demoMargin, y, command)
	for _, line := range lines {
		if y += demoLine; line != "" {
			fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", demoMargin, y, coloured(line))
		}
	}
	height := y + demoMargin
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img">
<title>Lines that %[4]s prints</title>
<style>
text { font: 13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #24292f }
.window { fill: #fff; stroke: #d0d7de } .bar { fill: #f6f8fa; stroke: #d0d7de } .dot { fill: #d0d7de }
.c1 { font-weight: 700 } .c2 { fill: #6e7781 } .c32 { fill: #116329 } .c33 { fill: #7d4e00 } .c34 { fill: #0550ae } .c35 { fill: #8250df } .c36 { fill: #1b6b7a }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .window { fill: #0d1117; stroke: #30363d } .bar { fill: #161b22; stroke: #30363d } .dot { fill: #30363d }
.c2 { fill: #8b949e } .c32 { fill: #7ee787 } .c33 { fill: #e3b341 } .c34 { fill: #79c0ff } .c35 { fill: #d2a8ff } .c36 { fill: #76d9e6 }
}
</style>
<rect class="window" x=".5" y=".5" width="%[5]d" height="%[6]d" rx="8"/>
<path class="bar" d="M.5 %[7]d V8.5 a8 8 0 0 1 8 -8 H%[8]d a8 8 0 0 1 8 8 V%[7]d Z"/>
<circle class="dot" cx="20" cy="17" r="5"/><circle class="dot" cx="38" cy="17" r="5"/><circle class="dot" cx="56" cy="17" r="5"/>
%[3]s</svg>
`, demoWidth, height, &b, command, demoWidth-1, height-1, demoHead, demoWidth-9)
}

// coloured is a line with its colours as classes.
func coloured(line string) string {
	var b strings.Builder
	open := false
	from := 0
	for _, m := range colourCode.FindAllStringSubmatchIndex(line, -1) {
		b.WriteString(html.EscapeString(line[from:m[0]]))
		if open {
			b.WriteString("</tspan>")
		}
		code := line[m[2]:m[3]]
		if open = code != "0"; open {
			fmt.Fprintf(&b, `<tspan class="c%s">`, code)
		}
		from = m[1]
	}
	b.WriteString(html.EscapeString(line[from:]))
	if open {
		b.WriteString("</tspan>")
	}
	return b.String()
}
