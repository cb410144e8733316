package lsp

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"nudge/lang/diag"
	"nudge/lang/insight"
	"nudge/lang/node"
	"nudge/templates"
)

// symbol is something that has a name.
type symbol struct {
	kind kind
	of   string // of a step or an end: the flow; of an outcome: the flow and the step, with a slash between; of a field: where it is declared
	name string
}

// use is a place where a symbol is named.
type use struct {
	symbol
	at      diag.Span
	defines bool
	step    diag.Span // of a step that is derived from its verb or template: its mapping
	unclear string    // why nobody can tell whether it is the symbol, or where; empty if it is
}

// index has the names in all files of a project.
type index struct {
	project *project
	uses    []use             // sorted by file and place
	same    map[symbol]symbol // of fields that several files declare: another one of them
	steps   map[string][]insight.Step
	tested  map[string][]string // by file of tests: the flows that it is about
}

// makeIndex finds all names in a project.
func (p *project) makeIndex() *index {
	x := &index{project: p, same: map[symbol]symbol{}, steps: map[string][]insight.Step{}, tested: map[string][]string{}}
	files := p.folder.names()
	notes := map[string]*insight.Notes{}
	for _, file := range files {
		if kindOf(file) == "flow" {
			notes[file], _ = p.space.Inspect(file, p.folder.texts[file])
			x.steps[stem(file)] = notes[file].Steps
		}
	}
	for _, file := range files {
		of := kindOf(file)
		if of == "template" {
			notes[file], _ = p.space.Inspect(file, p.folder.texts[file])
			x.file(file)
		}
		x.tree(file, of)
		if notes[file] != nil {
			x.pieces(file, notes[file])
		}
	}
	for flow, steps := range x.steps {
		for _, s := range steps {
			u := use{symbol: symbol{aStep, flow, s.ID}, at: s.At, defines: true, step: s.At}
			if s.Written == nil {
				x.uses = append(x.uses, u)
			}
		}
	}
	x.tidy()
	return x
}

// tidy sorts the uses, each once, and gives fields that are the same one symbol.
func (x *index) tidy() {
	for i := range x.uses {
		x.uses[i].symbol = x.one(x.uses[i].symbol)
	}
	slices.SortStableFunc(x.uses, func(a, b use) int {
		return cmp.Or(cmp.Compare(a.at.File, b.at.File), a.at.Start.Compare(b.at.Start), cmp.Compare(a.kind, b.kind), cmp.Compare(a.of, b.of), cmp.Compare(a.name, b.name))
	})
	x.uses = slices.CompactFunc(x.uses, func(a, b use) bool { return a.at == b.at && a.symbol == b.symbol })
}

// one returns the symbol that stands for all that are the same.
func (x *index) one(s symbol) symbol {
	for {
		next, ok := x.same[s]
		if !ok {
			return s
		}
		s = next
	}
}

func (x *index) add(k kind, of, name string, at diag.Span, defines bool) {
	x.uses = append(x.uses, use{symbol: symbol{k, of, name}, at: at, defines: defines})
}

// field notes that a place names a field, which files declare at some places.
func (x *index) field(name string, at diag.Span, declared []diag.Span) {
	if len(declared) == 0 {
		return
	}
	first := x.one(fieldAt(declared[0], name))
	for _, other := range declared[1:] {
		if s := x.one(fieldAt(other, name)); s != first {
			x.same[s] = first
		}
	}
	x.uses = append(x.uses, use{symbol: first, at: at, defines: slices.Contains(declared, at)})
}

func fieldAt(at diag.Span, name string) symbol {
	return symbol{aField, fmt.Sprintf("%s:%d:%d", at.File, at.Start.Line, at.Start.Column), name}
}

// file notes a template or partial by its file.
func (x *index) file(file string) {
	name, _, _ := templates.NameOf(file)
	k := aTemplate
	if path.Dir(file) == templates.PartialsFolder {
		k = aPartial
	}
	x.add(k, "", name, diag.Span{File: file}, true)
}

// tree notes the names that stand in the YAML of a file.
func (x *index) tree(file, of string) {
	root := parse(file, x.project.folder.texts[file])
	if of == "test" {
		x.tested[file] = x.project.flowsNamedIn(root)
	}
	walk(root, func(s spot) {
		if s.isKey {
			x.key(s, of)
			return
		}
		x.scalar(s, of, stem(file))
	})
}

// projectKeys are the keys of nudge.yaml whose keys are names.
var projectKeys = map[string]kind{"events": anEvent, "categories": aCategory, "accounts": anAccount}

// key notes a key that is a name.
func (x *index) key(s spot, of string) {
	keys, at := s.keys(), s.text.Span
	last := len(keys) - 1
	switch {
	case of == "project" && last == 1 && projectKeys[keys[0]] != noName:
		if keys[0] != "accounts" || keys[1] != "default" {
			x.add(projectKeys[keys[0]], "", keys[1], at, true)
		}
	case declaresField(keys, of):
		x.field(s.text.Value, at, []diag.Span{at})
	case of == "test" && last > 0 && (keys[last-1] == "answers" || keys[last-1] == "arms"):
		x.inTests(keys[last], at)
	default:
		x.dataKey(s, keys, of)
	}
}

// declaresField reports whether a key is a field of a shape.
func declaresField(keys []string, of string) bool {
	before := keys[:len(keys)-1]
	switch of {
	case "project":
		return len(before) > 1 && before[0] == "events" || len(before) > 0 && before[0] == "profile"
	case "flow":
		return len(before) > 0 && before[0] == "data" || slices.Contains(before, "shape")
	}
	return false
}

// dataKey notes the key of a value that becomes a field: of an event, of a flow's data, or of
// a profile.
func (x *index) dataKey(s spot, keys []string, of string) {
	name, at := s.text.Value, s.text.Span
	t := x.project.dataType(s, keys, of)
	if field, ok := strings.CutPrefix(name, "profile."); ok && of == "flow" && slices.Contains(keys, "set") {
		t, name = x.project.read.Profile, field
		at = s.text.At(len("profile."), len([]rune(s.text.Value)))
	}
	if t != nil {
		x.field(name, at, t.Places[name])
	}
}

// scalar notes a value that is a name.
func (x *index) scalar(s spot, of, file string) {
	if of == "test" {
		x.inTest(s)
		return
	}
	name, at := s.text.Value, s.text.Span
	switch k := s.named(of); k {
	case noName, aZone:
	case someHours, someTime:
		x.hours(s)
	case aStep:
		if name != "any" {
			x.add(aStep, file, name, at, s.path[len(s.path)-1] == "id")
		}
	case anEnd:
		x.add(anEnd, file, name, at, true)
	case anOutcome:
		if step := x.around(file, s); step != "" {
			x.add(anOutcome, file+"/"+step, name, at, true)
		}
	case aCategory:
		if name != "all" {
			x.add(aCategory, "", name, at, false)
		}
	default:
		x.add(k, "", name, at, k == aFlow && len(s.path) == 1)
	}
}

// hours notes the category whose hours a text names, alone or as in 4h of work.
func (x *index) hours(s spot) {
	text := s.text.Value
	name := text[strings.LastIndexByte(text, ' ')+1:]
	if x.project.read.Categories[name] != nil && (name == text || strings.HasSuffix(text, " of "+name)) {
		to := len([]rune(text))
		at := s.text.At(to-len(name), to)
		if name == text {
			at = s.text.Span
		}
		x.add(aCategory, "", name, at, false)
	}
}

// inTest notes a value of a file of tests that is a name.
func (x *index) inTest(s spot) {
	name, at, keys := s.text.Value, s.text.Span, s.keys()
	if len(keys) > 1 && keys[len(keys)-2] == "arms" {
		for _, flow := range x.tested[at.File] {
			x.outcomeOf(flow, keys[len(keys)-1], name, at)
		}
		return
	}
	switch k := s.named("test"); k {
	case noName, aZone:
	case aStep:
		x.inTests(name, at)
	case anEnd:
		x.endInTests(s, name, at)
	case anOutcome:
		for _, flow := range x.tested[at.File] {
			x.outcomeOf(flow, s.beside("wait", 0), name, at)
		}
	case aMessage:
		x.message(name, at)
	default:
		x.add(k, "", name, at, false)
	}
}

// outcomeOf notes an outcome of a step. A step that starts a flow and waits for it has the
// outcomes of that flow.
func (x *index) outcomeOf(flow, step, name string, at diag.Span) {
	if f := x.project.read.Flow(flow); f != nil {
		if i := f.StepNamed(step); i >= 0 && f.Steps[i].Start != nil {
			x.add(anEnd, f.Steps[i].Start.Flow, name, at, false)
			return
		}
	}
	x.add(anOutcome, flow+"/"+step, name, at, false)
}

// inTests notes a name of a step in tests, for each flow that has it.
func (x *index) inTests(name string, at diag.Span) {
	for _, flow := range x.tested[at.File] {
		if slices.ContainsFunc(x.steps[flow], func(s insight.Step) bool { return s.ID == name }) {
			x.add(aStep, flow, name, at, false)
		}
	}
}

// endInTests notes the end of a run in tests: of the flow that is named beside it, else of all
// that can end so.
func (x *index) endInTests(s spot, name string, at diag.Span) {
	named, before := s.beside("flow", 0), len(x.uses)
	for _, flow := range x.tested[at.File] {
		f := x.project.read.Flow(flow)
		if named == flow || named == "" && f != nil && slices.Contains(endsOf(f), name) {
			x.add(anEnd, flow, name, at, false)
		}
	}
	for i := before; i < len(x.uses) && len(x.uses)-before > 1; i++ {
		x.uses[i].unclear = "a test does not say of which flow it is the end; add flow: there"
	}
}

// message notes a message in tests, which is the step that sends it, or its template.
func (x *index) message(name string, at diag.Span) {
	if name == "any" || name == "nothing" {
		return
	}
	x.inTests(name, at)
	if _, ok := x.project.folder.texts["templates/"+name+".yaml"]; ok {
		x.add(aTemplate, "", name, at, false)
	}
}

// around returns the innermost step of a flow that a spot is in.
func (x *index) around(flow string, s spot) string {
	for _, m := range slices.Backward(s.maps) {
		for _, step := range x.steps[flow] {
			if step.At == m.Span() {
				return step.ID
			}
		}
	}
	return ""
}

var partialCall = regexp.MustCompile(`\bpartial\s+"([a-z0-9_]+)"`)

// pieces notes the names in the expressions and templates of a file.
func (x *index) pieces(file string, notes *insight.Notes) {
	users := []string{stem(file)}
	if kindOf(file) == "template" {
		users = nil
		for _, user := range x.project.space.Uses(file) {
			users = append(users, stem(user))
		}
	}
	seen := map[*node.Text]bool{}
	for _, piece := range notes.Pieces {
		for _, part := range piece.Parts {
			x.part(piece, part, users)
		}
		if piece.Template && !seen[piece.Text] {
			for _, m := range partialCall.FindAllStringSubmatchIndex(piece.Text.Value, -1) {
				from, to := chars(piece.Text.Value, m[2]), chars(piece.Text.Value, m[3])
				x.add(aPartial, "", piece.Text.Value[m[2]:m[3]], piece.Text.At(from, to), false)
			}
		}
		seen[piece.Text] = true
	}
}

// chars returns how many characters stand before a byte.
func chars(text string, at int) int { return len([]rune(text[:at])) }

// part notes a name or a field.
func (x *index) part(piece *insight.Piece, part insight.Part, flowsOf []string) {
	before := len(x.uses)
	at := piece.Span(part)
	switch {
	case part.Outcome != "":
		at = piece.Text.At(part.From+1, part.To-1)
		for _, flow := range flowsOf {
			x.outcomeOf(flow, part.Outcome, part.Name, at)
		}
	case part.Event || part.Category:
		k := anEvent
		if part.Category {
			k = aCategory
		}
		x.add(k, "", part.Name, piece.Text.At(part.From+1, part.To-1), false)
	case part.Name == "" || part.Of == nil:
	case part.Of == piece.Scope || len(part.Path) == 1:
		for _, flow := range flowsOf {
			if slices.ContainsFunc(x.steps[flow], func(s insight.Step) bool { return s.ID == part.Name }) {
				x.add(aStep, flow, part.Name, at, false)
			}
		}
	default:
		x.field(part.Name, at, part.Of.Places[part.Name])
	}
	if piece.Text.Exact() || len(x.uses) == before {
		return
	}
	at, found := x.seek(piece, part)
	for i := before; i < len(x.uses); i++ {
		if x.uses[i].at = at; !found {
			x.uses[i].unclear = "it stands in a text on several lines, in which its place cannot be told"
		}
	}
}

// seek finds a part in a text whose characters have no known places, such as one on several
// lines: as many times as its names stand in the text, they stand in the file.
func (x *index) seek(piece *insight.Piece, part insight.Part) (diag.Span, bool) {
	names := part.Path
	if part.Outcome != "" {
		names = []string{part.Name}
	}
	if len(names) == 0 {
		return piece.Text.Span, false
	}
	var quoted []string
	for _, name := range names {
		quoted = append(quoted, regexp.QuoteMeta(name))
	}
	form := regexp.MustCompile(`\b` + strings.Join(quoted, `\??\.`) + `\b`)
	inText := form.FindAllStringIndex(piece.Text.Value, -1)
	nth := slices.IndexFunc(inText, func(m []int) bool {
		return chars(piece.Text.Value, m[1]) == part.To || part.Outcome != "" && chars(piece.Text.Value, m[1]) == part.To-1
	})
	l := linesOf(x.project.folder.texts[piece.Text.Span.File], true)
	start := piece.Text.Span.Start
	line := l.line(start.Line - 1)
	last := blockEnd(l, start.Line-1, len(line)-len(strings.TrimLeft(line, " ")))
	from, to := l.offset(start), l.offset(diag.Pos{Line: last + 1, Column: 1 << 20})
	inFile := form.FindAllStringIndex(strings.Join(l.texts, "\n")[from:to], -1)
	if nth < 0 || len(inFile) != len(inText) {
		return piece.Text.Span, false
	}
	end := from + inFile[nth][1]
	return diag.Span{File: piece.Text.Span.File, Start: l.pos(end - len(part.Name)), End: l.pos(end)}, true
}

// at returns the symbols that are named at a place.
func (x *index) at(file string, p diag.Pos) (found []use) {
	for _, u := range x.uses {
		if u.at.File == file && within(p, u.at) && (u.step == diag.Span{}) {
			found = append(found, u)
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, u := range x.uses { // a step without an id is named by its first key
		if u.at.File == file && within(p, u.at) {
			found = append(found, u)
		}
	}
	return found
}

// of returns the uses of a symbol. An event or a template has none but its own.
func (x *index) of(s symbol) (all []use) {
	for _, u := range x.uses {
		if u.symbol == s {
			all = append(all, u)
		}
	}
	return all
}

// templateStep reports whether a step has the name of its template, because it has no id.
func (x *index) templateStep(flow, id string) bool {
	return slices.ContainsFunc(x.steps[flow], func(s insight.Step) bool {
		return s.ID == id && s.Written == nil && s.Verb == "send"
	})
}
