package node

import (
	"strings"

	"gopkg.in/yaml.v3"

	"nudge/lang/diag"
)

// Text is one scalar: its text and the place of each of its characters.
type Text struct {
	Value string
	Span  diag.Span

	starts []diag.Pos // of each line of Value; nil when the mapping is not exact
	cut    bool       // a comment follows on its line
}

// At returns the place of the characters from, up to but not including to, counted from 0.
// It is exact for text on one line without escapes and for literal blocks (|); otherwise it
// is the place of the whole scalar.
func (t *Text) At(from, to int) diag.Span {
	runes := []rune(t.Value)
	if t.starts == nil || from < 0 || from > len(runes) {
		return t.Span
	}
	span := t.Span
	span.Start = t.pos(runes, from)
	span.End = t.pos(runes, min(max(to, from+1), len(runes)+1))
	if span.End.Line != span.Start.Line || span.End.Column <= span.Start.Column {
		span.End = diag.Pos{Line: span.Start.Line, Column: span.Start.Column + 1}
	}
	return span
}

func (t *Text) pos(runes []rune, offset int) diag.Pos {
	line, column := 0, 0
	for _, r := range runes[:min(offset, len(runes))] {
		if column++; r == '\n' && line+1 < len(t.starts) {
			line, column = line+1, 0
		}
	}
	if offset > len(runes) {
		column++
	}
	start := t.starts[line]
	return diag.Pos{Line: start.Line, Column: start.Column + column}
}

// Exact reports whether At is exact.
func (t *Text) Exact() bool { return t.starts != nil }

// Cut reports whether a comment follows the text on its line, so that a # that belongs to
// the text may have ended it.
func (t *Text) Cut() bool { return t.cut }

func (s *source) text(n *yaml.Node) *Text {
	return &Text{
		Value:  n.Value,
		Span:   s.span(n),
		starts: s.lineStarts(n),
		cut:    n.Style == 0 && strings.HasPrefix(n.LineComment, "#"),
	}
}

// lineStarts returns where every line of a scalar begins in the file, or nil if the file
// contains the text in another form.
func (s *source) lineStarts(n *yaml.Node) []diag.Pos {
	if n.Style&yaml.LiteralStyle != 0 {
		return s.literalStarts(n)
	}
	if n.Style&yaml.FoldedStyle != 0 {
		return nil
	}
	column := n.Column
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		column++
	}
	line := s.line(n.Line)
	if column < 1 || column-1 > len(line) || !hasPrefix(line[column-1:], []rune(n.Value)) {
		return nil
	}
	return []diag.Pos{{Line: n.Line, Column: column}}
}

// literalStarts finds the lines of a literal block: the first one follows the line of the
// indicator, and all have the same indentation.
func (s *source) literalStarts(n *yaml.Node) []diag.Pos {
	lines := strings.Split(strings.TrimRight(n.Value, "\n"), "\n")
	indent := -1
	starts := make([]diag.Pos, len(lines))
	for i, text := range lines {
		runes, line := []rune(text), s.line(n.Line+1+i)
		if len(runes) > 0 && indent < 0 {
			indent = len(line) - len(runes)
		}
		if len(runes) > 0 && (indent < 0 || len(line) < indent || string(line[indent:]) != text) {
			return nil
		}
		starts[i] = diag.Pos{Line: n.Line + 1 + i, Column: max(indent, 0) + 1}
	}
	return starts
}

// Offset returns the character of Value at a place of the file, counted from 0; its length for
// the place behind it. It returns false if the place is elsewhere, or if At is not exact.
func (t *Text) Offset(p diag.Pos) (offset int, ok bool) {
	for i, line := range strings.Split(t.Value, "\n") {
		if i >= len(t.starts) {
			break
		}
		length := len([]rune(line))
		if start := t.starts[i]; start.Line == p.Line {
			at := p.Column - start.Column
			return offset + at, at >= 0 && at <= length
		}
		offset += length + 1
	}
	return 0, false
}
