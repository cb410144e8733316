package lsp

import (
	"context"
	"strings"

	"nudge/flows"
	"nudge/lsp/protocol"
)

// signatureHelp explains the function of an expression whose arguments are being written.
func (s *Server) signatureHelp(_ context.Context, params protocol.TextDocumentPositionParams) (*protocol.SignatureHelp, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, file := s.of(pathOf(params.TextDocument.URI))
	if p == nil || kindOf(file) != "flow" {
		return nil, nil
	}
	l := s.lines(p, file)
	line, at := []rune(l.line(int(params.Position.Line))), l.place(params.Position)
	name, argument := callAround(string(line[:min(at.Column-1, len(line))]))
	for _, f := range flows.Functions() {
		if f.Name != name {
			continue
		}
		label := f.Signature()
		info := protocol.SignatureInformation{Label: label, Documentation: &protocol.MarkupContent{Kind: protocol.MarkupKindMarkdown, Value: f.Says}}
		from := len(f.Name) + 1
		for _, arg := range f.Args {
			info.Parameters = append(info.Parameters, protocol.ParameterInformation{Label: [2]uint32{uint32(from), uint32(from + len(arg))}})
			from += len(arg) + len(", ")
		}
		return &protocol.SignatureHelp{Signatures: []protocol.SignatureInformation{info}, ActiveParameter: uint32(min(argument, max(len(f.Args)-1, 0)))}, nil
	}
	return nil, nil
}

// callAround returns the function whose bracket is open at the end of a text, and the number of
// the argument there from 0.
func callAround(text string) (name string, argument int) {
	depth, quote := 0, byte(0)
	for i := len(text) - 1; i >= 0; i-- {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case strings.IndexByte(")]}", c) >= 0:
			depth++
		case c == '(' && depth == 0:
			from, _ := wordAround(text[:i], i, isName)
			return text[from:i], argument
		case strings.IndexByte("([{", c) >= 0:
			if depth == 0 {
				return "", 0
			}
			depth--
		case c == ',' && depth == 0:
			argument++
		}
	}
	return "", 0
}
