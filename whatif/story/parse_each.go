package story

import (
	"fmt"
	"regexp"
	"slices"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/node"
)

// arms reads which arms splits deal, by the id of the split.
func (r *reader) arms(v *node.Value) Arms {
	if v == nil || v.Map() == nil {
		return nil
	}
	all := Arms{}
	for _, e := range v.Map().Entries() {
		splits := r.stepIDs(func(s *flows.Step) bool { return s.Split != nil })
		if !slices.Contains(splits, e.Key.Value) {
			r.unknown(e.Key, "split", splits)
			continue
		}
		t := e.Value.Text()
		if t == nil {
			continue
		}
		if known := r.armsOf(e.Key.Value); !slices.Contains(known, t.Value) {
			r.list.Errorf(t.Span, codeUnknown, diag.DidYouMean(t.Value, known, "Its arms"), "%s has no arm %q", e.Key.Value, t.Value)
		}
		all[e.Key.Value] = t.Value
	}
	return all
}

// armsOf are the names of the arms of the splits with an id.
func (r *reader) armsOf(id string) (names []string) {
	for _, f := range r.file.Flows {
		if i := f.StepNamed(id); i >= 0 {
			for _, share := range f.Steps[i].Split {
				names = append(names, share.As)
			}
		}
	}
	return names
}

// each reports whether a test is played for each person of the file.
func (r *reader) each(m *node.Map) bool {
	t := m.Text("each")
	if t == nil {
		return false
	}
	switch {
	case t.Value != "people":
		r.list.Errorf(t.Span, codeUnknown, "write each: people", "a test can be played for each of the people, not for each of %s", t.Value)
		return false
	case len(r.file.People) == 0:
		r.list.Errorf(t.Span, codeWho, "add people: with a name each", "the file has no people")
		return false
	}
	return true
}

// fileForm is what the name of a person may be whose snapshots are files.
var fileForm = regexp.MustCompile(`^[A-Za-z0-9_@+-][A-Za-z0-9_@+.-]*$`)

// forEach returns a test for each person of the file, alone in the world. The story was read
// for the first of them.
func (r *reader) forEach(t *Test) (tests []*Test) {
	first := r.file.People[0].Name
	for i := range r.file.People {
		p := &r.file.People[i]
		mine := *t
		mine.Name, mine.person = fmt.Sprintf("%s (%s)", t.Name, p.Name), p
		mine.story = slices.Clone(t.story)
		for k := range mine.story {
			if m := &mine.story[k]; m.By == first {
				m.By = p.Name
			}
		}
		if t.keeps() && !fileForm.MatchString(p.Name) {
			r.list.Errorf(t.Span, codeUnknown, "for example ann_de", "the snapshots of %q cannot be files of that name", p.Name)
		}
		tests = append(tests, &mine)
	}
	return tests
}

// keeps reports whether a story has snapshots.
func (t *Test) keeps() bool {
	var any func(list []expectation) bool
	any = func(list []expectation) bool {
		return slices.ContainsFunc(list, func(e expectation) bool { return e.Snapshot != "" || any(e.Any) })
	}
	return slices.ContainsFunc(t.story, func(m move) bool { return any(m.Expect) })
}

// snapshot is the name under which the test keeps a message: by person, where it is played for
// each of them.
func (t *Test) snapshot(name string) string {
	if t.person != nil {
		return name + "." + t.person.Name
	}
	return name
}
