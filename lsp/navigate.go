package lsp

import (
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/creachadair/jrpc2"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lsp/protocol"
	"nudge/templates"
)

// names returns the names in a project, as it was read last. A file that is broken has the
// names of its last good text.
func (p *served) names() *index {
	if p.index == nil {
		p.index = p.makeIndex()
	}
	return p.index
}

// find returns the names at a place of a document.
func (s *Server) find(params protocol.TextDocumentPositionParams) (*served, []use) {
	p, file := s.of(pathOf(params.TextDocument.URI))
	if p == nil {
		return nil, nil
	}
	place, ok := p.moves(file).back(s.lines(p, file).place(params.Position))
	if !ok {
		return p, nil
	}
	return p, p.names().at(file, place)
}

func (s *Server) definition(_ context.Context, params protocol.TextDocumentPositionParams) ([]protocol.Location, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, found := s.find(params)
	all := []protocol.Location{}
	for _, u := range found {
		for _, d := range p.names().of(u.symbol) {
			if d.defines {
				all = append(all, s.location(p, d.at))
			}
		}
	}
	return distinct(all), nil
}

func (s *Server) references(_ context.Context, params protocol.ReferenceParams) ([]protocol.Location, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, found := s.find(protocol.TextDocumentPositionParams{TextDocument: params.TextDocument, Position: params.Position})
	all := []protocol.Location{}
	for _, u := range found {
		for _, d := range p.names().of(u.symbol) {
			if !d.defines || params.Context.IncludeDeclaration {
				all = append(all, s.location(p, d.at))
			}
		}
	}
	return distinct(all), nil
}

func distinct(all []protocol.Location) (once []protocol.Location) {
	once = []protocol.Location{}
	for _, l := range all {
		if !slices.Contains(once, l) {
			once = append(once, l)
		}
	}
	return once
}

func (s *Server) location(p *served, at diag.Span) protocol.Location {
	at, _ = p.moves(at.File).move(at)
	return protocol.Location{URI: p.uri(at.File), Range: s.lines(p, at.File).span(at)}
}

// noRename is why something cannot be renamed.
func noRename(format string, args ...any) error {
	return &jrpc2.Error{Code: jrpc2.InvalidParams, Message: fmt.Sprintf(format, args...)}
}

func (s *Server) prepareRename(_ context.Context, params protocol.TextDocumentPositionParams) (*protocol.Range, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, found := s.find(params)
	if len(found) == 0 || found[0].kind == aCategory && p.read.Categories[found[0].name] == nil {
		return nil, noRename("nothing here has a name that can be changed")
	}
	at := s.location(p, found[0].at).Range
	return &at, nil
}

var (
	newName  = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	newEvent = regexp.MustCompile(`^[A-Za-z0-9_]+([.:/-][A-Za-z0-9_]+)*$`)
	newField = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func (s *Server) rename(_ context.Context, params protocol.RenameParams) (*protocol.WorkspaceEdit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, found := s.find(protocol.TextDocumentPositionParams{TextDocument: params.TextDocument, Position: params.Position})
	if len(found) == 0 {
		return nil, noRename("nothing here has a name that can be changed")
	}
	if len(p.current) > 0 {
		return nil, noRename("a file of the project cannot be read; correct it first")
	}
	r := &renaming{x: p.names(), to: params.NewName, edits: map[string][]edit{}}
	for _, symbol := range r.meant(found) {
		if err := r.symbol(symbol); err != nil {
			return nil, err
		}
	}
	if err := r.harm(); err != nil {
		return nil, err
	}
	return s.workspaceEdit(p, r.edits, r.files), nil
}

// harm refuses a new name with which the project has a new error, such as a word that means
// something else at one of the places.
func (r *renaming) harm() error {
	p := r.x.project
	texts := maps.Clone(p.folder.texts)
	for file, edits := range r.edits {
		texts[file] = applied(texts[file], edits)
	}
	for _, f := range r.files {
		texts[f.to] = texts[f.from]
		delete(texts, f.from)
	}
	before, after := errorsOf(p.with(maps.Clone(p.folder.texts))), errorsOf(p.with(texts)) // neither with proofs
	if len(after) <= len(before) {
		return nil
	}
	known := map[string]bool{}
	for _, d := range before {
		known[d.Message] = true
	}
	for _, d := range after {
		if !known[d.Message] {
			return noRename("with the name %s, %s would have a mistake: %s", r.to, d.Span.File, d.Message)
		}
	}
	return nil
}

// errorsOf returns the errors in all files of a project, sorted.
func errorsOf(p *project) (all diag.List) {
	found := p.diagnostics()
	for _, file := range slices.Sorted(maps.Keys(found)) {
		for _, d := range found[file] {
			if d.Severity == diag.Error {
				all = append(all, d)
			}
		}
	}
	return all
}

// edit is a change of a file: the text of a span.
type edit struct {
	at   diag.Span
	text string
}

// renaming collects what a new name changes.
type renaming struct {
	x     *index
	to    string
	edits map[string][]edit // by file
	files []moved
}

// moved is a file with its new name.
type moved struct{ from, to string }

// meant returns the symbols that a name at a place means. The name of a message in tests is
// that of a step, or of the template from which the step has it.
func (r *renaming) meant(found []use) []symbol {
	for _, u := range found {
		if u.kind == aTemplate {
			return []symbol{u.symbol}
		}
	}
	for _, u := range found {
		if u.kind != aStep {
			return []symbol{u.symbol}
		}
	}
	var all []symbol
	for _, u := range found {
		all = append(all, u.symbol)
	}
	return all
}

// symbol gives a symbol another name, wherever it is named.
func (r *renaming) symbol(s symbol) error {
	form, hint := newName, "a name can contain only a-z, 0-9 and _"
	switch s.kind {
	case anEvent:
		form, hint = newEvent, "an event type consists of words separated by dots"
	case aField:
		form, hint = newField, "a field can contain only letters, digits and _"
	}
	if s.kind == aField && r.x.fromOutside(s) {
		return noRename("%s is also a column or a field of the people of an audience; rename it there and here by hand", s.name)
	}
	if !form.MatchString(r.to) {
		return noRename("%s", hint)
	}
	if err := r.taken(s); err != nil {
		return err
	}
	defined := s.kind != anEnd && s.kind != anOutcome
	for _, u := range r.x.of(s) {
		defined = defined || u.defines
		if u.unclear != "" {
			return noRename("%s: %s is named here, but %s", u.at, s.name, u.unclear)
		}
	}
	if !defined {
		return noRename("Nudge itself gives the outcome %s; write as: to give it another name", s.name)
	}
	switch s.kind {
	case aFlow:
		r.move("flows", s.name)
	case aTemplate:
		r.move("templates", s.name)
		for flow := range r.x.steps {
			if r.x.templateStep(flow, s.name) && slices.ContainsFunc(r.x.of(s), func(u use) bool { return u.at.File == "flows/"+flow+".yaml" }) {
				r.uses(symbol{aStep, flow, s.name})
			}
		}
	case aPartial:
		r.move(templates.PartialsFolder, s.name)
	case aStep:
		r.derived(s)
	}
	r.uses(s)
	return nil
}

// fromOutside reports whether a field is one of the rows of an audience, which is a file or a
// service.
func (x *index) fromOutside(s symbol) bool {
	for _, f := range x.project.read.Flows {
		for _, t := range f.Triggers {
			if t.Schedule == nil || t.Schedule.Audience == nil || t.Schedule.Audience.If != nil {
				continue
			}
			for _, at := range f.Data.Places[s.name] {
				if x.one(fieldAt(at, s.name)) == s {
					return true
				}
			}
		}
	}
	return false
}

// taken refuses a name that something else of the same kind has.
func (r *renaming) taken(s symbol) error {
	switch {
	case s.name == r.to:
		return noRename("that is the name already")
	case (s.kind == aStep || s.kind == aTemplate) && flows.HasMeaning(r.to):
		return noRename("%s has a meaning in flows, so no step can have that name", r.to)
	}
	for _, u := range r.x.uses {
		if u.defines && u.kind == s.kind && u.name == r.to && u.of == s.of && s.kind != aField && s.kind != anEnd && s.kind != anOutcome {
			return noRename("there is another %s", r.to)
		}
	}
	return nil
}

// uses changes all places that name a symbol. A place that several symbols share is changed
// once.
func (r *renaming) uses(s symbol) {
	for _, u := range r.x.of(s) {
		if (u.step != diag.Span{}) || u.at.Start.Line == 0 {
			continue
		}
		e := edit{u.at, r.text(u.at)}
		if !slices.Contains(r.edits[u.at.File], e) {
			r.edits[u.at.File] = append(r.edits[u.at.File], e)
		}
	}
}

// text is the new name as it is written at a place: in the quotes that are there.
func (r *renaming) text(at diag.Span) string {
	l := linesOf(r.x.project.folder.texts[at.File], true)
	written := r.x.project.folder.texts[at.File][l.offset(at.Start):l.offset(at.End)]
	if len(written) > 1 && (written[0] == '"' || written[0] == '\'') && written[len(written)-1] == written[0] {
		return written[:1] + r.to + written[:1]
	}
	return r.to
}

// derived writes an id into the step whose name is derived from its verb or template.
func (r *renaming) derived(s symbol) {
	for _, u := range r.x.of(s) {
		if (u.step == diag.Span{}) {
			continue
		}
		line := linesOf(r.x.project.folder.texts[u.at.File], true).line(u.at.Start.Line - 1)
		before := string([]rune(line)[:u.at.Start.Column-1])
		text := "id: " + r.to + "\n" + strings.Repeat(" ", u.at.Start.Column-1)
		if strings.HasPrefix(string([]rune(line)[u.at.Start.Column-1:]), "{") { // { send: hello }
			u.at.Start.Column++
			text = " id: " + r.to + ","
		} else if strings.Contains(before, "{") || strings.Contains(before, "[") {
			text = "id: " + r.to + ", "
		}
		u.at.End = u.at.Start
		r.edits[u.at.File] = append(r.edits[u.at.File], edit{u.at, text})
	}
}

// move renames the files of a folder that belong to a name.
func (r *renaming) move(folder, name string) {
	for _, file := range r.x.project.folder.names() {
		if owner, _, _ := templates.NameOf(file); path.Dir(file) == folder && owner == name {
			r.files = append(r.files, moved{file, folder + "/" + r.to + strings.TrimPrefix(path.Base(file), name)})
		}
	}
}

// workspaceEdit returns changes of files in the protocol's form. Files are renamed last.
func (s *Server) workspaceEdit(p *served, edits map[string][]edit, files []moved) *protocol.WorkspaceEdit {
	w := &protocol.WorkspaceEdit{}
	for _, file := range p.folder.names() {
		if len(edits[file]) > 0 {
			w.DocumentChanges = append(w.DocumentChanges, s.textEdits(p, file, edits[file]))
		}
	}
	for _, f := range files {
		w.DocumentChanges = append(w.DocumentChanges, &protocol.RenameFile{Kind: "rename", OldURI: p.uri(f.from), NewURI: p.uri(f.to)})
	}
	return w
}

func (s *Server) textEdits(p *served, file string, edits []edit) *protocol.TextDocumentEdit {
	changes, l := &protocol.TextDocumentEdit{TextDocument: protocol.OptionalVersionedTextDocumentIdentifier{URI: p.uri(file)}}, s.lines(p, file)
	for _, e := range edits {
		changes.Edits = append(changes.Edits, protocol.TextEdit{Range: l.span(e.at), NewText: e.text})
	}
	return changes
}

// symbols returns the flows, templates, events and steps whose names contain a text.
func (s *Server) workspaceSymbols(_ context.Context, params protocol.WorkspaceSymbolParams) ([]protocol.SymbolInformation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []protocol.SymbolInformation{}
	for _, root := range slices.Sorted(maps.Keys(s.projects)) {
		p := s.projects[root]
		for _, u := range p.names().uses {
			k, ok := symbolKinds[u.kind]
			if u.defines && ok && strings.Contains(strings.ToLower(u.name), strings.ToLower(params.Query)) {
				all = append(all, protocol.SymbolInformation{Name: u.name, Kind: k, Location: s.location(p, u.at)})
			}
		}
	}
	return all, nil
}

// symbolKinds are the kinds of names that editors list.
var symbolKinds = map[kind]protocol.SymbolKind{
	aFlow: protocol.SymbolKindModule, aTemplate: protocol.SymbolKindFile, aPartial: protocol.SymbolKindFile, anEvent: protocol.SymbolKindEvent,
	aStep: protocol.SymbolKindFunction, aCategory: protocol.SymbolKindEnum,
}
