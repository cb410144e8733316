package lsp

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lsp/protocol"
)

// action is a change that corrects a mistake.
type action struct {
	title   string
	file    string // that is changed
	edits   []edit
	creates bool // the file is new
	likely  bool // most likely what is meant
}

func (s *Server) codeActions(_ context.Context, params protocol.CodeActionParams) ([]protocol.CodeAction, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []protocol.CodeAction{}
	p, file := s.of(pathOf(params.TextDocument.URI))
	if p == nil {
		return all, nil
	}
	l := s.lines(p, file)
	asked := diag.Span{Start: l.place(params.Range.Start), End: l.place(params.Range.End)}
	for _, d := range p.diagnostics()[file] {
		if d.Span.End.Compare(asked.Start) < 0 || asked.End.Compare(d.Span.Start) < 0 {
			continue
		}
		for _, a := range p.corrections(d) {
			all = append(all, protocol.CodeAction{Title: a.title, Kind: protocol.CodeActionKindQuickFix, IsPreferred: a.likely,
				Diagnostics: s.diagnostics(p, file, diag.List{d}), Edit: s.actionEdit(p, a)})
		}
	}
	return all, nil
}

func (s *Server) actionEdit(p *served, a action) *protocol.WorkspaceEdit {
	w := &protocol.WorkspaceEdit{}
	if a.creates {
		w.DocumentChanges = append(w.DocumentChanges, &protocol.CreateFile{Kind: "create", URI: p.uri(a.file), Options: &protocol.CreateFileOptions{IgnoreIfExists: true}})
	}
	w.DocumentChanges = append(w.DocumentChanges, s.textEdits(p, a.file, a.edits))
	return w
}

// corrections returns the changes that correct a mistake.
func (p *project) corrections(d diag.Diagnostic) (all []action) {
	file := d.Span.File
	text, _ := p.text(file)
	f := &fixing{p: p, d: d, file: file, l: linesOf(text, true)}
	all = append(all, f.replacements()...)
	switch d.Code {
	case "missing-template":
		all = append(all, f.createTemplate())
	case "flow-name":
		all = append(all, f.replace("name it "+stem(file)+", as the file", f.inQuotes(f.marked(), stem(file)), true))
	case "missing-key":
		all = append(all, f.begin()...)
	case "unknown-partial":
		all = append(all, f.createPartial())
	case "unknown-event", "untyped":
		all = append(all, f.declareEvent()...)
	case "no-failed-line":
		all = append(all, f.failedLine()...)
	case "may-be-absent":
		all = append(all, f.defaults()...)
	case "wait-without-end":
		all = append(all, f.addLine("after: 1d", "add a line after: 1d")...)
	}
	return slices.DeleteFunc(all, func(a action) bool { return a.title == "" })
}

// fixing is a mistake that is being corrected.
type fixing struct {
	p    *project
	d    diag.Diagnostic
	file string
	l    lines
}

// marked returns the text that the mistake is about.
func (f *fixing) marked() string {
	text := strings.Join(f.l.texts, "\n")
	from, to := f.l.offset(f.d.Span.Start), f.l.offset(f.d.Span.End)
	if f.d.Span.Start.Line == 0 || from > to || to > len(text) {
		return ""
	}
	return text[from:to]
}

func (f *fixing) replace(title, with string, likely bool) action {
	return action{title: title, file: f.file, edits: []edit{{f.d.Span, with}}, likely: likely}
}

var (
	didYouMean = regexp.MustCompile(`did you mean "([^"]+)"\?`)
	writeIt    = regexp.MustCompile(`^(?:write|quote it:|put quotes around text:|use) (.+?)(?: instead\b.*|\. Allowed here:.*)?$`)
	compareBy  = regexp.MustCompile(`^compare with (\S+)$`)
	beginWith  = regexp.MustCompile(`^begin the file with (flow: \S+)$`)
	writeWord  = regexp.MustCompile(`^write "([^"]+)" instead`)
)

// replacements returns what the hint says to write in place of the marked text. Nothing is
// offered that leaves the mistake where it is, so a hint that only describes is no offer.
func (f *fixing) replacements() (all []action) {
	marked, hint := f.marked(), f.d.Hint
	if marked == "" {
		return nil
	}
	var with []string
	others := 1 // what is behind a word that was wrong may be wrong, too
	if m := didYouMean.FindStringSubmatch(hint); m != nil {
		with = append(with, m[1])
	}
	if m := writeWord.FindStringSubmatch(hint); m != nil {
		with = append(with, m[1])
	} else if m := writeIt.FindStringSubmatch(hint); m != nil && len(with) == 0 {
		with, others = append(with, m[1]), 0
	} else if m := compareBy.FindStringSubmatch(hint); m != nil {
		with = append(with, m[1])
	}
	for _, text := range with {
		for _, text := range []string{f.inQuotes(marked, text), text} {
			a := f.replace("replace with "+text, text, true)
			if f.corrects(a, others) {
				all = append(all, a)
				break
			}
		}
	}
	return all
}

// inQuotes puts a text into the quotes that the marked text has.
func (f *fixing) inQuotes(marked, text string) string {
	if len(marked) > 1 && (marked[0] == '"' || marked[0] == '\'') && marked[len(marked)-1] == marked[0] && text[0] != marked[0] {
		return marked[:1] + text + marked[:1]
	}
	return text
}

// corrects reports whether an action takes the mistake away, and leaves at most so many others
// that the mistake may have hidden.
func (f *fixing) corrects(a action, others int) bool {
	now, known := f.p.text(a.file)
	then := applied(now, a.edits)
	if known && !node.Readable(a.file, []byte(then), &diag.List{}) {
		return false
	}
	before, after := f.p.mistakesIn(f.file, a.file, now, then)
	same := func(d diag.Diagnostic) bool {
		return d.Code == f.d.Code && d.Message == f.d.Message && d.Span.Start == f.d.Span.Start
	}
	return len(after) < len(before)+others && !slices.ContainsFunc(after, same)
}

// mistakesIn returns the mistakes of a file, with two texts of the same or another file. Most
// can be seen without reading the whole project.
func (p *project) mistakesIn(file, changed, one, other string) (before, after diag.List) {
	if of := kindOf(file); file == changed && (of == "flow" || of == "template") {
		_, before = p.space.Inspect(file, one)
		_, after = p.space.Inspect(file, other)
		if len(after) < len(before) {
			return before, after
		}
	}
	read := func(text string) diag.List {
		texts := maps.Clone(p.folder.texts)
		texts[changed] = text
		return p.with(texts).diagnostics()[file]
	}
	return read(one), read(other)
}

// applied returns a text after edits that do not overlap.
func applied(text string, edits []edit) string {
	l := linesOf(text, true)
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b edit) int { return b.at.Start.Compare(a.at.Start) })
	for _, e := range sorted {
		text = text[:l.offset(e.at.Start)] + e.text + text[l.offset(e.at.End):]
	}
	return text
}

// begin writes the line with which a file has to begin.
func (f *fixing) begin() []action {
	m := beginWith.FindStringSubmatch(f.d.Hint)
	if m == nil {
		return nil
	}
	start := diag.Span{File: f.file, Start: diag.Pos{Line: 1, Column: 1}, End: diag.Pos{Line: 1, Column: 1}}
	a := action{title: "begin with " + m[1], file: f.file, edits: []edit{{start, m[1] + "\n"}}, likely: true}
	if !f.corrects(a, 1) {
		return nil
	}
	return []action{a}
}

// createTemplate makes the template that a send names.
func (f *fixing) createTemplate() action {
	name := strings.Trim(f.marked(), `"'`)
	return f.create("templates/"+name+".yaml", "create the template "+name, "body: Write the message here.\n")
}

var partialNamed = regexp.MustCompile(`templates/partials/([a-z0-9_]+)\.yaml not found`)

// createPartial makes the partial that a template includes.
func (f *fixing) createPartial() action {
	if m := partialNamed.FindStringSubmatch(f.d.Message); m != nil {
		return f.create("templates/partials/"+m[1]+".yaml", "create the partial "+m[1], "body: Write the text here.\n")
	}
	return action{}
}

func (f *fixing) create(file, title, text string) action {
	if !newName.MatchString(stem(file)) {
		return action{}
	}
	start := diag.Span{File: file, Start: diag.Pos{Line: 1, Column: 1}, End: diag.Pos{Line: 1, Column: 1}}
	return action{title: title, file: file, edits: []edit{{start, text}}, creates: true}
}

// declareEvent declares an event that the flow uses in nudge.yaml: with the field whose type is
// not known, or without fields.
func (f *fixing) declareEvent() (all []action) {
	shapes := []string{"{}"}
	if field, ok := strings.CutPrefix(f.marked(), "event."); ok && newField.MatchString(field) {
		shapes = nil
		for _, kind := range []string{"string", "number", "boolean", "time"} {
			shapes = append(shapes, "{ "+field+": "+kind+" }")
		}
	}
	for _, event := range f.undeclared() {
		for _, shape := range shapes {
			if a := f.declaration(event, shape); f.corrects(a, 1) {
				all = append(all, a)
				break
			}
		}
	}
	return all
}

// declaration writes an event into nudge.yaml, which may not exist yet.
func (f *fixing) declaration(event, shape string) action {
	text, known := f.p.text(flows.ProjectFile)
	l := linesOf(text, true)
	at, insert := diag.Pos{Line: len(l.texts), Column: len([]rune(l.line(len(l.texts)-1))) + 1}, "events:\n  "+event+": "+shape+"\n"
	if at.Column > 1 {
		insert = "\n" + insert
	}
	for n, line := range l.texts {
		rest, ok := strings.CutPrefix(line, "events:")
		if !ok {
			continue
		}
		at, insert = diag.Pos{Line: n + 2, Column: 1}, "  "+event+": "+shape+"\n"
		if i := strings.IndexByte(rest, '{'); i >= 0 && strings.TrimSpace(rest[:i]) == "" {
			at, insert = diag.Pos{Line: n + 1, Column: len("events:") + i + 2}, " "+event+": "+shape+","
		}
	}
	span := diag.Span{File: flows.ProjectFile, Start: at, End: at}
	return action{title: "declare the event " + event, file: flows.ProjectFile, edits: []edit{{span, insert}}, creates: !known}
}

// undeclared returns the events that nudge.yaml does not declare: the one at the mistake, or all
// of the file where the mistake is about a field.
func (f *fixing) undeclared() (events []string) {
	text, _ := f.p.text(f.file)
	walk(parse(f.file, text), func(s spot) {
		if s.named(kindOf(f.file)) != anEvent || f.p.read.Events[s.text.Value] != nil || slices.Contains(events, s.text.Value) {
			return
		}
		if s.text.Span.Start == f.d.Span.Start || f.d.Code == "untyped" && strings.HasPrefix(f.marked(), "event.") {
			events = append(events, s.text.Value)
		}
	})
	return events
}

// failedLine adds a line for a message that fails, below the line for the message that is
// read.
func (f *fixing) failedLine() []action {
	text, _ := f.p.text(f.file)
	var message string
	first := blockEnd(f.l, f.d.Span.Start.Line-1, max(f.d.Span.Start.Column-1, 0))
	walk(parse(f.file, text), func(s spot) {
		if line := s.text.Span.Start.Line; !s.isKey && s.path[len(s.path)-1] == "read" && line >= f.d.Span.Start.Line && line <= first+1 && message == "" {
			message = s.text.Value
		}
	})
	if message == "" {
		return nil
	}
	return f.addLine("failed: "+message, "add a line failed: "+message)
}

// addLine adds a line at the beginning of the list that the mistake is about.
func (f *fixing) addLine(line, title string) []action {
	at := f.d.Span.Start
	rest := []rune(f.l.line(at.Line - 1))
	rest = rest[min(at.Column-1, len(rest)):]
	var text string
	switch written := string(rest); {
	case strings.HasPrefix(written, "["):
		at.Column++
		text = " { " + line + " },"
	case strings.HasPrefix(written, "- "):
		text = "- " + line + "\n" + strings.Repeat(" ", at.Column-1)
	default:
		return nil
	}
	return []action{{title: title, file: f.file, edits: []edit{{diag.Span{File: f.file, Start: at, End: at}, text}}}}
}

// defaults gives a value that may be absent a default.
func (f *fixing) defaults() (all []action) {
	marked := f.marked()
	for _, value := range []string{`""`, "0", "now", "false"} {
		for _, with := range []string{marked + " ?? " + value, "(" + marked + " ?? " + value + ")", marked + " | default " + value} {
			if a := f.replace("give it the default "+value, with, false); marked != "" && f.corrects(a, 0) {
				return append(all, a)
			}
		}
	}
	return all
}
