package prove

import (
	"maps"
	"slices"
	"strings"

	"nudge/flows"
)

// steady reports whether a condition comes out the same until the person changes: it compares
// only what the run began with and what is known of the person, and no flow sets that. A change
// from outside is looked at by every run of the person, while one that a flow makes is not.
func (x *explorer) steady(e *flows.Expr) bool {
	is, ok := x.steadies[e]
	if !ok {
		t := &choices{}
		is = true
		for n := 0; is; n++ {
			x.reading(e).Truth(func(string) (any, bool) { return nil, false }, func(a flows.Atom) bool {
				root := pathRoot(a.Path)
				is = is && slices.Contains([]string{flows.NameData, flows.NameRun, flows.NameProfile}, root) && !x.isSet(a.Path)
				return t.choose(2) == 1
			})
			if is = is && n < manyAnswers; !t.next() {
				break
			}
		}
		x.steadies[e] = is
	}
	return is
}

// isSet reports whether a flow sets what a path reads.
func (x *explorer) isSet(path string) bool {
	return slices.ContainsFunc(x.fieldsSet, func(field string) bool { return reads(path, field) })
}

// reads reports whether a path reads a field or something within it.
func reads(path, field string) bool { return path == field || strings.HasPrefix(path, field+".") }

// excludeHeard makes a walk impossible in which a condition in effect would have been true
// before its input: the run would have gone on by it. That does not hold beside a do, whose own
// condition may be true and come first.
func (w *walk) excludeHeard() {
	for _, watched := range w.watches(w.s) {
		if w.s.during != nil && watched.place == w.s.during.wait {
			continue
		}
		for i := range watched.lines {
			line := &watched.lines[i]
			if line.Signal == flows.SignalIf && !line.Gathered && w.steady(line.If) && w.truth(line.If) {
				w.dead = true
				return
			}
		}
	}
}

// forgetField forgets what was guessed of a field of the person that the run sets.
func (w *walk) forgetField(field string) {
	maps.DeleteFunc(w.s.passing, func(text string, _ bool) bool {
		return slices.ContainsFunc(w.atoms[text].Paths, func(path string) bool { return reads(path, field) })
	})
}

// fieldsSet are the fields of a person that flows set, as paths.
func fieldsSet(all []*flows.Flow) (paths []string) {
	for _, f := range all {
		for i := range f.Steps {
			for _, a := range f.Steps[i].Set {
				if a.Profile {
					paths = append(paths, fieldPath(a))
				}
			}
		}
	}
	return paths
}

func fieldPath(a flows.Assignment) string { return flows.NameProfile + "." + a.Name }
