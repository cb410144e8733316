// Package lsptest is an editor without a screen: it talks to a language server as editors do,
// and plays scripts in which each command stands above what came of it.
//
//	hover flows/order_shipped.yaml "data.to¦tal"
//	----
//	`data.total`: `number`
package lsptest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"nudge/lsp/protocol"
)

// Client is an editor with one folder.
type Client struct {
	conn *conn
	dir  string
	open map[string]string // the texts of open documents, by their names in the folder

	mu    sync.Mutex
	shown map[string][]protocol.Diagnostic // what the server has shown, by the name of the file
}

// Start begins a session for a folder over the output and the input of a server.
func Start(ctx context.Context, from io.Reader, to io.WriteCloser, dir string) (*Client, error) {
	c := &Client{dir: dir, open: map[string]string{}, shown: map[string][]protocol.Diagnostic{}}
	c.conn = connect(from, to, c.notified)
	root := c.URI("")
	capabilities := json.RawMessage(`{"textDocument": {"completion": {"completionItem": {"snippetSupport": false}}}}`)
	params := map[string]any{"processId": os.Getpid(), "rootUri": root, "capabilities": capabilities, "workspaceFolders": []protocol.WorkspaceFolder{{URI: root, Name: "test"}}}
	if err := c.conn.call(ctx, "initialize", params, nil); err != nil {
		return nil, err
	}
	return c, c.conn.notify("initialized", struct{}{})
}

// Stop ends the session in order.
func (c *Client) Stop(ctx context.Context) error {
	if err := c.conn.call(ctx, "shutdown", nil, nil); err != nil {
		return err
	}
	if err := c.conn.notify("exit", nil); err != nil {
		return err
	}
	select {
	case <-c.conn.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	return c.conn.ch.Close()
}

// URI names a file of the folder as the protocol does.
func (c *Client) URI(file string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(c.dir, file))}).String()
}

// name returns the name of a file in the folder.
func (c *Client) name(uri string) string {
	return strings.TrimPrefix(strings.TrimPrefix(uri, c.URI("")), "/")
}

func (c *Client) notified(method string, params json.RawMessage) {
	var p protocol.PublishDiagnosticsParams
	if method != "textDocument/publishDiagnostics" || json.Unmarshal(params, &p) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown[c.name(p.URI)] = p.Diagnostics
}

// Call asks the server something about a document.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	return c.conn.call(ctx, method, params, result)
}

// Open opens a file of the folder.
func (c *Client) Open(file string) error {
	text, err := os.ReadFile(filepath.Join(c.dir, file))
	if err != nil {
		return err
	}
	return c.OpenText(file, string(text))
}

// OpenText opens a document with a text that is not saved.
func (c *Client) OpenText(file, text string) error {
	c.open[file] = text
	return c.conn.notify("textDocument/didOpen", &protocol.DidOpenTextDocumentParams{
		TextDocument: protocol.TextDocumentItem{URI: c.URI(file), LanguageID: "yaml", Version: 1, Text: text}})
}

// Text returns the text of an open document.
func (c *Client) Text(file string) string { return c.open[file] }

// Edit changes a document from one byte to another, as a key does.
func (c *Client) Edit(file string, from, to int, text string) error {
	before := c.open[file]
	at := protocol.Range{Start: position(before, from), End: position(before, to)}
	c.open[file] = before[:from] + text + before[to:]
	return c.conn.notify("textDocument/didChange", &protocol.DidChangeTextDocumentParams{
		TextDocument:   protocol.VersionedTextDocumentIdentifier{URI: c.URI(file), Version: 2},
		ContentChanges: []protocol.ContentChange{{Range: &at, Text: text}},
	})
}

// Settle waits until everything is shown that the server finds, the proofs included.
func (c *Client) Settle(ctx context.Context) error {
	dir, err := json.Marshal(c.dir)
	if err != nil {
		return err
	}
	return c.Call(ctx, "workspace/executeCommand", &protocol.ExecuteCommandParams{Command: "nudge.prove", Arguments: []json.RawMessage{dir}}, nil)
}

// Shown returns the mistakes that the server has shown, a line each, sorted by file.
func (c *Client) Shown() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, file := range slices.Sorted(maps.Keys(c.shown)) {
		for _, d := range c.shown[file] {
			severity := "error"
			if d.Severity == protocol.DiagnosticSeverityWarning {
				severity = "warning"
			}
			fmt.Fprintf(&b, "%s:%s %s %s: %s\n", file, ranged(d.Range), severity, d.Code, strings.ReplaceAll(d.Message, "\n", "; "))
		}
	}
	return b.String()
}

// ranged is a range as people count it: the line, and the columns.
func ranged(r protocol.Range) string {
	text := fmt.Sprintf("%d:%d-", r.Start.Line+1, r.Start.Character+1)
	if r.End.Line != r.Start.Line {
		text += fmt.Sprintf("%d:", r.End.Line+1)
	}
	return text + fmt.Sprint(r.End.Character+1)
}

// position returns the place of a byte of a text, in UTF-16.
func position(text string, at int) protocol.Position {
	line := strings.Count(text[:at], "\n")
	units := 0
	for _, r := range text[strings.LastIndexByte(text[:at], '\n')+1 : at] {
		if units++; r > 0xffff {
			units++
		}
	}
	return protocol.Position{Line: uint32(line), Character: uint32(units)}
}

// offset returns the byte of a text at a place.
func offset(text string, p protocol.Position) int {
	at := 0
	for range p.Line {
		next := strings.IndexByte(text[at:], '\n')
		if next < 0 {
			return len(text)
		}
		at += next + 1
	}
	for units := 0; units < int(p.Character) && at < len(text) && text[at] != '\n'; {
		r := []rune(text[at:min(at+4, len(text))])[0]
		if units++; r > 0xffff {
			units++
		}
		at += len(string(r))
	}
	return at
}
