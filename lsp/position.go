package lsp

import (
	"strings"
	"unicode/utf16"

	"nudge/lang/diag"
	"nudge/lsp/protocol"
)

// lines is a text as positions see it.
type lines struct {
	texts []string
	wide  bool // the client counts characters, not UTF-16
}

func linesOf(text string, wide bool) lines {
	return lines{strings.Split(text, "\n"), wide}
}

// line returns a line by its number from 0, without its line break; an empty one outside of
// the text.
func (l lines) line(n int) string {
	if n < 0 || n >= len(l.texts) {
		return ""
	}
	return strings.TrimSuffix(l.texts[n], "\r")
}

// position returns a place as the client counts it.
func (l lines) position(p diag.Pos) protocol.Position {
	if p.Line == 0 {
		return protocol.Position{}
	}
	runes := []rune(l.line(p.Line - 1))
	runes = runes[:min(max(p.Column-1, 0), len(runes))]
	return protocol.Position{Line: uint32(p.Line - 1), Character: uint32(l.units(runes))}
}

// units returns the length of a piece of a line as the client counts it.
func (l lines) units(runes []rune) int {
	if l.wide {
		return len(runes)
	}
	n := 0
	for _, r := range runes {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// place returns a place from the client as the checker counts it. A place behind the end of
// a line is its end.
func (l lines) place(p protocol.Position) diag.Pos {
	column, units := 1, 0
	for _, r := range l.line(int(p.Line)) {
		if units >= int(p.Character) {
			break
		}
		units += l.units([]rune{r})
		column++
	}
	return diag.Pos{Line: int(p.Line) + 1, Column: column}
}

// span returns a span as the client counts it. The span of a whole file is its beginning.
func (l lines) span(s diag.Span) protocol.Range {
	return protocol.Range{Start: l.position(s.Start), End: l.position(s.End)}
}

// offset returns a place in bytes from the beginning of the text.
func (l lines) offset(p diag.Pos) int {
	at := 0
	for n := 0; n < p.Line-1; n++ {
		if n == len(l.texts)-1 {
			return at + len(l.texts[n]) // behind the end of the text
		}
		at += len(l.texts[n]) + 1
	}
	column := 1
	for i := range l.line(p.Line - 1) {
		if column == p.Column {
			return at + i
		}
		column++
	}
	return at + len(l.line(p.Line-1))
}

// pos returns the place of a byte of the text.
func (l lines) pos(offset int) diag.Pos {
	for n, text := range l.texts {
		if offset <= len(text) {
			return diag.Pos{Line: n + 1, Column: len([]rune(text[:max(offset, 0)])) + 1}
		}
		offset -= len(text) + 1
	}
	last := len(l.texts)
	return diag.Pos{Line: last, Column: len([]rune(l.line(last-1))) + 1}
}

// apply returns a text after a change of the client.
func apply(text string, c protocol.ContentChange, wide bool) string {
	if c.Range == nil {
		return c.Text
	}
	l := linesOf(text, wide)
	from, to := l.offset(l.place(c.Range.Start)), l.offset(l.place(c.Range.End))
	if int(c.Range.End.Line) >= len(l.texts) {
		to = len(text)
	}
	if int(c.Range.Start.Line) >= len(l.texts) {
		from = len(text)
	}
	return text[:from] + c.Text + text[max(from, to):]
}

// within reports whether a place is in a span, or at its end.
func within(p diag.Pos, s diag.Span) bool {
	return s.Start.Line > 0 && s.Start.Compare(p) <= 0 && p.Compare(s.End) <= 0
}
