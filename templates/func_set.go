package templates

import (
	"sync"
	"text/template"
)

// funcSet holds the functions of texts in one place, in the forms that checking and
// execution need. It is made once for each place, because a project has hundreds of texts
// and few places.
type funcSet struct {
	functions map[string]*function
	funcs     template.FuncMap
	base      *template.Template // has funcs; texts without partials are made beside it
}

// maxKits is the number of places to remember; further function sets are made again each
// time.
const maxKits = 256

var kits struct {
	sync.Mutex
	of map[kitKey]*funcSet
}

// kitKey identifies a place by the name of its zone, because loading a zone twice gives two
// pointers.
type kitKey struct {
	zone     string
	language *language
}

// kitOf returns the functions of a place. They are shared and must not be changed.
func kitOf(at place) *funcSet {
	key := kitKey{at.zone.String(), at.language}
	kits.Lock()
	defer kits.Unlock()
	if k := kits.of[key]; k != nil {
		return k
	}
	k := newFuncSet(at)
	if kits.of == nil {
		kits.of = map[kitKey]*funcSet{}
	}
	if len(kits.of) < maxKits {
		kits.of[key] = k
	}
	return k
}

// withValues gives a call the values of what the calendar said, and not the words for them.
func withValues(f call) call {
	return func(args ...any) (any, error) {
		for i, arg := range args {
			if s, ok := arg.(spoken); ok {
				args[i] = s.value
			}
		}
		return f(args...)
	}
}

func newFuncSet(at place) *funcSet {
	k := &funcSet{functions: functionsIn(at), funcs: template.FuncMap{
		fnPrint: at.language.printed, fnPlain: printed, fnShown: at.language.shown, fnTyped: asJSON, fnRange: rangeable,
	}}
	for name, f := range k.functions {
		if f.call == nil {
			continue
		}
		k.funcs[name] = (func(...any) (any, error))(withValues(f.call))
		if f.subject {
			k.funcs[fnPiped+name] = (func(...any) (any, error))(withValues(subjectFirst(f.call)))
		}
	}
	k.base = template.New(templateName).Funcs(k.funcs)
	return k
}
