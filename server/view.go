package server

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/shape"
	"nudge/store"
	"nudge/whatif/preview"
)

// view is what the sender of a request may see of people. It is the one place that decides this: without the scope operate, and
// for a request that asks for it, [shape.Masked] stands in place of what the deployed project marks private. Every
// handler that answers with profiles, with data of events and runs, or with texts made of them asks it.
//
// IDs of people, keys of runs and the texts that people wrote are never masked.
type view struct {
	marks   *flows.Marks // nil: everything may be seen
	knows   bool         // the sender may see everything, and wants it masked: exact values that they know find people
	store   *store.Store
	flows   *flowCache
	shapes  map[string]dataShapes // by flow, as they were asked for
	started map[string]dataShapes // by type of event
	bodies  map[engine.FlowVersion]bool
	fields  *regexp.Regexp // the names of what is private in the profile and in events; nil: not made yet
}

// dataShapes are those that the data of a flow's runs may have: of each stored version, and of its events.
// It is nil if no version is stored any more.
type dataShapes []*shape.Type

// markCache keeps the marks of the deployed project, which change with a deploy.
type markCache struct {
	mu    sync.Mutex // guards the rest
	text  string
	marks *flows.Marks
}

func (c *markCache) of(text string) (*flows.Marks, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text == c.text {
		return c.marks, nil
	}
	marks, err := flows.ParseMarks(text)
	if err == nil {
		c.text, c.marks = text, marks
	}
	return marks, err
}

// viewOf is what the sender of a request may see.
func (s *Server) viewOf(w http.ResponseWriter) (*view, error) {
	record := recordOf(w)
	may := record.token.may(ScopeOperate)
	if may && !record.masks {
		return s.openView(), nil
	}
	v, err := s.maskingView()
	v.knows = may
	return v, err
}

// openView shows everything.
func (s *Server) openView() *view { return &view{store: s.config.Store, flows: &s.flows} }

// maskingView shows nothing that is private.
func (s *Server) maskingView() (*view, error) {
	v := s.openView()
	text, err := s.config.Store.Marks()
	if err == nil {
		v.marks, err = s.marks.of(text)
	}
	return v, err
}

// all reports whether nothing is masked.
func (v *view) all() bool { return v.marks == nil }

// profile masks what is known of a person.
func (v *view) profile(attributes json.RawMessage) json.RawMessage {
	if v.all() {
		return attributes
	}
	return v.marks.Profile.Mask(attributes)
}

// event masks the data of an event. That of a type which the project does not declare has the marks of the flows that it starts;
// without those nobody has said that anything in it is private.
func (v *view) event(kind string, data json.RawMessage) json.RawMessage {
	if v.all() || len(data) == 0 {
		return data
	}
	if t := v.marks.Events[kind]; t != nil {
		return t.Mask(data)
	}
	started, err := v.startedBy(kind)
	if err != nil {
		return encoded(shape.Masked)
	}
	for _, t := range started {
		data = t.Mask(data)
	}
	return data
}

// startedBy are the shapes of the data of flows that events of a type start.
func (v *view) startedBy(kind string) (dataShapes, error) {
	if shapes, known := v.started[kind]; known {
		return shapes, nil
	}
	state, err := v.store.State()
	if err != nil {
		return nil, err
	}
	var shapes dataShapes
	for _, active := range state.Active {
		f, err := v.flows.version(active)
		if err != nil {
			return nil, err
		}
		if f != nil && slices.ContainsFunc(f.Triggers, func(t flows.Trigger) bool { return t.Event == kind }) {
			shapes = append(shapes, f.Data)
		}
	}
	if v.started == nil {
		v.started = map[string]dataShapes{}
	}
	v.started[kind] = shapes
	return shapes, nil
}

// data masks the data of a run of a flow, or of one that may start.
func (v *view) data(flow string, data json.RawMessage) (json.RawMessage, error) {
	if v.all() || len(data) == 0 {
		return data, nil
	}
	shapes, err := v.dataShapes(flow)
	if err != nil {
		return nil, err
	}
	if shapes == nil { // nobody knows any more what is private in it
		return encoded(shape.Masked), nil
	}
	for _, t := range shapes {
		data = t.Mask(data)
	}
	return data, nil
}

// run masks a run as it is shown by itself.
func (v *view) run(shown *Run) (err error) {
	if v.all() {
		return nil
	}
	person, err := v.store.Person(shown.Profile)
	if err != nil {
		return err
	}
	secrets, err := v.secrets(shown.Flow, shown.Data, person)
	if err != nil {
		return err
	}
	if err := v.content(shown, secrets); err != nil {
		return err
	}
	shown.Record = nil // the raw record of a damaged run
	shown.Data, err = v.data(shown.Flow, shown.Data)
	return err
}

// content masks what a run says and what its conditions see.
func (v *view) content(shown *Run, secrets []string) error {
	f, err := v.flows.version(engine.FlowVersion{Flow: shown.Flow, Version: shown.Version})
	if err != nil {
		return err
	}
	mask, err := v.maskOfValues(shown.Flow, secrets)
	if err != nil {
		return err
	}
	for i := range shown.Waits {
		mask(shown.Waits[i].Sees)
	}
	for i := range shown.Timeline {
		e := &shown.Timeline[i]
		e.Text = shape.Hide(e.Text, secrets)
		for k := range e.Conditions {
			mask(e.Conditions[k].Saw)
		}
	}
	for i := range shown.Messages {
		m := &shown.Messages[i]
		m.Reason = shape.Hide(m.Reason, secrets)
		if m.Content != nil && (f == nil || v.namesPrivate(f)) {
			m.Content = &Content{Body: shape.Masked, Template: m.Content.Template, Version: m.Content.Version}
		}
	}
	return nil
}

// maskOfValues masks what conditions of a flow read: what is private by its name, and the secrets wherever they stand.
func (v *view) maskOfValues(flow string, secrets []string) (func([]Value), error) {
	shapes, err := v.dataShapes(flow)
	if err != nil {
		return nil, err
	}
	private := privateNames(v.marks, shapes...)
	return func(values []Value) {
		for i := range values {
			if x := &values[i]; x.Value != "" && (!strings.Contains(x.Path, ".") || private.MatchString(x.Path)) {
				x.Value = string(encoded(shape.Masked))
			} else {
				x.Value = shape.Hide(x.Value, secrets)
			}
		}
	}, nil
}

// conditions masks what conditions of a flow saw.
func (v *view) conditions(flow string, shown []Condition, secrets []string) ([]Condition, error) {
	if v.all() || len(shown) == 0 {
		return shown, nil
	}
	mask, err := v.maskOfValues(flow, secrets)
	for i := 0; i < len(shown) && err == nil; i++ {
		mask(shown[i].Saw)
	}
	return shown, err
}

// secrets are the private values of a run and of its person, for texts that may have them anywhere.
func (v *view) secrets(flow string, data json.RawMessage, person *engine.Person) (found []string, err error) {
	if v.all() {
		return nil, nil
	}
	shapes, err := v.dataShapes(flow)
	for _, t := range shapes {
		found = append(found, t.Secrets(data)...)
	}
	if person != nil {
		found = append(found, v.marks.Profile.Secrets(person.Attributes)...)
	}
	return found, err
}

func (v *view) dataShapes(flow string) (dataShapes, error) {
	if shapes, known := v.shapes[flow]; known {
		return shapes, nil
	}
	versions, err := v.store.VersionsOf(flow)
	if err != nil {
		return nil, err
	}
	var shapes dataShapes
	for _, version := range versions {
		f, err := v.flows.version(version)
		if err != nil {
			return nil, err
		}
		if f == nil {
			continue
		}
		shapes = append(shapes, f.Data)
		for _, t := range f.Triggers {
			if own := v.marks.Events[t.Event]; own != nil && !slices.Contains(shapes, own) {
				shapes = append(shapes, own)
			}
		}
	}
	if v.shapes == nil {
		v.shapes = map[string]dataShapes{}
	}
	v.shapes[flow] = shapes
	return shapes, nil
}

// body masks the text of a message of a version as a whole if the flow, or a template that it uses, names
// anything private: nobody can take a value out of a text that was made of it.
func (v *view) body(f *flows.Flow, text string) string {
	if v.all() || f != nil && !v.namesPrivate(f) {
		return text
	}
	return shape.Masked
}

func (v *view) namesPrivate(f *flows.Flow) bool {
	key := engine.FlowVersion{Flow: f.Name, Version: f.Version}
	if names, known := v.bodies[key]; known {
		return names
	}
	if v.fields == nil {
		v.fields = privateNames(v.marks)
	}
	names := f.Data.HasPrivate()
	for _, file := range f.Bundle {
		names = names || file.Name != flows.ProjectFile && v.fields.MatchString(file.Text)
	}
	if v.bodies == nil {
		v.bodies = map[engine.FlowVersion]bool{}
	}
	v.bodies[key] = names
	return names
}

// privateNames matches a text that names a private field, or a field that has one in it.
func privateNames(marks *flows.Marks, more ...*shape.Type) *regexp.Regexp {
	names := []string{`\z\A.`} // nothing
	var add func(*shape.Type)
	add = func(t *shape.Type) {
		if t == nil {
			return
		}
		for name, field := range t.Fields {
			if field.HasPrivate() {
				names = append(names, `\b`+name+`\b`)
				add(field)
			}
		}
		add(t.Elem)
	}
	for _, t := range append(more, marks.Profile) {
		add(t)
	}
	for _, t := range marks.Events {
		add(t)
	}
	return regexp.MustCompile(strings.Join(names, "|"))
}

// journaled masks an input of the journal.
func (v *view) journaled(j *engine.Journaled) (*engine.Journaled, error) {
	if v.all() {
		return j, nil
	}
	payload, err := v.payload(j.Input.Payload)
	if err != nil {
		return nil, err
	}
	shown, in := *j, *j.Input
	in.Payload = payload
	shown.Input = &in
	return &shown, nil
}

func (v *view) payload(payload engine.Payload) (_ engine.Payload, err error) {
	switch p := payload.(type) {
	case *engine.Event:
		shown := *p
		shown.Data = v.event(p.Type, p.Data)
		return &shown, nil
	case *engine.ProfileChange:
		shown := *p
		shown.Set = v.profile(p.Set)
		return &shown, nil
	case *engine.Call:
		shown := *p
		shown.Data, err = v.data(p.Flow, p.Data)
		return &shown, err
	case *engine.FetchResult: // what a service answers may be anything that is known of a person
		shown := *p
		if len(p.JSON) > 0 {
			shown.JSON = encoded(shape.Masked)
		}
		return &shown, nil
	case *engine.Snapshot:
		shown := *p
		shown.BadRows = v.badRows(p.BadRows)
		return &shown, nil
	case *engine.Rows:
		return v.rows(p)
	}
	return payload, nil
}

func (v *view) rows(p *engine.Rows) (engine.Payload, error) {
	flow := ""
	c, err := v.store.Campaign(p.Campaign)
	if err != nil {
		return nil, err
	}
	if c != nil {
		flow = c.Flow
	}
	shown := *p
	shown.Rows = slices.Clone(p.Rows)
	for i := range shown.Rows {
		if shown.Rows[i].Data, err = v.data(flow, p.Rows[i].Data); err != nil {
			return nil, err
		}
	}
	return &shown, nil
}

// badRows hides what is wrong with rows, as it may quote them.
func (v *view) badRows(rows []engine.BadRow) []engine.BadRow {
	if v.all() {
		return rows
	}
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].What = shape.Masked
	}
	return rows
}

// audit masks the fields of a person in an entry of the audit trail.
func (v *view) audit(e *engine.AuditEntry) AuditEntry {
	shown := AuditEntry(*e)
	if e.Did == engine.DidChangePerson {
		shown.Before, shown.After = v.profile(e.Before), v.profile(e.After)
	}
	return shown
}

// preview masks what a campaign would say.
func (v *view) preview(p *preview.Preview) error {
	if v.all() {
		return nil
	}
	f, err := v.flows.version(engine.FlowVersion{Flow: p.Flow, Version: p.Version})
	if err != nil {
		return err
	}
	p.BadRows = v.badRows(p.BadRows)
	for i := range p.Samples {
		s := &p.Samples[i]
		s.Text = v.body(f, s.Text)
		if t := v.marks.Profile; s.Locale != "" && t != nil && t.Fields["locale"].HasPrivate() {
			s.Locale = shape.Masked
		}
	}
	return nil
}

// activeFlow is the deployed version of a flow; nil if there is none.
func (v *view) activeFlow(name string) (*flows.Flow, error) {
	state, err := v.store.State()
	if err != nil {
		return nil, err
	}
	for _, active := range state.Active {
		if active.Flow == name {
			return v.flows.version(active)
		}
	}
	return nil, nil
}

// withoutPrivate is what is known of a person without the fields that have something private. Conditions of
// those who may not see it find it absent, so that nobody can guess a value by asking for it.
func (v *view) withoutPrivate(attributes json.RawMessage) json.RawMessage {
	if v.all() || !v.marks.Profile.HasPrivate() || len(attributes) == 0 {
		return attributes
	}
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(attributes, &fields) != nil {
		return nil
	}
	for name, t := range v.marks.Profile.Fields {
		if t.HasPrivate() {
			delete(fields, name)
		}
	}
	return encoded(fields)
}

// secretsOfInput are the private values of an event and of its person, for texts that may quote them.
func (v *view) secretsOfInput(in *engine.Input, person *engine.Person) (secrets []string) {
	if v.all() {
		return nil
	}
	if person != nil {
		secrets = v.marks.Profile.Secrets(person.Attributes)
	}
	if ev, ok := in.Payload.(*engine.Event); ok {
		secrets = append(secrets, v.secretsOfEvent(ev.Type, ev.Data)...)
	}
	return secrets
}

// secretsOfEvent are the private values of the data of an event.
func (v *view) secretsOfEvent(kind string, data json.RawMessage) (secrets []string) {
	started, err := v.startedBy(kind)
	if err != nil {
		return nil
	}
	for _, t := range append(slices.Clone(started), v.marks.Events[kind]) {
		secrets = append(secrets, t.Secrets(data)...)
	}
	return secrets
}

// hide takes private values out of the texts of a line: the reasons why an event led to nothing may quote them.
func (line *HistoryLine) hide(secrets []string) {
	line.Text = shape.Hide(line.Text, secrets)
	line.Verdict = slices.Clone(line.Verdict)
	for i := range line.Verdict {
		line.Verdict[i].Reason = shape.Hide(line.Verdict[i].Reason, secrets)
	}
}
