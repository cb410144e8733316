package flows

import (
	"cmp"
	"slices"
	"time"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// Marks says which fields of people's profiles and of events are private, and by which fields of the
// profile people are found. They are no part of a flow's version, because runs do not depend on them: a
// deploy says the marks of its project, and they hold for everything that is stored.
type Marks struct {
	Profile *shape.Type            // nil for none
	Events  map[string]*shape.Type // those with something private
}

// Marks returns the marks of the project as text, for [ParseMarks]: the part of nudge.yaml with marked
// fields. It is empty if nothing is marked, in the flows neither.
func (p *Project) Marks() string {
	marked := p.Profile.HasPrivate() || len(Searchable(p.Profile)) > 0 || slices.ContainsFunc(p.Flows, (*Flow).hasPrivate)
	for _, t := range p.Events {
		marked = marked || t.HasPrivate()
	}
	if !marked {
		return ""
	}
	return cmp.Or(p.Config.Extract(func(key, sub string) bool {
		return key == "profile" || key == "events" && (sub == "" || p.Events[sub].HasPrivate())
	}), onlyFlows)
}

// onlyFlows are the marks of a project in which only flows mark something.
const onlyFlows = "{}\n"

// hasPrivate reports whether the flow itself marks something, besides what its events do.
func (f *Flow) hasPrivate() bool {
	return f.Data.HasPrivate() || slices.ContainsFunc(f.Steps, func(s Step) bool { return s.Fetch != nil && s.Fetch.Shape.HasPrivate() })
}

// ParseMarks reads the text of [Project.Marks]; nil if it is empty.
func ParseMarks(text string) (*Marks, error) {
	if text == "" {
		return nil, nil
	}
	var list diag.List
	m := node.Parse(ProjectFile, []byte(text), &list)
	marks := &Marks{Events: map[string]*shape.Type{}}
	if v := m.Get("profile"); v.Map() != nil {
		marks.Profile = shape.ParseProfile(v)
	}
	for _, e := range m.Child("events").Entries() {
		if e.Value.Map() != nil {
			marks.Events[e.Key.Value] = shape.Parse(e.Value)
		}
	}
	return marks, list.Err()
}

// Searchable returns the fields of a profile that are marked search, sorted.
func Searchable(profile *shape.Type) (fields []string) {
	if profile == nil {
		return nil
	}
	for _, name := range profile.Names() {
		if profile.Fields[name].Search {
			fields = append(fields, name)
		}
	}
	return fields
}

// ProfileCondition compiles a condition on people, as the `if` of an audience of stored profiles is: it sees
// their profile, of a shape that may be nil, and the time.
func ProfileCondition(text string, profile *shape.Type, zone *time.Location) (*Expr, error) {
	if profile == nil {
		profile = shape.OpenMap(nil)
	}
	var list diag.List
	sees := (&Project{Profile: profile}).profile()
	sees.Open = true // a list shows people of all times
	scope := shape.MapOf(map[string]*shape.Type{NameProfile: sees, NameNow: shape.Moment})
	t := &node.Text{Value: text, Span: diag.Span{File: "if", Start: diag.Pos{Line: 1, Column: 1}, End: diag.Pos{Line: 1, Column: 1 + len(text)}}}
	e, _ := compileExpr(t, 0, scope, home{zone: zone, asked: map[string]bool{}}, forCondition, &list)
	return e, list.Err()
}
