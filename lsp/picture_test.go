package lsp

import (
	"fmt"
	"html"
	"os"
	"strings"
	"testing"

	"nudge/lang/diag"
)

// pictureFile is a picture of docs/editors.md.
const pictureFile = "../docs/pictures/editor.svg"

// The measures of the picture, in pixels.
const (
	charWidth  = 7.8
	lineHeight = 20
	gutter     = 44
)

// tokenColours are the classes of tokens in the picture, by their number.
var tokenColours = []string{"v", "p", "f", "s", "n", "o", "k"}

// TestPicture holds the picture of docs/editors.md to what the server answers: a part of an
// example with a mistake, and the offers at a place in an expression.
func TestPicture(t *testing.T) {
	const file = "flows/order_shipped.yaml"
	p := openProject(readFolder(t, "../examples/order_shipped"), noEnv)
	text := strings.Replace(p.folder.texts[file], "{ read: reminder }", "{ read: remindr }", 1)
	text = strings.Replace(text, `if: lower(reply.text) contains "help"`, "if: reply.", 1)
	p.set(file, text)
	p.load()
	l := linesOf(text, true)
	first, last := 16, len(l.texts)-1
	d := &drawing{l: l, first: first, tokens: p.tokens(file)}
	for n := first; n < last; n++ {
		d.line(n)
	}
	for _, m := range p.diagnostics()[file] {
		if m.Span.Start.Line > first && m.Code == "unknown-step" {
			d.mistake(m)
		}
	}
	at := strings.Index(text, "if: reply.") + len("if: reply.")
	d.offers(l.pos(at), p.complete(file, at))
	got := d.svg(last - first)
	if *update {
		if err := os.WriteFile(pictureFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(pictureFile); err != nil || string(want) != got {
		t.Errorf("%s is not what the server answers; go test ./lsp -run TestPicture -update draws it: %v", pictureFile, err)
	}
}

type drawing struct {
	l      lines
	first  int // the first line, from 0
	tokens []placed
	b      strings.Builder
	above  strings.Builder // what lies over the text
}

// place returns where a place of the text is in the picture: the left end of its character, and
// the baseline of its line.
func (d *drawing) place(p diag.Pos) (x, y float64) {
	return gutter + float64(p.Column-1)*charWidth, float64(p.Line-d.first)*lineHeight + 6
}

// line draws a line: the keys of YAML, comments, and the tokens of the server.
func (d *drawing) line(n int) {
	text := []rune(d.l.line(n))
	class := make([]string, len(text))
	if i := strings.Index(string(text), ":"); i > 0 {
		for k := range []rune(string(text)[:i]) {
			class[k] = "y"
		}
	}
	if i := strings.Index(string(text), "#"); i >= 0 {
		for k := len([]rune(string(text)[:i])); k < len(text); k++ {
			class[k] = "c"
		}
	}
	for _, t := range d.tokens {
		for k := t.at.Start.Column - 1; t.at.Start.Line == n+1 && k < min(t.at.End.Column-1, len(text)); k++ {
			class[k] = tokenColours[t.kind]
		}
	}
	x, y := d.place(diag.Pos{Line: n + 1, Column: 1})
	fmt.Fprintf(&d.b, `<text class="g" x="%d" y="%.0f">%d</text><text x="%.1f" y="%.0f" xml:space="preserve">`, 12, y, n+1, x, y)
	for from := 0; from < len(text); {
		to := from
		for to < len(text) && class[to] == class[from] {
			to++
		}
		fmt.Fprintf(&d.b, `<tspan class="%s">%s</tspan>`, class[from], html.EscapeString(string(text[from:to])))
		from = to
	}
	d.b.WriteString("</text>\n")
}

// mistake underlines a mistake and writes its text behind the line.
func (d *drawing) mistake(m diag.Diagnostic) {
	x, y := d.place(m.Span.Start)
	end, _ := d.place(m.Span.End)
	fmt.Fprintf(&d.b, `<path class="m" d="M%.1f %.1f`, x, y+4)
	for at, up := x, true; at < end; at, up = at+3, !up {
		fmt.Fprintf(&d.b, " L%.1f %.1f", at+3, y+4-map[bool]float64{true: 3}[up])
	}
	d.b.WriteString("\"/>\n")
	behind, _ := d.place(diag.Pos{Line: m.Span.Start.Line, Column: len([]rune(d.l.line(m.Span.Start.Line-1))) + 4})
	hint, _, _ := strings.Cut(m.Hint, "?")
	fmt.Fprintf(&d.b, `<text class="e" x="%.1f" y="%.0f">%s: %s?</text>`+"\n", behind, y, html.EscapeString(m.Message), html.EscapeString(hint))
}

// offers draws the list of offers below a place.
func (d *drawing) offers(at diag.Pos, all []offer) {
	x, y := d.place(at)
	fmt.Fprintf(&d.above, `<rect class="l" x="%.1f" y="%.0f" width="430" height="%d" rx="4"/>`+"\n", x, y+6, len(all)*lineHeight+8)
	for i, o := range all {
		row := y + float64((i+1)*lineHeight) + 4
		text := o.text
		if text == "" {
			text = o.label
		}
		fmt.Fprintf(&d.above, `<text class="p" x="%.1f" y="%.0f">%s</text><text class="g" x="%.1f" y="%.0f">%s</text>`+"\n",
			x+8, row, html.EscapeString(text), x+250, row, html.EscapeString(o.detail))
	}
}

func (d *drawing) svg(lines int) string {
	height := lines*lineHeight + 24
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="980" height="%d" viewBox="0 0 980 %d" role="img">
<title>A flow in an editor, as the language server sees it</title>
<style>
text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #24292f }
.page { fill: #fff } .g { fill: #8c959f } .y { fill: #0550ae } .c { fill: #6e7781 } .v { fill: #953800 } .p { fill: #24292f }
.f { fill: #8250df } .s { fill: #0a3069 } .n { fill: #0550ae } .o, .k { fill: #cf222e } .e { fill: #cf222e } .m { fill: none; stroke: #cf222e }
.l { fill: #f6f8fa; stroke: #d0d7de }
@media (prefers-color-scheme: dark) {
text, .p { fill: #e6edf3 } .page { fill: #0d1117 } .y, .n { fill: #79c0ff } .c, .g { fill: #8b949e } .v { fill: #ffa657 } .f { fill: #d2a8ff }
.s { fill: #a5d6ff } .o, .k, .e { fill: #ff7b72 } .m { stroke: #ff7b72 } .l { fill: #161b22; stroke: #30363d }
}
</style>
<rect class="page" width="980" height="%d"/>
%s%s</svg>
`, height, height, height, d.b.String(), d.above.String())
}
