package lsp

import (
	"context"
	"slices"
	"strings"

	"nudge/flows/graph"
	"nudge/lang/diag"
	"nudge/lang/insight"
	"nudge/lang/node"
	"nudge/lsp/protocol"
)

func (s *Server) documentSymbols(_ context.Context, params protocol.DocumentSymbolParams) ([]protocol.DocumentSymbol, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, file := s.of(pathOf(params.TextDocument.URI))
	if p == nil {
		return []protocol.DocumentSymbol{}, nil
	}
	text := p.folder.texts[file]
	o := &outline{s: s, p: p, file: file, l: linesOf(text, s.wide)}
	if kindOf(file) == "flow" {
		notes, _ := p.space.Inspect(file, text)
		o.steps = notes.Steps
	}
	all := o.mapping(parse(file, text), nil)
	if all == nil {
		all = []protocol.DocumentSymbol{}
	}
	if _, broken := p.current[file]; broken {
		moveAll(all, p.moves(file), s.lines(p, file))
	}
	return all, nil
}

// moveAll moves symbols to where their lines are in the present text of a broken file. What began or
// ended on a changed line does so at the nearest line that is there.
func moveAll(all []protocol.DocumentSymbol, same shared, now lines) {
	place := func(p protocol.Position) protocol.Position {
		at, ok := same.move(diag.Span{Start: diag.Pos{Line: int(p.Line) + 1}, End: diag.Pos{Line: int(p.Line) + 1}})
		line := min(at.Start.Line-1, len(now.texts)-1)
		if !ok {
			line, p.Character = min(line, max(same.new-same.last-1, 0)), 0
		}
		p.Line = uint32(line)
		return p
	}
	for i := range all {
		for _, r := range []*protocol.Range{&all[i].Range, &all[i].SelectionRange} {
			r.Start, r.End = place(r.Start), place(r.End)
			r.End = later(r.Start, r.End)
		}
		all[i].Range.End = later(all[i].Range.End, all[i].SelectionRange.End)
		moveAll(all[i].Children, same, now)
	}
}

func later(a, b protocol.Position) protocol.Position {
	if a.Line > b.Line || a.Line == b.Line && a.Character > b.Character {
		return a
	}
	return b
}

// outline makes the symbols of a document.
type outline struct {
	s     *Server
	p     *served
	file  string
	l     lines
	steps []insight.Step
}

// mapping returns a symbol for each key of a mapping that is worth one: all keys at the top,
// and below them steps, tests and events.
func (o *outline) mapping(m *node.Map, way []string) (all []protocol.DocumentSymbol) {
	for _, e := range m.Entries() {
		below := append(slices.Clip(way), e.Key.Value)
		inner := o.value(e.Value, below)
		if len(way) > 0 && !(len(way) == 1 && (way[0] == "events" || way[0] == "categories")) {
			all = append(all, inner...)
			continue
		}
		symbol := protocol.DocumentSymbol{Name: e.Key.Value, Kind: protocol.SymbolKindProperty, Children: inner,
			Range: o.block(e.Key.Span), SelectionRange: o.l.span(e.Key.Span)}
		if e.Value.IsText() {
			symbol.Detail = firstLine(e.Value.Str())
		}
		all = append(all, symbol)
	}
	return all
}

func (o *outline) value(v *node.Value, way []string) (all []protocol.DocumentSymbol) {
	switch {
	case v.IsMap():
		return o.mapping(v.Map(), way)
	case !v.IsList():
		return nil
	}
	for _, inner := range v.List() {
		if !inner.IsMap() {
			continue
		}
		m := inner.Map()
		children := o.mapping(m, append(slices.Clip(way), item))
		if symbol, ok := o.named(m, way); ok {
			symbol.Children = children
			all = append(all, symbol)
		} else {
			all = append(all, children...)
		}
	}
	return all
}

// named returns the symbol of a step or a test.
func (o *outline) named(m *node.Map, way []string) (protocol.DocumentSymbol, bool) {
	symbol := protocol.DocumentSymbol{Kind: protocol.SymbolKindFunction, Range: o.block(m.Span()), SelectionRange: o.l.span(m.Span())}
	if kindOf(o.file) == "test" && slices.Equal(way, []string{"tests"}) {
		for _, e := range m.Entries() {
			if e.Key.Value == "name" && e.Value.IsText() {
				symbol.Name, symbol.Kind = e.Value.Str(), protocol.SymbolKindMethod
			}
		}
		return symbol, symbol.Name != ""
	}
	i := slices.IndexFunc(o.steps, func(s insight.Step) bool { return s.At == m.Span() })
	if i < 0 {
		return symbol, false
	}
	symbol.Name, symbol.Detail = o.steps[i].ID, o.steps[i].Verb
	if f := o.p.read.Flow(stem(o.file)); f != nil {
		if at := f.StepNamed(symbol.Name); at >= 0 {
			symbol.Detail = graph.StepText(f, &f.Steps[at])
		}
	}
	return symbol, true
}

// block returns the range from a key to the last line that is indented deeper.
func (o *outline) block(at diag.Span) protocol.Range {
	last := blockEnd(o.l, at.Start.Line-1, at.Start.Column-1)
	end := diag.Pos{Line: last + 1, Column: len([]rune(o.l.line(last))) + 1}
	return protocol.Range{Start: o.l.position(at.Start), End: o.l.position(end)}
}

// blockEnd returns the last line, from 0, of a block that begins on a line at a column.
func blockEnd(l lines, line, column int) int {
	last, ofItem := line, sameItem(l.line(line), column)
	for n := line + 1; n < len(l.texts); n++ {
		text := l.line(n)
		if strings.TrimSpace(text) == "" {
			continue
		}
		indent := len(text) - len(strings.TrimLeft(text, " "))
		if indent < column || indent == column && !strings.HasPrefix(text[indent:], "- ") && !ofItem {
			break
		}
		last = n
	}
	return last
}

// sameItem reports whether a block is an item of a list: a dash stands before it, so the lines
// at its own column belong to it.
func sameItem(line string, column int) bool {
	before := line[:min(column, len(line))]
	return strings.HasSuffix(strings.TrimRight(before, " "), "-")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func (s *Server) foldingRanges(_ context.Context, params protocol.FoldingRangeParams) ([]protocol.FoldingRange, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []protocol.FoldingRange{}
	p, file := s.of(pathOf(params.TextDocument.URI))
	if p == nil {
		return all, nil
	}
	return folds(s.lines(p, file)), nil
}

// folds returns the blocks and the comments of a text that have several lines. It goes by the
// indentation, so it also works while a line is half written.
func folds(l lines) []protocol.FoldingRange {
	all := []protocol.FoldingRange{}
	ends := blockEnds(l)
	for n := 0; n < len(l.texts); n++ {
		trimmed := strings.TrimLeft(l.line(n), " ")
		if trimmed == "" {
			continue
		}
		if strings.HasPrefix(trimmed, "#") {
			last := n
			for last+1 < len(l.texts) && strings.HasPrefix(strings.TrimLeft(l.line(last+1), " "), "#") {
				last++
			}
			if last > n {
				all = append(all, protocol.FoldingRange{StartLine: uint32(n), EndLine: uint32(last), Kind: protocol.FoldingRangeKindComment})
			}
			n = last
			continue
		}
		if ends[n] > n {
			all = append(all, protocol.FoldingRange{StartLine: uint32(n), EndLine: uint32(ends[n]), Kind: protocol.FoldingRangeKindRegion})
		}
	}
	return all
}

// blockEnds returns for each line the last one of those below it that are indented deeper. It goes
// up, over the blocks that it knows already, so a deep text does not take long.
func blockEnds(l lines) []int {
	ends, indents := make([]int, len(l.texts)), make([]int, len(l.texts))
	next := len(l.texts) // the line below that is not blank
	for n := len(l.texts) - 1; n >= 0; n-- {
		text := l.line(n)
		ends[n], indents[n] = n, len(text)-len(strings.TrimLeft(text, " "))
		if strings.TrimSpace(text) == "" {
			continue
		}
		for k := next; k < len(l.texts) && indents[k] > indents[n]; {
			ends[n] = ends[k]
			for k = ends[k] + 1; k < len(l.texts) && strings.TrimSpace(l.line(k)) == ""; k++ {
			}
		}
		next = n
	}
	return ends
}
