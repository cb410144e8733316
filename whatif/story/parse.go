package story

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// Parse reads a file of tests of a project. What is wrong with it is in the list,
// sorted; when it HasErrors the file must not be played.
func Parse(p *flows.Project, name string, text []byte) (*File, diag.List) {
	var list diag.List
	r := &reader{project: p, list: &list, file: &File{Name: name}}
	m := node.Parse(name, text, &list)
	if len(m.Keys()) > 0 {
		r.read(m)
	}
	list.Sort()
	return r.file, list
}

// reader reads one file of tests.
type reader struct {
	project *flows.Project
	list    *diag.List
	file    *File
	names   map[string]bool // of its tests
	alone   bool            // the story is for each person of the file
}

func (r *reader) read(m *node.Map) {
	one, many := m.Get("flow"), m.Get("flows")
	switch {
	case one == nil && many == nil:
		m.Errorf("flow", codeMissing, "write flow: "+r.anyFlow()+" above the tests", "the file does not say which flow it tests")
	case one != nil:
		r.flow(one.Text())
	default:
		for _, v := range many.List() {
			r.flow(v.Text())
		}
	}
	r.startedToo()
	r.people(m.Get("people"))
	tests := m.List("tests")
	if !m.Has("tests") || m.Has("tests") && len(tests) == 0 {
		m.Errorf("tests", codeMissing, "add tests: with a name, a start and a story each", "the file has no tests")
	}
	if len(tests) > maxTests {
		m.Errorf("tests", codeMissing, "split them into several files", "%d tests; at most %d are allowed", len(tests), maxTests)
		tests = tests[:maxTests]
	}
	r.names = map[string]bool{}
	for _, v := range tests {
		if t := v.Map(); t != nil {
			r.test(t)
		}
	}
	m.Close()
}

func (r *reader) anyFlow() string {
	if len(r.project.Flows) == 0 {
		return "NAME"
	}
	return r.project.Flows[0].Name
}

func (r *reader) flow(t *node.Text) {
	if t == nil {
		return
	}
	f := r.project.Flow(t.Value)
	if f == nil {
		var known []string
		for _, f := range r.project.Flows {
			known = append(known, f.Name)
		}
		r.unknown(t, "flow", known)
		return
	}
	if !slices.Contains(r.file.Flows, f) {
		r.file.Flows = append(r.file.Flows, f)
	}
}

func (r *reader) unknown(t *node.Text, what string, known []string) {
	r.list.Errorf(t.Span, codeUnknown, diag.DidYouMean(t.Value, known, "There is"), "there is no %s %q", what, t.Value)
}

// startedToo adds the flows that those under test start.
func (r *reader) startedToo() {
	for i := 0; i < len(r.file.Flows); i++ {
		for _, s := range r.file.Flows[i].Steps {
			if s.Start == nil {
				continue
			}
			if f := r.project.Flow(s.Start.Flow); f != nil && !slices.Contains(r.file.Flows, f) {
				r.file.Flows = append(r.file.Flows, f)
			}
		}
	}
	slices.SortFunc(r.file.Flows, func(a, b *flows.Flow) int { return strings.Compare(a.Name, b.Name) })
}

func (r *reader) test(m *node.Map) {
	t := &Test{File: r.file, Span: m.Span()}
	if name := m.Text("name"); name != nil {
		t.Name, t.Span = name.Value, name.Span
	} else if !m.Has("name") {
		m.Errorf("name", codeMissing, "add name: and say what the test shows", "the test has no name")
	}
	if r.names[t.Name] {
		m.Errorf("name", codeName, "", "another test in this file is called %q", t.Name)
	}
	r.names[t.Name] = true
	t.Start = r.start(m)
	t.Answers, t.Arms = r.answers(m.Get("answers")), r.arms(m.Get("arms"))
	r.alone = r.each(m)
	moves := m.List("story")
	if !m.Has("story") {
		m.Errorf("story", codeMissing, "add story: with what happens and what is expected", "the test has no story")
	}
	if len(moves) > maxMoves {
		m.Errorf("story", codeMove, "", "%d moves; at most %d are allowed", len(moves), maxMoves)
		moves = moves[:maxMoves]
	}
	for _, v := range moves {
		if move := v.Map(); move != nil {
			t.story = append(t.story, r.move(move))
		}
	}
	m.Close()
	if r.alone {
		r.file.Tests = append(r.file.Tests, r.forEach(t)...)
		r.alone = false
	} else {
		r.file.Tests = append(r.file.Tests, t)
	}
}

const startHint = "for example 2026-03-02 10:00 Europe/London"

// start reads a day, a time and a zone.
func (r *reader) start(m *node.Map) time.Time {
	t := m.Text("start")
	if t == nil {
		if !m.Has("start") {
			m.Errorf("start", codeMissing, startHint, "the test does not say when it starts")
		}
		return time.Time{}
	}
	at, err := ParseStart(t.Value)
	if err != nil {
		r.list.Errorf(t.Span, codeMoment, startHint, "%v", err)
	}
	return at
}

// ParseStart reads a day, a time and a zone: 2026-03-02 10:00 Europe/London.
func ParseStart(text string) (time.Time, error) {
	words := strings.Fields(text)
	if len(words) != 3 {
		return time.Time{}, errors.New("a start needs a day, a time and a time zone")
	}
	zone := shape.Zone(words[2])
	if zone == nil {
		return time.Time{}, fmt.Errorf("there is no time zone %q", words[2])
	}
	moment, err := parseClock(words[0] + " " + words[1])
	if err != nil || moment.Date == (flows.Date{}) || moment.Seconds {
		return time.Time{}, fmt.Errorf("%q is not a day and a time", words[0]+" "+words[1])
	}
	at, _, err := moment.next(time.Time{}, zone)
	return at, err
}

// answers reads what services answer.
func (r *reader) answers(v *node.Value) Answers {
	if v == nil {
		return nil
	}
	m := v.Map()
	if m == nil {
		return nil
	}
	all := Answers{}
	for _, e := range m.Entries() {
		if known := r.stepIDs(func(s *flows.Step) bool { return s.Fetch != nil }); !slices.Contains(known, e.Key.Value) {
			r.unknown(e.Key, "fetch step", known)
		}
		if a := e.Value.Map(); a != nil {
			all[e.Key.Value] = r.answer(a)
		}
	}
	return all
}

func (r *reader) answer(m *node.Map) Answer {
	a := Answer{Status: 200, Error: m.Str("error")}
	if m.Has("status") {
		a.Status = m.Int("status")
	}
	if v := m.Get("json"); v != nil {
		a.JSON = encoded(literal(v))
	}
	if t := m.Text("after"); t != nil {
		d, err := flows.ParseDuration(t.Value)
		if err != nil || d.Days != 0 {
			r.list.Errorf(t.Span, codeMoment, "for example 3s", "an answer takes hours, minutes or seconds")
		}
		a.After = d.Clock
	}
	if a.Error != "" {
		a.Status = 0
	}
	m.Close()
	return a
}

// stepIDs are the ids of steps of the flows under test, sorted.
func (r *reader) stepIDs(is func(*flows.Step) bool) []string {
	ids := map[string]bool{}
	for _, f := range r.file.Flows {
		for i := range f.Steps {
			if is(&f.Steps[i]) {
				ids[f.Steps[i].ID] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// literal is a value as JSON has it.
func literal(v *node.Value) any {
	switch {
	case v.IsMap():
		fields := map[string]any{}
		for _, e := range v.Map().Entries() {
			fields[e.Key.Value] = literal(e.Value)
		}
		return fields
	case v.IsList():
		items := []any{}
		for _, item := range v.List() {
			items = append(items, literal(item))
		}
		return items
	}
	return v.Literal()
}

func encoded(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("story: YAML that is no JSON: %v", err))
	}
	return raw
}
