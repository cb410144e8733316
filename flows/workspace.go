package flows

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/templates"
)

// Workspace reads a project again and again while its files change. It keeps what it has
// read, and reads only the files that a change concerns: a file itself, and the flows that
// use it or that see what it says. A flow that nothing concerns is the same *Flow in both projects. The zero Workspace
// has read nothing. It is for one goroutine at a time; the projects that it returns are
// immutable, as always.
type Workspace struct {
	list      diag.List // of what is being read now: the nodes of all files report here
	config    *configRead
	templates map[string]*templateRead // by the names of their files
	flows     map[string]*flowRead
	project   *Project // the last one
	files     []File   // of the last project
	fsys      fs.FS    // where the files are that messages carry
	slips     slips
	parsed    int
}

// configRead is nudge.yaml as it was read.
type configRead struct {
	text     string
	common   string   // what can concern any flow; empty: not asked for yet
	profile  string   // what concerns the flows that name it
	project  *Project // only what nudge.yaml says
	mistakes diag.List
}

// templateRead is a file of templates or partials as it was read.
type templateRead struct {
	text     string
	file     *templates.File
	mistakes diag.List
}

// flowRead is a file of flows as it was read, with all that it depended on.
type flowRead struct {
	text   string
	config *configRead
	says   string                   // what nudge.yaml says that it can see
	sees   bool                     // it names the profile
	names  string                   // of all templates and partials, which hints list
	needs  map[string]*templateRead // the files of the templates and partials that it uses
	links
	flow     *Flow // nil with errors
	mistakes diag.List
}

// Parsed returns how many files of the project were parsed so far.
func (w *Workspace) Parsed() int { return w.parsed }

// Forget makes the next Load read every flow again, because a file that messages carry has
// changed.
func (w *Workspace) Forget() { w.flows = nil }

// Load is [Load] that reads only what has changed since the last call.
func (w *Workspace) Load(fsys fs.FS) (*Project, diag.List) {
	w.fsys = fsys
	files, list := readFiles(fsys)
	w.shareTexts(files)
	p, more := w.load(files, &assets{fsys: fsys})
	list = append(list, more...)
	list = append(list, w.unit(func() { p.checkCalls(w.calls(), flowNames(files), &w.list) })...)
	list = append(list, w.unit(func() { p.checkEvents(w.heard(), w.emitted(), &w.slips, &w.list) })...)
	list.Sort(ProjectFile)
	return p, list
}

// shareTexts takes the texts of files that have not changed from the last time, so that they
// are in memory once.
func (w *Workspace) shareTexts(files []File) {
	for i, f := range files {
		if w.project != nil && w.project.files[f.Name] == f.Text {
			files[i].Text = w.project.files[f.Name]
		}
	}
}

// load reads the files of a project or a bundle. A bundle has only one flow and lacks the
// flows that it starts. The list is not sorted.
func (w *Workspace) load(files []File, assets *assets) (p *Project, list diag.List) {
	texts := map[string]string{}
	for _, f := range files {
		texts[f.Name] = f.Text
	}
	w.readConfig(texts[ProjectFile], assets == nil)
	list = append(list, w.config.mistakes...)
	same := *w.config.project
	p = &same
	p.library, p.files, p.assets = templates.NewLibrary(), texts, assets
	list = append(list, w.readTemplates(p, files)...)
	list = append(list, w.unit(func() { p.library.Join(&w.list) })...)
	list = append(list, w.readFlows(p, files)...)
	list = append(list, w.unit(func() { p.library.CheckUnused(p.alone(), &w.list) })...)
	p.assets = nil
	slices.SortFunc(p.Flows, func(a, b *Flow) int { return strings.Compare(a.Name, b.Name) })
	w.project, w.files = p, files
	return p, list
}

// unit does a piece of the reading and returns the mistakes that it found.
func (w *Workspace) unit(read func()) diag.List {
	w.list = nil
	read()
	return w.list
}

// readConfig reads nudge.yaml, if it has changed.
func (w *Workspace) readConfig(text string, bundle bool) {
	if w.config != nil && w.config.text == text {
		return
	}
	w.parsed++
	p := &Project{preferences: bundle} // where the flow of a bundle was loaded, there was a page
	w.config = &configRead{text: text, project: p}
	w.config.mistakes = w.unit(func() { p.readConfig([]byte(text), &w.list) })
}

// readTemplates puts all templates and partials into the library of a project.
func (w *Workspace) readTemplates(p *Project, files []File) (list diag.List) {
	before := w.templates
	w.templates = map[string]*templateRead{}
	for _, folder := range templateFolders {
		for _, f := range inFolder(files, folder) {
			t := before[f.Name]
			if t == nil || t.text != f.Text {
				w.parsed++
				t = &templateRead{text: f.Text}
				t.mistakes = w.unit(func() { t.file = templates.ParseFile(f.Name, []byte(f.Text), &w.list) })
			}
			w.templates[f.Name] = t
			p.library.Put(t.file)
			list = append(list, t.mistakes...)
		}
	}
	return list
}

// readFlows reads all flows that something concerns, and adds those without errors to a
// project.
func (w *Workspace) readFlows(p *Project, files []File) (list diag.List) {
	before := w.flows
	w.flows = map[string]*flowRead{}
	names := strings.Join(slices.Concat(p.library.Names(), []string{""}, slices.Sorted(maps.Keys(p.library.Partials()))), "\n")
	for _, f := range inFolder(files, "flows") {
		read := before[f.Name]
		if read == nil || !read.holds(w, p, f.Text, names) {
			w.parsed++
			r := p.newReader(nil, &w.list)
			read = &flowRead{text: f.Text, config: w.config, names: names}
			read.mistakes = w.unit(func() { read.flow = r.file(f) })
			read.links = r.links.loose()
			read.needs = w.needs(p, &read.links)
			read.sees = read.seesProfile()
			read.says = w.config.says(read)
		} else {
			read.settle(w.config, p)
			read.carry(w.project, p)
		}
		w.flows[f.Name] = read
		p.library.Use(slices.Collect(maps.Keys(read.used)), slices.Collect(maps.Keys(read.partials)))
		list = append(list, read.mistakes...)
		if read.flow != nil {
			p.Flows = append(p.Flows, read.flow)
		}
	}
	return list
}

// holds reports whether nothing has changed on which the reading depended.
func (read *flowRead) holds(w *Workspace, p *Project, text, names string) bool {
	return read.text == text && read.names == names && (read.config == w.config || read.says == w.config.says(read)) &&
		maps.Equal(read.needs, w.needs(p, &read.links))
}

// settle takes a flow into a project whose settings have changed in what does not concern it: the
// flow says the same, but its bundle has them.
func (read *flowRead) settle(config *configRead, p *Project) {
	if read.config == config {
		return
	}
	moved := read.config.profile != config.profile
	read.config = config
	if read.flow == nil {
		return
	}
	bundle := slices.Clone(read.flow.Bundle)
	bundle[0].Text = p.usedConfig(read.flow, &read.links)
	if bundle[0].Text == read.flow.Bundle[0].Text && !moved {
		return
	}
	same := *read.flow
	same.Bundle, same.Profile = bundle, p.Profile
	read.flow = &same
}

// SameProgram reports whether two flows come from one reading of their file: they differ at most in
// settings that do not concern them.
func (f *Flow) SameProgram(other *Flow) bool {
	return f == other || len(f.Steps) > 0 && len(other.Steps) > 0 && &f.Steps[0] == &other.Steps[0]
}

// seesProfile reports whether a flow, or a file that it uses, names the profile.
func (read *flowRead) seesProfile() bool {
	sees := strings.Contains(read.text, NameProfile)
	for _, t := range read.needs {
		sees = sees || t != nil && strings.Contains(t.text, NameProfile)
	}
	return sees
}

// needs returns the files of the templates and partials that a flow uses.
func (w *Workspace) needs(p *Project, l *links) map[string]*templateRead {
	needs := map[string]*templateRead{}
	add := func(files []string) {
		for _, file := range files {
			needs[file] = w.templates[file]
		}
	}
	for name := range l.used {
		add(p.library.Source(name).Files())
	}
	for name := range l.partials {
		if partial := p.library.Partials()[name]; partial != nil {
			add(partial.Files())
		}
	}
	return needs
}

// loose returns the links without what holds on to the project that was read: every other
// project would stay in memory with one flow of it.
func (l links) loose() links {
	for _, uses := range l.uses {
		for i := range uses {
			uses[i].File, uses[i].Partials = nil, nil
		}
	}
	return l
}

// carry gives a project the files that the messages of a flow carry, as the last one read them.
func (read *flowRead) carry(before, p *Project) {
	for name := range read.assets {
		if _, ok := p.files[name]; !ok {
			p.files[name] = before.files[name]
			p.assets.size += len(before.files[name]) / 4 * 3
		}
	}
}

// inOrder calls f for each file of flows that was read, in the order of their names.
func (w *Workspace) inOrder(f func(*links)) {
	for _, name := range slices.Sorted(maps.Keys(w.flows)) {
		f(&w.flows[name].links)
	}
}

func (w *Workspace) calls() (all []call) {
	w.inOrder(func(l *links) { all = append(all, l.calls...) })
	return all
}

func (w *Workspace) heard() (all []*node.Text) {
	w.inOrder(func(l *links) { all = append(all, l.heard...) })
	return all
}

func (w *Workspace) emitted() map[string]bool {
	all := map[string]bool{}
	w.inOrder(func(l *links) { maps.Copy(all, l.emits) })
	return all
}

// flowNames returns the names of all flows of a project, also of those with errors.
func flowNames(files []File) (names []string) {
	for _, f := range inFolder(files, "flows") {
		names = append(names, stem(f.Name))
	}
	return names
}
