package lsptest

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"nudge/lsp/protocol"
)

// whole asks something about a whole document, or about the project.
func (c *Client) whole(ctx context.Context, verb, file string) (string, error) {
	document := protocol.TextDocumentIdentifier{URI: c.URI(file)}
	var b strings.Builder
	var err error
	switch verb {
	case "symbols":
		var all []protocol.DocumentSymbol
		err = c.Call(ctx, "textDocument/documentSymbol", &protocol.DocumentSymbolParams{TextDocument: document}, &all)
		writeSymbols(&b, all, "")
	case "folding":
		var all []protocol.FoldingRange
		err = c.Call(ctx, "textDocument/foldingRange", &protocol.FoldingRangeParams{TextDocument: document}, &all)
		for _, f := range all {
			fmt.Fprintf(&b, "%d-%d %s\n", f.StartLine+1, f.EndLine+1, f.Kind)
		}
	case "tokens":
		var all protocol.SemanticTokens
		err = c.Call(ctx, "textDocument/semanticTokens/full", &protocol.SemanticTokensParams{TextDocument: document}, &all)
		c.writeTokens(&b, file, all.Data)
	case "lenses":
		var all []protocol.CodeLens
		err = c.Call(ctx, "textDocument/codeLens", &protocol.CodeLensParams{TextDocument: document}, &all)
		for _, l := range all {
			fmt.Fprintf(&b, "%d: %s %s %s\n", l.Range.Start.Line+1, l.Command.Title, l.Command.Command, l.Command.Arguments)
		}
	case "find":
		var all []protocol.SymbolInformation
		err = c.Call(ctx, "workspace/symbol", &protocol.WorkspaceSymbolParams{Query: file}, &all)
		for _, s := range all {
			fmt.Fprintf(&b, "%s %s:%s\n", s.Name, c.name(s.Location.URI), ranged(s.Location.Range))
		}
	}
	return cmp.Or(b.String(), "nothing\n"), err
}

func writeSymbols(b *strings.Builder, all []protocol.DocumentSymbol, indent string) {
	for _, s := range all {
		fmt.Fprintf(b, "%s%s", indent, s.Name)
		if s.Detail != "" {
			fmt.Fprintf(b, "  %s", s.Detail)
		}
		fmt.Fprintf(b, "  %d-%d\n", s.Range.Start.Line+1, s.Range.End.Line+1)
		writeSymbols(b, s.Children, indent+"  ")
	}
}

// tokenNames are the types of tokens, as the server numbers them.
var tokenNames = []string{"variable", "property", "function", "string", "number", "operator", "keyword"}

// writeTokens writes a line for each line of a document that has tokens.
func (c *Client) writeTokens(b *strings.Builder, file string, data []uint32) {
	lines := strings.Split(c.open[file], "\n")
	line, column := 0, 0
	for i := 0; i+4 < len(data); i += 5 {
		if data[i] > 0 || i == 0 {
			if i > 0 {
				b.WriteString("\n")
			}
			line, column = line+int(data[i]), 0
			fmt.Fprintf(b, "%d:", line+1)
		}
		column += int(data[i+1])
		from := offset(lines[line], protocol.Position{Character: uint32(column)})
		to := offset(lines[line], protocol.Position{Character: uint32(column) + data[i+2]})
		fmt.Fprintf(b, " %s=%s", lines[line][from:to], tokenNames[data[i+3]])
	}
	if len(data) > 0 {
		b.WriteString("\n")
	}
}
