package templates

import (
	"fmt"
	"sync"
	"text/template"
)

// MaxTextSteps is how many steps the functions of one text with a range may take; one more, and
// the text cannot be rendered. Steps are counted, never timed, so a replay ends at the same one.
// A call is callSteps, 16 bytes of a text that it is given one more, and so is each part of a
// list or map that it reads whole. Without a range, a text calls each function once.
const MaxTextSteps = 500_000

// callSteps is what a call takes besides what it reads.
const callSteps = 8

var errSteps = fmt.Errorf("the text takes more than %d steps, as its lists or texts are too long", MaxTextSteps)

// machine executes a Go template with functions that count their steps. One goroutine uses it
// at a time.
type machine struct {
	tmpl *template.Template
	left int
}

// machinesOf returns machines for a Go template.
func machinesOf(tmpl *template.Template, k *funcSet) *sync.Pool {
	return &sync.Pool{New: func() any {
		m := &machine{}
		clone, err := tmpl.Clone()
		if err != nil {
			panic("templates: a template that was never executed cannot be cloned: " + err.Error())
		}
		m.tmpl = clone.Funcs(m.counted(k))
		return m
	}}
}

// counted returns the functions of a place, which count their steps.
func (m *machine) counted(k *funcSet) template.FuncMap {
	counted := template.FuncMap{}
	for name, f := range k.functions {
		for _, name := range []string{name, fnPiped + name} {
			if f, whole := k.funcs[name], f.whole; f != nil {
				counted[name] = m.counting(f.(func(...any) (any, error)), whole)
			}
		}
	}
	return counted
}

func (m *machine) counting(f call, whole bool) func(...any) (any, error) {
	return func(args ...any) (any, error) {
		m.left -= callSteps
		for _, arg := range args {
			if m.left -= steps(arg, whole); m.left < 0 {
				return nil, errSteps
			}
		}
		return f(args...)
	}
}

// steps is what it takes to read a value: the whole of it, or only a text.
func steps(v any, whole bool) int {
	n := 1
	switch v := v.(type) {
	case string:
		n = 1 + len(v)/16
	case spoken:
		return steps(v.value, whole)
	case []any:
		for i := 0; whole && i < len(v); i++ {
			n += callSteps + steps(v[i], true)
		}
	case map[string]any:
		if whole {
			for _, x := range v {
				n += callSteps + steps(x, true)
			}
		}
	}
	return n
}
