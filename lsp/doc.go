// Package lsp is the language server of projects: it shows authors what nudge check knows
// while they type. nudge lsp runs it over standard input and output.
//
//	err := lsp.Serve(ctx, os.Stdin, os.Stdout, lsp.Options{Version: "1.2"})
//
// # Parts
//
// A [Server] speaks the protocol and has one project for each folder in which a document is
// open. A project keeps the texts of all its files in memory, those of open documents as the
// editor has them. Package flows reads it in a workspace, which parses only what a change
// concerns; so an answer after a key costs what one file costs.
//
// Mistakes are those of nudge check: the same texts, codes and places, in open and in closed
// files. Proofs may take longer than a key, so they follow in a second message.
//
// # Broken text
//
// While a line is half written, its file may be no YAML. Then the project is read with the
// last text of the file that was. The author sees why the file cannot be read, and beside it
// the mistakes of all other lines, at the places where those lines are now. What the server
// shows depends on two texts of each file, the present one and the last one that could be
// read, and on nothing else.
//
// # Names
//
// Completion asks the checker. Every offer in an expression or a template is tried in its
// place, and only offers without a new mistake are shown. Definitions, references and renames
// come from an index of the names in all files: [flows.Workspace.Inspect] says what each name
// of an expression means.
package lsp
