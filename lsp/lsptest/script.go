package lsptest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/creachadair/jrpc2"

	"nudge/lsp/protocol"
)

// Play plays a script and returns it with what came of each command. A block of a script is a
// comment, or a command with its outcome below a line of dashes; an empty line ends a block.
// The commands are:
//
//	open FILE                    opens a document
//	new FILE TEXT                opens a document that is not saved
//	edit FILE OLD NEW            changes the first OLD of a document
//	changed FILE                 says that another program has changed a file
//	diagnostics                  what the server shows, with the proofs
//	settle                       waits until the proofs are made
//	complete FILE PLACE [N]      the first N offers, all by default
//	hover | definition | references | signature FILE PLACE
//	rename FILE PLACE NAME       changes a name, and applies that
//	actions FILE PLACE           the corrections at a place
//	fix FILE PLACE TITLE         applies a correction
//	symbols | folding | tokens | lenses FILE
//	find TEXT                    the symbols of the project
//	run COMMAND ARGS...          runs a command; its first argument is the folder. The middle of a long output is left out
//
// A PLACE is a piece of the document's text that occurs once, with ¦ at the place. Texts with
// spaces are quoted as in Go.
func (c *Client) Play(ctx context.Context, script string) (string, error) {
	blocks := strings.Split(strings.TrimSpace(script), "\n\n")
	for i, block := range blocks {
		if strings.HasPrefix(block, "#") {
			continue
		}
		command, _, _ := strings.Cut(block, "\n----")
		var out strings.Builder
		for line := range strings.Lines(command) {
			args, err := words(strings.TrimSpace(line))
			if err != nil {
				return "", fmt.Errorf("%s: %w", line, err)
			}
			text, err := c.play(ctx, args)
			var refused *jrpc2.Error
			if errors.As(err, &refused) {
				text, err = "refused: "+refused.Message+"\n", nil
			}
			if err != nil {
				text = "the script is wrong: " + err.Error() + "\n"
			}
			out.WriteString(text)
		}
		blocks[i] = command
		if out.Len() > 0 {
			blocks[i] += "\n----\n" + strings.TrimRight(strings.ReplaceAll(strings.ReplaceAll(out.String(), c.dir, "DIR"), "\n\n", "\n·\n"), "\n")
		}
	}
	return strings.Join(blocks, "\n\n") + "\n", nil
}

// words splits a command into its words.
func words(line string) (all []string, err error) {
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		if line[0] != '"' && line[0] != '`' {
			word, rest, _ := strings.Cut(line, " ")
			all, line = append(all, word), rest
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return nil, err
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		all, line = append(all, word), line[len(quoted):]
	}
	return all, nil
}

func (c *Client) play(ctx context.Context, args []string) (string, error) {
	verb, args := args[0], append(slices.Clone(args[1:]), "", "", "")
	switch verb {
	case "open":
		return "", c.Open(args[0])
	case "new":
		return "", c.OpenText(args[0], args[1])
	case "edit":
		at := strings.Index(c.open[args[0]], args[1])
		if at < 0 {
			return "", fmt.Errorf("%s has no %q", args[0], args[1])
		}
		return "", c.Edit(args[0], at, at+len(args[1]), args[2])
	case "changed":
		return "", c.changed(args[0])
	case "settle":
		return "", c.Settle(ctx)
	case "diagnostics":
		err := c.Settle(ctx)
		return cmp.Or(c.Shown(), "none\n"), err
	case "symbols", "folding", "tokens", "lenses", "find":
		return c.whole(ctx, verb, args[0])
	case "run":
		return c.run(ctx, args)
	}
	at, err := c.place(args[0], args[1])
	if err != nil {
		return "", err
	}
	return c.atPlace(ctx, verb, at, args)
}

// changed says that another program has changed a file.
func (c *Client) changed(file string) error {
	return c.conn.notify("workspace/didChangeWatchedFiles", &protocol.DidChangeWatchedFilesParams{
		Changes: []protocol.FileEvent{{URI: c.URI(file), Type: protocol.FileChangeTypeChanged}}})
}

// place finds a place in a document.
func (c *Client) place(file, piece string) (protocol.TextDocumentPositionParams, error) {
	before, after, _ := strings.Cut(piece, "¦")
	text, ok := c.open[file]
	if !ok || strings.Count(text, before+after) != 1 {
		return protocol.TextDocumentPositionParams{}, fmt.Errorf("%s has %q %d times", file, before+after, strings.Count(text, before+after))
	}
	at := strings.Index(text, before+after) + len(before)
	return protocol.TextDocumentPositionParams{TextDocument: protocol.TextDocumentIdentifier{URI: c.URI(file)}, Position: position(text, at)}, nil
}

func (c *Client) atPlace(ctx context.Context, verb string, at protocol.TextDocumentPositionParams, args []string) (string, error) {
	switch verb {
	case "complete":
		return c.complete(ctx, at, args[2])
	case "hover":
		var h *protocol.Hover
		err := c.Call(ctx, "textDocument/hover", &at, &h)
		if h == nil {
			return "nothing\n", err
		}
		return h.Contents.Value + "\n", err
	case "signature":
		var h *protocol.SignatureHelp
		err := c.Call(ctx, "textDocument/signatureHelp", &at, &h)
		if h == nil {
			return "nothing\n", err
		}
		arg := h.Signatures[0].Parameters[h.ActiveParameter].Label
		return h.Signatures[0].Label + ", now " + h.Signatures[0].Label[arg[0]:arg[1]] + "\n", err
	case "definition":
		return c.locations(ctx, "textDocument/definition", &at)
	case "references":
		return c.locations(ctx, "textDocument/references", &protocol.ReferenceParams{TextDocument: at.TextDocument, Position: at.Position,
			Context: protocol.ReferenceContext{IncludeDeclaration: true}})
	case "rename":
		var e changes
		if err := c.Call(ctx, "textDocument/rename", &protocol.RenameParams{TextDocument: at.TextDocument, Position: at.Position, NewName: args[2]}, &e); err != nil {
			return "", err
		}
		return c.apply(e)
	case "actions", "fix":
		return c.actions(ctx, verb == "fix", at, args[2])
	}
	return "", fmt.Errorf("there is no command %s", verb)
}

func (c *Client) complete(ctx context.Context, at protocol.TextDocumentPositionParams, most string) (string, error) {
	var list protocol.CompletionList
	if err := c.Call(ctx, "textDocument/completion", &at, &list); err != nil {
		return "", err
	}
	var b strings.Builder
	n, _ := strconv.Atoi(most)
	for i, item := range list.Items {
		if n > 0 && i == n {
			fmt.Fprintf(&b, "and %d more\n", len(list.Items)-n)
			break
		}
		b.WriteString(item.Label)
		if item.Detail != "" {
			b.WriteString("  " + item.Detail)
		}
		if text := item.TextEdit.NewText; text != item.Label {
			b.WriteString("  → " + text)
		}
		b.WriteString("\n")
	}
	return cmp.Or(b.String(), "nothing\n"), nil
}

func (c *Client) locations(ctx context.Context, method string, params any) (string, error) {
	var all []protocol.Location
	if err := c.Call(ctx, method, params, &all); err != nil {
		return "", err
	}
	text := ""
	for _, l := range all {
		text += c.name(l.URI) + ":" + ranged(l.Range) + "\n"
	}
	return cmp.Or(text, "nothing\n"), nil
}

// change is a change of a document, or of a file.
type change struct {
	Kind           string
	URI            string
	OldURI, NewURI string
	TextDocument   protocol.OptionalVersionedTextDocumentIdentifier
	Edits          []protocol.TextEdit
}

// changes is a WorkspaceEdit.
type changes struct{ DocumentChanges []change }

// apply makes changes in open documents and in the files on the disk, and lists them.
func (c *Client) apply(all changes) (string, error) {
	var b strings.Builder
	for _, d := range all.DocumentChanges {
		switch d.Kind {
		case "create":
			fmt.Fprintf(&b, "new %s\n", c.name(d.URI))
			if err := c.OpenText(c.name(d.URI), ""); err != nil {
				return "", err
			}
		case "rename":
			from, to := c.name(d.OldURI), c.name(d.NewURI)
			fmt.Fprintf(&b, "%s becomes %s\n", from, to)
			if err := c.move(from, to); err != nil {
				return "", err
			}
		default:
			if err := c.edits(c.name(d.TextDocument.URI), d.Edits, &b); err != nil {
				return "", err
			}
		}
	}
	return b.String(), nil
}

func (c *Client) edits(file string, edits []protocol.TextEdit, b *strings.Builder) error {
	if _, ok := c.open[file]; !ok {
		if err := c.Open(file); err != nil {
			return err
		}
	}
	slices.SortStableFunc(edits, func(x, y protocol.TextEdit) int {
		return cmp.Or(cmp.Compare(y.Range.Start.Line, x.Range.Start.Line), cmp.Compare(y.Range.Start.Character, x.Range.Start.Character))
	})
	lines := []string{}
	for _, e := range edits {
		text := c.open[file]
		from, to := offset(text, e.Range.Start), offset(text, e.Range.End)
		lines = append(lines, fmt.Sprintf("%s:%s %q becomes %q\n", file, ranged(e.Range), text[from:to], e.NewText))
		if err := c.Edit(file, from, to, e.NewText); err != nil {
			return err
		}
	}
	slices.Reverse(lines)
	b.WriteString(strings.Join(lines, ""))
	return nil
}

// move renames a file as an editor does: it saves the document, renames the file and opens it
// again.
func (c *Client) move(from, to string) error {
	old, moved := filepath.Join(c.dir, from), filepath.Join(c.dir, to)
	if text, ok := c.open[from]; ok {
		delete(c.open, from)
		if err := os.WriteFile(old, []byte(text), 0o644); err != nil {
			return err
		}
		if err := c.conn.notify("textDocument/didClose", &protocol.DidCloseTextDocumentParams{TextDocument: protocol.TextDocumentIdentifier{URI: c.URI(from)}}); err != nil {
			return err
		}
	}
	if err := os.Rename(old, moved); err != nil {
		return err
	}
	return c.conn.notify("workspace/didChangeWatchedFiles", &protocol.DidChangeWatchedFilesParams{Changes: []protocol.FileEvent{
		{URI: c.URI(from), Type: protocol.FileChangeTypeDeleted}, {URI: c.URI(to), Type: protocol.FileChangeTypeCreated}}})
}

func (c *Client) actions(ctx context.Context, fix bool, at protocol.TextDocumentPositionParams, title string) (string, error) {
	var all []struct {
		Title       string
		IsPreferred bool
		Edit        changes
	}
	params := &protocol.CodeActionParams{TextDocument: at.TextDocument, Range: protocol.Range{Start: at.Position, End: at.Position},
		Context: protocol.CodeActionContext{Diagnostics: []protocol.Diagnostic{}}}
	if err := c.Call(ctx, "textDocument/codeAction", params, &all); err != nil {
		return "", err
	}
	text := ""
	for _, a := range all {
		if fix && a.Title == title {
			return c.apply(a.Edit)
		}
		text += a.Title + "\n"
	}
	if fix {
		return "", fmt.Errorf("there is no action %q among\n%s", title, text)
	}
	return cmp.Or(text, "nothing\n"), nil
}

// run runs a command of the server.
func (c *Client) run(ctx context.Context, args []string) (string, error) {
	params := &protocol.ExecuteCommandParams{Command: args[0]}
	for _, arg := range append([]string{c.dir}, args[1:]...) {
		if arg != "" {
			text, err := json.Marshal(arg)
			if err != nil {
				return "", err
			}
			params.Arguments = append(params.Arguments, text)
		}
	}
	var answer struct {
		Output string
		Code   int
		SVG    string
	}
	err := c.Call(ctx, "workspace/executeCommand", params, &answer)
	if answer.SVG != "" {
		return fmt.Sprintf("a drawing with %d steps\n", strings.Count(answer.SVG, `id="step-`)), err
	}
	return fmt.Sprintf("%scode %d\n", shortened(answer.Output), answer.Code), err
}

// shortened leaves out the middle of a long output.
func shortened(text string) string {
	const most, first, last = 12, 6, 3
	lines := strings.SplitAfter(text, "\n")
	if len(lines) <= most {
		return text
	}
	left := len(lines) - 1 - first - last
	return strings.Join(lines[:first], "") + fmt.Sprintf("and %d lines\n", left) + strings.Join(lines[first+left:], "")
}
