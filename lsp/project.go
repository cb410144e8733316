package lsp

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"nudge/app"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/sandbox/people"
	"nudge/whatif/story"
)

// project is one project with its open documents. It is for one goroutine at a time; what it
// returns is not changed later.
type project struct {
	folder   *folder           // as it is read: a file that is broken has its last good text
	current  map[string]string // the texts of files that are broken
	space    flows.Workspace
	settings app.SettingsReader
	asked    *settingsRead
	tests    map[string]*testsRead
	read     *app.Project
	list     diag.List // of the project as it was read, without what proofs and tests add
	proofs   proofs
	parsed   int // files that were parsed beside those of the workspace
}

// settingsRead is what the settings in a text of nudge.yaml are.
type settingsRead struct {
	text     string
	settings app.Settings
	list     diag.List
}

// testsRead is a file of tests as it was read, with all that it depended on.
type testsRead struct {
	text  string
	names string // of all flows and events, which hints list
	file  *story.File
	list  diag.List
}

// openProject reads a project from a folder. Files that are broken on the disk are read as
// they are.
func openProject(disk fs.FS, env app.Environment) *project {
	p := &project{folder: openFolder(disk), current: map[string]string{}, tests: map[string]*testsRead{}}
	read := app.AllSettings(env)
	p.settings = func(text string) (app.Settings, diag.List) {
		if p.asked == nil || p.asked.text != text {
			p.parsed++
			s, list := read(text)
			p.asked = &settingsRead{text, s, list}
		}
		return p.asked.settings, p.asked.list
	}
	p.load()
	return p
}

// with returns the project as it would be with other texts.
func (p *project) with(texts map[string]string) *project {
	other := &project{folder: &folder{p.folder.disk, texts, p.folder.bad}, current: map[string]string{}, settings: p.settings, tests: map[string]*testsRead{}}
	other.load()
	return other
}

// text returns the present text of a source.
func (p *project) text(file string) (string, bool) {
	if text, ok := p.current[file]; ok {
		return text, true
	}
	text, ok := p.folder.texts[file]
	return text, ok
}

// set gives a file a text, as its document has it. Of a text that is no YAML the last good one
// stays in use.
func (p *project) set(file, text string) {
	if !isSource(file) {
		return
	}
	delete(p.current, file)
	_, known := p.folder.texts[file]
	if known && p.folder.texts[file] == text {
		return
	}
	p.parsed++
	if known && !node.Readable(file, []byte(text), &diag.List{}) {
		p.current[file] = text
		return
	}
	p.folder.texts[file] = text
}

// reload takes a file from the disk, because its document was closed or the file has changed.
func (p *project) reload(file string) {
	if !isSource(file) {
		p.space.Forget()
		return
	}
	text, err := fs.ReadFile(p.folder.disk, file)
	if err != nil {
		delete(p.current, file)
		p.folder.reload(file)
		return
	}
	p.set(file, string(text))
}

// rescan takes all files from the disk again, but for those that are open.
func (p *project) rescan(open func(file string) bool) {
	for _, file := range slices.Concat(p.folder.listed(), openFolder(p.folder.disk).listed()) {
		if !open(file) {
			p.reload(file)
		}
	}
	p.space.Forget()
}

// load reads what has changed.
func (p *project) load() {
	if _, ok := p.folder.texts[people.File]; ok {
		p.parsed++
	}
	p.read = app.ReadIn(&p.space, p.folder, p.settings)
	p.list = slices.Clone(p.read.List)
}

// Parsed returns how many times a file was parsed so far.
func (p *project) Parsed() int { return p.space.Parsed() + p.parsed }

// diagnostics returns the mistakes of all files as nudge check shows them, by file. What the
// proofs find is there as far as they were made.
func (p *project) diagnostics() map[string]diag.List {
	list := slices.Clone(p.list)
	if !list.HasErrors() { // a project that does not load cannot be explored
		list = append(list, p.proofs.known(p.read.Project).Diagnose()...)
		list = append(list, p.readTests()...)
	}
	list.Sort()
	found := map[string]diag.List{}
	for _, d := range list {
		found[d.Span.File] = append(found[d.Span.File], d)
	}
	for file, text := range p.current {
		found[file] = p.broken(file, text, found[file])
	}
	return found
}

// broken returns the mistakes of a file that cannot be read: why, and what else was wrong
// with its last good text, on the lines that are still the same.
func (p *project) broken(file, text string, before diag.List) diag.List {
	var list diag.List
	node.Readable(file, []byte(text), &list)
	same := p.moves(file)
	for _, d := range before {
		if moved, ok := same.move(d.Span); ok {
			d.Span = moved
			list = append(list, d)
		}
	}
	list.Sort()
	return list
}

// moves says how the lines of a file's last good text have moved in the present one.
func (p *project) moves(file string) shared {
	if text, broken := p.current[file]; broken {
		return sameLines(p.folder.texts[file], text)
	}
	return shared{first: 1 << 30}
}

// shared says which lines two texts have in common: some at the beginning, and some at the
// end.
type shared struct{ first, last, old, new int }

func sameLines(old, new string) shared {
	a, b := strings.Split(old, "\n"), strings.Split(new, "\n")
	s := shared{old: len(a), new: len(b)}
	for s.first < min(len(a), len(b)) && a[s.first] == b[s.first] {
		s.first++
	}
	for s.last < min(len(a), len(b))-s.first && a[len(a)-1-s.last] == b[len(b)-1-s.last] {
		s.last++
	}
	return s
}

// move returns where a span of the old text is in the new one; false if its lines have
// changed.
func (s shared) move(at diag.Span) (diag.Span, bool) {
	switch {
	case at.End.Line <= s.first:
		return at, true
	case at.Start.Line <= s.old-s.last:
		return at, false
	}
	at.Start.Line += s.new - s.old
	at.End.Line += s.new - s.old
	return at, true
}

// back returns where a place of the new text was in the old one; false if its line has changed.
func (s shared) back(at diag.Pos) (diag.Pos, bool) {
	switch {
	case at.Line <= s.first:
		return at, true
	case at.Line <= s.new-s.last:
		return at, false
	}
	at.Line += s.old - s.new
	return at, true
}

// readTests reads the tests that something concerns, and returns the mistakes in all of them.
func (p *project) readTests() (list diag.List) {
	before := p.tests
	p.tests = map[string]*testsRead{}
	var names strings.Builder
	for _, f := range p.read.Flows {
		names.WriteString(f.Name + "\n")
	}
	names.WriteString("\n" + strings.Join(slices.Sorted(maps.Keys(p.read.Events)), "\n"))
	files, _ := p.folder.Glob(story.Folder + "/*.yaml") // the pattern is valid
	for _, name := range files {
		t, text := before[name], p.folder.texts[name]
		if t == nil || !t.holds(text, names.String(), p.read.Project) {
			p.parsed++
			t = &testsRead{text: text, names: names.String()}
			t.file, t.list = story.Parse(p.read.Project, name, []byte(text))
			t.file.Folder = p.folder
		}
		p.tests[name] = t
		list = append(list, t.list...)
	}
	return list
}

// holds reports whether nothing has changed on which the reading depended.
func (t *testsRead) holds(text, names string, p *flows.Project) bool {
	return t.text == text && t.names == names &&
		!slices.ContainsFunc(t.file.Flows, func(f *flows.Flow) bool { now := p.Flow(f.Name); return now == nil || !now.SameProgram(f) })
}

// suite returns the tests as they were read last.
func (p *project) suite() (all []*story.Test) {
	for _, name := range slices.Sorted(maps.Keys(p.tests)) {
		all = append(all, p.tests[name].file.Tests...)
	}
	return all
}

// prove makes all proofs that are missing. It is for tests, and for a project that is not
// served.
func (p *project) prove() {
	if !p.list.HasErrors() {
		p.proofs = makeProofs(p.read.Project, p.proofs)
	}
}
