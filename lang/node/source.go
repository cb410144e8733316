package node

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"nudge/lang/diag"
)

// source is one file. Its values use it for the places of mistakes.
type source struct {
	file  string
	lines [][]rune
	list  *diag.List
}

func splitLines(text string) [][]rune {
	parts := strings.Split(text, "\n")
	lines := make([][]rune, len(parts))
	for i, part := range parts {
		lines[i] = []rune(strings.TrimSuffix(part, "\r"))
	}
	return lines
}

// line returns a line by its number from 1, or nil.
func (s *source) line(n int) []rune {
	if n < 1 || n > len(s.lines) {
		return nil
	}
	return s.lines[n-1]
}

// span returns the place of a node: the text of a scalar, or the first word of a mapping or
// list. Text on several lines is marked up to the end of its first line.
func (s *source) span(n *yaml.Node) diag.Span {
	line := s.line(n.Line)
	end := n.Column + 1
	switch {
	case n.Kind == yaml.ScalarNode:
		end = s.scalarEnd(n, line)
	case n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0:
		end = s.scalarEnd(n.Content[0], line)
	}
	return diag.Span{
		File:  s.file,
		Start: diag.Pos{Line: n.Line, Column: n.Column},
		End:   diag.Pos{Line: n.Line, Column: max(end, n.Column+1)},
	}
}

func (s *source) scalarEnd(n *yaml.Node, line []rune) int {
	start := n.Column - 1
	if start < 0 || start >= len(line) {
		return n.Column
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		return closingQuote(line, start) + 2
	}
	if value := []rune(n.Value); n.Style == 0 && hasPrefix(line[start:], value) {
		return n.Column + len(value)
	}
	return len(line) + 1
}

// closingQuote returns the index of the quote that closes the one at start, or the last
// index of the line if the text goes on below.
func closingQuote(line []rune, start int) int {
	quote := line[start]
	for i := start + 1; i < len(line); i++ {
		switch {
		case line[i] == '\\' && quote == '"':
			i++
		case line[i] == quote && quote == '\'' && i+1 < len(line) && line[i+1] == quote:
			i++
		case line[i] == quote:
			return i
		}
	}
	return len(line) - 1
}

func hasPrefix(line, prefix []rune) bool {
	return len(line) >= len(prefix) && slices.Equal(line[:len(prefix)], prefix)
}
