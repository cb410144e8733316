package lsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
	"github.com/creachadair/jrpc2/handler"

	"nudge/app"
	"nudge/client"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lsp/protocol"
)

// Options are what the server needs beside its connection.
type Options struct {
	Version string           // of the program, for the editor
	Env     app.Environment  // looks up the variables of nudge.yaml
	Now     func() time.Time // the clock, for the next firings of schedules
	// Verb runs a verb of the command line, such as test or graph, and returns what it wrote. The
	// exit code is 0 if it is content.
	Verb func(ctx context.Context, args ...string) (output string, code int)
	// Client asks a running server how many runs wait; nil: no server is configured.
	Client *client.Client
}

// Server is a language server with the projects of its documents. Its connection calls it
// from several goroutines.
type Server struct {
	options Options
	conn    *jrpc2.Server

	mu       sync.Mutex // guards what follows, and the projects
	projects map[string]*served
	open     map[string]string // the texts of open documents, by file
	wide     bool              // the client counts characters, not UTF-16
	snippets bool              // the client fills in placeholders

	abrupt  atomic.Bool    // the client said exit before it asked for a shutdown
	over    chan struct{}  // closed when shutdown was asked for, or the client is gone
	end     func()         // closes it
	proving sync.WaitGroup // one goroutine for each project whose proofs are being made
}

// served is a project with what its client has seen of it.
type served struct {
	*project
	root    string                           // the folder
	shown   map[string][]protocol.Diagnostic // by file
	proving bool                             // a goroutine makes its proofs
	changes int                              // how many times a file of it has changed
	proved  int                              // how many times its proofs were made
	index   *index                           // of the names in the project as it was read last; nil: not asked for yet
}

// ErrExit says that the client said exit and had not asked for a shutdown. LSP 3.17 wants the exit code to tell.
var ErrExit = errors.New("the editor ended the server without asking it to shut down")

// Serve talks to one client until it says exit or closes the input. It returns nil after an
// orderly end. A goroutine reads the input until that is closed, which may be after Serve has
// returned: a client that says exit waits for the end of the program before it closes anything.
func Serve(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	read, write := io.Pipe()
	go func() {
		_, err := io.Copy(write, in)
		write.CloseWithError(err)
	}()
	s := newServer(o)
	s.conn = jrpc2.NewServer(guarded(s.methods()), &jrpc2.ServerOptions{
		AllowPush: true, DisableBuiltin: true, NewContext: func() context.Context { return ctx },
	})
	s.conn.Start(channel.LSP(read, connection{out, read}))
	err := s.conn.Wait()
	if s.abrupt.Load() {
		err = ErrExit
	}
	s.end()
	s.proving.Wait()
	return err
}

// connection is the output; closing it ends the reading of the input.
type connection struct {
	io.Writer
	input io.Closer
}

// Close ends the reading.
func (c connection) Close() error { return c.input.Close() }

func newServer(o Options) *Server {
	over := make(chan struct{})
	return &Server{options: o, projects: map[string]*served{}, open: map[string]string{}, over: over, end: sync.OnceFunc(func() { close(over) })}
}

// methods are what the client can ask.
func (s *Server) methods() handler.Map {
	return handler.Map{
		"initialize":      handler.New(s.initialize),
		"initialized":     ignored,
		"shutdown":        func(context.Context, *jrpc2.Request) (any, error) { return nil, s.shutdown() },
		"exit":            func(context.Context, *jrpc2.Request) (any, error) { s.exit(); return nil, nil },
		"$/cancelRequest": ignored, // every answer is a matter of milliseconds
		"$/setTrace":      ignored,

		"textDocument/didOpen":   handler.New(s.didOpen),
		"textDocument/didChange": handler.New(s.didChange),
		"textDocument/didClose":  handler.New(s.didClose),
		"textDocument/didSave":   ignored,

		"textDocument/completion":          handler.New(s.completion),
		"textDocument/hover":               handler.New(s.hover),
		"textDocument/signatureHelp":       handler.New(s.signatureHelp),
		"textDocument/definition":          handler.New(s.definition),
		"textDocument/references":          handler.New(s.references),
		"textDocument/prepareRename":       handler.New(s.prepareRename),
		"textDocument/rename":              handler.New(s.rename),
		"textDocument/codeAction":          handler.New(s.codeActions),
		"textDocument/codeLens":            handler.New(s.codeLenses),
		"textDocument/documentSymbol":      handler.New(s.documentSymbols),
		"textDocument/foldingRange":        handler.New(s.foldingRanges),
		"textDocument/semanticTokens/full": handler.New(s.semanticTokens),
		"workspace/symbol":                 handler.New(s.workspaceSymbols),
		"workspace/executeCommand":         handler.New(s.executeCommand),

		"workspace/didChangeWatchedFiles":     handler.New(s.didChangeFiles),
		"workspace/didChangeConfiguration":    ignored,
		"workspace/didChangeWorkspaceFolders": ignored,
	}
}

// guarded lets no request end the server: a panic is a fault of ours, and its request is answered
// with that. The next key may well be answered.
func guarded(methods handler.Map) handler.Map {
	all := handler.Map{}
	for name, method := range methods {
		all[name] = func(ctx context.Context, r *jrpc2.Request) (result any, err error) {
			defer func() {
				if fault := recover(); fault != nil {
					err = &jrpc2.Error{Code: jrpc2.InternalError, Message: fmt.Sprintf("lsp: a fault of the server in %s: %v\n%s", name, fault, debug.Stack())}
				}
			}()
			return method(ctx, r)
		}
	}
	return all
}

func ignored(context.Context, *jrpc2.Request) (any, error) { return nil, nil }

// clientCapabilities are those that the server asks for.
type clientCapabilities struct {
	Capabilities struct {
		General struct {
			PositionEncodings []string `json:"positionEncodings"`
		} `json:"general"`
		TextDocument struct {
			Completion struct {
				CompletionItem struct {
					SnippetSupport bool `json:"snippetSupport"`
				} `json:"completionItem"`
			} `json:"completion"`
		} `json:"textDocument"`
	} `json:"capabilities"`
}

func (s *Server) initialize(_ context.Context, r *jrpc2.Request) (*protocol.InitializeResult, error) {
	var p protocol.InitializeParams
	var c clientCapabilities
	if err := r.UnmarshalParams(&p); err != nil {
		return nil, err
	}
	if err := r.UnmarshalParams(&c); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	encoding := protocol.PositionEncodingKindUTF16
	if s.wide = slices.Contains(c.Capabilities.General.PositionEncodings, string(protocol.PositionEncodingKindUTF32)); s.wide {
		encoding = protocol.PositionEncodingKindUTF32
	}
	s.snippets = c.Capabilities.TextDocument.Completion.CompletionItem.SnippetSupport
	for _, f := range p.WorkspaceFolders {
		s.openRoot(pathOf(f.URI))
	}
	if p.RootURI != nil && len(p.WorkspaceFolders) == 0 {
		s.openRoot(pathOf(*p.RootURI))
	}
	return &protocol.InitializeResult{
		ServerInfo:   &protocol.ServerInfo{Name: "nudge", Version: s.options.Version},
		Capabilities: s.capabilities(encoding),
	}, nil
}

func (s *Server) capabilities(encoding protocol.PositionEncodingKind) protocol.ServerCapabilities {
	return protocol.ServerCapabilities{
		PositionEncoding: encoding,
		TextDocumentSync: &protocol.TextDocumentSyncOptions{OpenClose: true, Change: protocol.TextDocumentSyncKindIncremental},

		CompletionProvider:      &protocol.CompletionOptions{TriggerCharacters: []string{".", " ", "\"", "("}},
		HoverProvider:           true,
		SignatureHelpProvider:   &protocol.SignatureHelpOptions{TriggerCharacters: []string{"(", ","}},
		DefinitionProvider:      true,
		ReferencesProvider:      true,
		RenameProvider:          &protocol.RenameOptions{PrepareProvider: true},
		CodeActionProvider:      &protocol.CodeActionOptions{CodeActionKinds: []protocol.CodeActionKind{protocol.CodeActionKindQuickFix}},
		CodeLensProvider:        &protocol.CodeLensOptions{},
		DocumentSymbolProvider:  true,
		WorkspaceSymbolProvider: true,
		FoldingRangeProvider:    true,
		SemanticTokensProvider:  &protocol.SemanticTokensOptions{Legend: protocol.SemanticTokensLegend{TokenTypes: tokenTypes, TokenModifiers: []string{}}, Full: true},
		ExecuteCommandProvider:  &protocol.ExecuteCommandOptions{Commands: []string{commandTest, commandSimulate, commandDraw, commandProve}},
	}
}

func (s *Server) shutdown() error {
	s.end()
	return nil
}

func (s *Server) exit() {
	select {
	case <-s.over:
	default:
		s.abrupt.Store(true)
	}
	go s.conn.Stop() // it waits for this very call
}

// openRoot opens the project of a workspace folder, if it is one.
func (s *Server) openRoot(dir string) {
	if dir != "" && isProject(dir) {
		s.projectIn(dir)
	}
}

// projectIn returns the project in a folder, or nil if the folder cannot be read.
func (s *Server) projectIn(root string) *served {
	if p := s.projects[root]; p != nil {
		return p
	}
	files, err := app.Open(root)
	if err != nil {
		return nil
	}
	p := &served{project: openProject(files, s.options.Env), root: root, shown: map[string][]protocol.Diagnostic{}}
	s.projects[root] = p
	s.show(p)
	return p
}

// of returns the project of a document and the document's name in it; nil if it belongs to no
// project.
func (s *Server) of(file string) (*served, string) {
	root, name, ok := rootOf(file)
	if !ok {
		return nil, ""
	}
	return s.projectIn(root), name
}

func (s *Server) didOpen(_ context.Context, p protocol.DidOpenTextDocumentParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[pathOf(p.TextDocument.URI)] = p.TextDocument.Text
	s.update([]string{pathOf(p.TextDocument.URI)})
	return nil
}

func (s *Server) didChange(_ context.Context, p protocol.DidChangeTextDocumentParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	file := pathOf(p.TextDocument.URI)
	text := s.open[file]
	for _, c := range p.ContentChanges {
		text = apply(text, c, s.wide)
	}
	s.open[file] = text
	s.update([]string{pathOf(p.TextDocument.URI)})
	return nil
}

func (s *Server) didClose(_ context.Context, p protocol.DidCloseTextDocumentParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, pathOf(p.TextDocument.URI))
	s.update([]string{pathOf(p.TextDocument.URI)})
	return nil
}

// didChangeFiles takes over files that another program has changed, such as a checkout of many.
// Open documents stay as the editor has them.
func (s *Server) didChangeFiles(_ context.Context, p protocol.DidChangeWatchedFilesParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var files []string
	for _, change := range p.Changes {
		if file := pathOf(change.URI); file != "" {
			files = append(files, file)
		}
	}
	s.update(files)
	return nil
}

// update gives files their present texts, and shows the mistakes of their projects. A file that is
// no source concerns the projects around it: their messages may carry it, or it is a folder that has
// come or gone with all its files.
func (s *Server) update(files []string) {
	touched, scanned := map[*served]bool{}, map[*served]bool{}
	for _, file := range files {
		p, name := s.of(file)
		if p == nil {
			for _, p := range s.around(file) {
				scanned[p] = true
			}
			continue
		}
		touched[p] = true
		if text, open := s.open[file]; open {
			p.set(name, text)
		} else {
			p.reload(name)
		}
	}
	for p := range scanned {
		if !isProject(p.root) {
			s.forget(p)
			continue
		}
		touched[p] = true
		p.rescan(func(name string) bool {
			_, open := s.open[filepath.Join(p.root, filepath.FromSlash(name))]
			return open
		})
	}
	for p := range touched {
		s.changed(p)
	}
}

// changed reads a project of which files have changed, and shows the mistakes.
func (s *Server) changed(p *served) {
	p.load()
	p.index = nil
	p.changes++
	s.show(p)
}

// around returns the projects that a file is in, or that are in it if it is a folder.
func (s *Server) around(file string) (all []*served) {
	for root, p := range s.projects {
		name, err := filepath.Rel(root, file)
		hidden := strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "..") && name != "." // such as .git
		outside := strings.HasPrefix(name, "..") && strings.Trim(filepath.ToSlash(name), "./") != ""
		if err == nil && !hidden && !outside {
			all = append(all, p)
		}
	}
	return all
}

// forget lets go of a project whose folder is gone, with all that was shown of it.
func (s *Server) forget(p *served) {
	for file := range p.shown {
		s.notify("textDocument/publishDiagnostics", &protocol.PublishDiagnosticsParams{URI: p.uri(file), Diagnostics: []protocol.Diagnostic{}})
	}
	p.shown = map[string][]protocol.Diagnostic{}
	p.changes++
	delete(s.projects, p.root)
}

// show sends the mistakes that have changed, and has the missing proofs made. Those follow
// when they are there.
func (s *Server) show(p *served) {
	s.publish(p)
	if p.proving || p.list.HasErrors() || p.proofs.of == p.read.Project {
		return
	}
	p.proving = true
	s.proving.Add(1)
	go s.prove(p)
}

// pause is how long nothing is typed before proofs are made: they may take many times as long as
// everything else that a key costs.
const pause = 250 * time.Millisecond

// prove makes the proofs of a project until they are those of its present state.
func (s *Server) prove(p *served) {
	defer s.proving.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { p.proving = false }()
	for s.paused(p) && p.proofs.of != p.read.Project && !p.list.HasErrors() {
		of, known := p.read.Project, p.proofs
		s.mu.Unlock()
		made := makeProofs(of, known)
		s.mu.Lock()
		p.proved++
		if p.proofs.of != p.read.Project { // nobody has asked for newer ones meanwhile
			p.proofs = made
			s.publish(p)
		}
	}
}

// paused waits until nothing is typed for a while. It returns false if the server ends first. It
// is called with the lock, which it gives away meanwhile.
func (s *Server) paused(p *served) bool {
	for seen := -1; seen != p.changes; {
		seen = p.changes
		s.mu.Unlock()
		select {
		case <-s.over:
			s.mu.Lock()
			return false
		case <-time.After(pause):
			s.mu.Lock()
		}
	}
	return true
}

// publish sends the mistakes of the files whose mistakes have changed.
func (s *Server) publish(p *served) {
	found := p.diagnostics()
	now := map[string][]protocol.Diagnostic{}
	for file, list := range found {
		if strings.Contains(file, ".") {
			now[file] = append(now[file], s.diagnostics(p, file, list)...)
		} else { // a folder, in which nothing can be shown
			now[flows.ProjectFile] = append(now[flows.ProjectFile], s.diagnostics(p, flows.ProjectFile, list)...)
		}
	}
	for file := range p.shown {
		if _, ok := now[file]; !ok {
			now[file] = []protocol.Diagnostic{}
		}
	}
	for file, list := range now {
		if reflect.DeepEqual(list, p.shown[file]) {
			continue
		}
		s.notify("textDocument/publishDiagnostics", &protocol.PublishDiagnosticsParams{URI: p.uri(file), Diagnostics: list})
		if p.shown[file] = list; len(list) == 0 {
			delete(p.shown, file)
		}
	}
}

// notify sends a message that has no answer. A client that is gone misses nothing.
func (s *Server) notify(method string, params any) {
	if s.conn != nil {
		_ = s.conn.Notify(context.Background(), method, params)
	}
}

// uri returns the URI of a file of the project.
func (p *served) uri(file string) string {
	return uriOf(filepath.Join(p.root, filepath.FromSlash(file)))
}

// lines returns the present text of a file of the project, as positions see it.
func (s *Server) lines(p *served, file string) lines {
	text, _ := p.text(file)
	return linesOf(text, s.wide)
}

// diagnostics returns mistakes in the protocol's form. The hint is part of the message, as in
// nudge check.
func (s *Server) diagnostics(p *served, file string, list diag.List) []protocol.Diagnostic {
	all, l := []protocol.Diagnostic{}, s.lines(p, file)
	for _, d := range list {
		severity := protocol.DiagnosticSeverityError
		if d.Severity == diag.Warning {
			severity = protocol.DiagnosticSeverityWarning
		}
		message := d.Message
		if d.Hint != "" {
			message += "\nhint: " + d.Hint
		}
		all = append(all, protocol.Diagnostic{Range: l.span(d.Span), Severity: severity, Code: string(d.Code), Source: "nudge", Message: message})
	}
	return all
}
