package templates

import (
	"maps"
	"slices"
	"strings"

	"nudge/lang/shape"
)

// Read is a value of the scope that a text of a template reads.
type Read struct {
	Path     string // data.order_id
	Type     *shape.Type
	Optional bool // it may be absent
}

// Facts say what a template is made of, for tools that try it.
type Facts struct {
	Locale  string   // of the text that is no variant
	Locales []string // of the variants, sorted
	Reads   []Read   // of all texts and partials, sorted by their paths
}

// Facts returns what the template is made of.
func (t *Template) Facts() Facts { return t.facts }

// collected are the reads of a template and its variants while they are compiled.
type collected map[string]Read

// maxReadDepth is how many fields of a path are noted; of a longer one the first of them are.
const maxReadDepth = 16

// note notes that a text reads a path of a scope, and what on the way to it may be absent. A
// condition around the place changes nothing: the value may still be absent.
func (c collected) note(scope *shape.Type, path []string) {
	if c == nil || scope == nil || len(path) == 0 {
		return
	}
	t := scope
	path = path[:min(len(path), maxReadDepth)]
	for i, field := range path {
		f, ok := t.Field(field)
		if !ok {
			return
		}
		if t.Optional {
			f = f.OrNil()
		}
		t = f
		if name := strings.Join(path[:i+1], "."); i == len(path)-1 || i > 0 && t.MayBeAbsent() {
			c[name] = Read{name, t, t.MayBeAbsent()}
		}
	}
}

// sorted returns the reads in the order of their paths.
func (c collected) sorted() (reads []Read) {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		reads = append(reads, c[name])
	}
	return reads
}
