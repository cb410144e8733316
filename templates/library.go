package templates

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"nudge/lang/diag"
)

// PartialsFolder is the folder of a project's partials.
const PartialsFolder = "templates/partials"

// Library holds the templates and partials of a project by name. Add every file of the two
// folders, then call Join.
type Library struct {
	sources  map[string]*Source
	partials map[string]*Partial
	variants []*File // to be joined
}

// File is a file of templates or partials that was parsed. It belongs to no library, so that
// several can share it.
type File struct {
	file, name, locale string
	isVariant          bool
	source             *Source  // of a template; else nil
	partial            *Partial // of a partial; else nil
}

// NewLibrary returns an empty library.
func NewLibrary() *Library {
	return &Library{sources: map[string]*Source{}, partials: map[string]*Partial{}}
}

// Source returns a template by its name, or nil.
func (l *Library) Source(name string) *Source { return l.sources[name] }

// Names returns the sorted names of the templates.
func (l *Library) Names() []string { return slices.Sorted(maps.Keys(l.sources)) }

// Partials returns the partials by name, for Use. The caller must not change it.
func (l *Library) Partials() map[string]*Partial { return l.partials }

// Add reads a file: templates/shipped.yaml, templates/shipped.fr.yaml,
// templates/partials/footer.yaml.
func (l *Library) Add(file string, text []byte, list *diag.List) {
	l.Put(ParseFile(file, text, list))
}

// ParseFile reads a file for [Library.Put]. It returns nil for a file whose name no flow can
// write.
func ParseFile(file string, text []byte, list *diag.List) *File {
	name, locale, isVariant := NameOf(file)
	if !checkFile(file, name, list) || isVariant && !checkLocale(file, locale, list) {
		return nil
	}
	f := &File{file: file, name: name, locale: locale, isVariant: isVariant}
	if path.Dir(file) == PartialsFolder {
		f.partial = parsePartial(file, text, list)
	} else {
		f.source = parseSource(file, text, list)
	}
	return f
}

// NameOf returns the name of the template or partial that a file belongs to, and its locale
// if it is a variant: shipped and fr for templates/shipped.fr.yaml.
func NameOf(file string) (name, locale string, isVariant bool) {
	return strings.Cut(strings.TrimSuffix(path.Base(file), path.Ext(file)), ".")
}

// Put adds a file that was parsed; nil adds nothing. The library has its own copy of what
// joins and uses change.
func (l *Library) Put(f *File) {
	switch {
	case f == nil:
	case f.isVariant:
		l.variants = append(l.variants, f)
	case f.partial != nil:
		same := *f.partial
		l.partials[f.name] = &same
	default:
		same := *f.source
		l.sources[f.name] = &same
	}
}

// Use notes that flows use some templates and partials, which [Library.CheckUnused] leaves out
// then.
func (l *Library) Use(templates, partials []string) {
	for _, name := range templates {
		if s := l.sources[name]; s != nil {
			s.compiled = true
		}
	}
	for _, name := range partials {
		if p := l.partials[name]; p != nil {
			p.compiled = true
		}
	}
}

// Join joins every variant to its template.
func (l *Library) Join(list *diag.List) {
	for _, v := range l.variants {
		source, partial := l.sources[v.name], l.partials[v.name]
		switch {
		case v.source != nil && source != nil:
			source.Variant(v.locale, v.source, list)
		case v.partial != nil && partial != nil:
			partial.Variant(v.locale, v.partial)
		default:
			list.Errorf(diag.Span{File: v.file}, codeVariant, "add "+path.Dir(v.file)+"/"+v.name+".yaml for people of other languages",
				"this variant has no template")
		}
	}
	l.variants = nil
}

// CheckUnused checks the templates and partials that no flow uses.
func (l *Library) CheckUnused(use Use, list *diag.List) {
	use.Partials = l.partials
	for _, name := range l.Names() {
		if s := l.sources[name]; !s.Compiled() {
			s.Compile(use, list)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.partials)) {
		if p := l.partials[name]; !p.Compiled() {
			p.check(name, use, list)
		}
	}
}

// check compiles the partial and its variants without a template.
func (p *Partial) check(name string, use Use, list *diag.List) {
	locales := append([]string{use.Locale}, slices.Sorted(maps.Keys(p.variants))...)
	for _, locale := range locales {
		newCompiler(use, locale, map[string]bool{}, list).partial(name)
	}
}

var fileForm = regexp.MustCompile(`^[a-z0-9_]+$`)

// checkFile reports a file name that no flow can write.
func checkFile(file, name string, list *diag.List) bool {
	if fileForm.MatchString(name) {
		return true
	}
	hint := "a name can contain only a-z, 0-9 and _"
	if strings.Contains(name, "-") {
		hint = "names cannot contain a hyphen; write " + strings.ReplaceAll(name, "-", "_")
	}
	list.Errorf(diag.Span{File: file}, codeBadName, hint, "no flow can use this file: its name is not valid")
	return false
}

// checkLocale reports a locale that does not exist or is not in its canonical form.
func checkLocale(file, locale string, list *diag.List) bool {
	canonical := canonicalLocale(locale)
	if canonical == locale {
		return true
	}
	hint := "write a language such as fr, or one with its country such as pt-BR"
	if canonical != "" {
		hint = "write " + canonical
	}
	list.Errorf(diag.Span{File: file}, CodeLocale, hint, "unknown locale %q", locale)
	return false
}
