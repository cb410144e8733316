package flows

import (
	"maps"
	"path"
	"slices"

	"nudge/lang/diag"
	"nudge/lang/insight"
	"nudge/templates"
)

// Inspect reads one file of flows, templates or partials as if it had this text, within the
// project of the last Load. It returns what the checkers find out about its expressions and
// templates, and the mistakes in this file, sorted; those that others see in it, such as a
// flow that nobody starts, are left out. A template is read once for each place that uses it.
// The workspace stays as it is. For other files, Inspect returns nothing.
func (w *Workspace) Inspect(file, text string) (*insight.Notes, diag.List) {
	notes := &insight.Notes{}
	if w.project == nil {
		return notes, nil
	}
	p := *w.project
	p.files, p.assets = maps.Clone(p.files), &assets{fsys: w.fsys}
	p.files[file] = text
	list := w.unit(func() {
		switch folder := path.Dir(file); {
		case folder == "flows":
			p.inspectFlow(File{file, text}, notes, flowNames(w.files), &w.list)
		case slices.Contains(templateFolders, folder):
			w.inspectTemplate(&p, File{file, text}, notes)
		}
	})
	notes.Pieces = slices.DeleteFunc(notes.Pieces, func(piece *insight.Piece) bool { return piece.Text.Span.File != file })
	list = slices.DeleteFunc(slices.Clone(list), func(d diag.Diagnostic) bool { return d.Span.File != file })
	list.Sort()
	return notes, list
}

// inspectFlow reads a flow, and what it says to the flows that it starts.
func (p *Project) inspectFlow(f File, notes *insight.Notes, names []string, list *diag.List) {
	r := p.newReader(notes, list)
	r.file(f)
	for _, c := range r.calls {
		p.checkCall(c, names, list)
	}
}

// inspectTemplate compiles a template, or the templates that include a partial, for each
// place that uses them.
func (w *Workspace) inspectTemplate(p *Project, f File, notes *insight.Notes) {
	name, _, _ := templates.NameOf(f.Name)
	partial := path.Dir(f.Name) == templates.PartialsFolder
	p.library = templates.NewLibrary()
	for _, file := range slices.Sorted(maps.Keys(w.templates)) {
		other, _, _ := templates.NameOf(file)
		if file != f.Name && (partial || other == name || path.Dir(file) == templates.PartialsFolder) {
			p.library.Put(w.templates[file].file)
		}
	}
	p.library.Put(templates.ParseFile(f.Name, []byte(f.Text), &w.list))
	p.library.Join(&w.list)
	w.inOrder(func(l *links) {
		for _, used := range slices.Sorted(maps.Keys(l.uses)) {
			if source := p.library.Source(used); source != nil && (used == name && !partial || partial && l.partials[name]) {
				for _, use := range l.uses[used] {
					use.File, use.Partials, use.Notes = p.asset, p.library.Partials(), notes
					source.Compile(use, &w.list)
				}
			}
		}
	})
	if alone := p.alone(); len(notes.Pieces) == 0 {
		alone.Notes = notes
		p.library.CheckUnused(alone, &w.list)
	}
}

// Uses returns the names of the flows' files that use a template or a partial, by the name of
// its file, sorted.
func (w *Workspace) Uses(file string) (all []string) {
	for name, read := range w.flows {
		if _, ok := read.needs[file]; ok {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
