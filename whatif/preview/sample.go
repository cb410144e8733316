package preview

import (
	"encoding/json"
	"strings"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
)

// Sample is one message as its person would read it. It stands for all messages of the rows tried
// that have the same locale, the same step, and the same values absent.
type Sample struct {
	Profile  string   `json:"profile"`
	Step     string   `json:"step"`
	Locale   string   `json:"locale,omitempty"` // of the person; empty: none is known
	Absent   []string `json:"absent"`           // the values that the text reads and that are not there
	Messages int      `json:"messages"`         // of this kind, among those that go out at once
	Text     string   `json:"text"`
}

// example names a person for an outcome.
func (t *trial) example(outcome, profile string) {
	if all := t.Examples[outcome]; len(all) < MaxExamples {
		t.Examples[outcome] = append(all, profile)
	}
}

// known are people by their IDs.
func known(people []*engine.Person) map[string]*engine.Person {
	all := map[string]*engine.Person{}
	for _, p := range people {
		all[p.ID] = p
	}
	return all
}

// sample counts a message under its kind, and shows the first of each kind.
func (t *trial) sample(r *engine.Run, p engine.Post, person *engine.Person) {
	f := t.core.Flow(engine.FlowVersion{Flow: r.Flow, Version: r.Version})
	step := &f.Steps[r.Message(p.Message).Step]
	profile, data := map[string]any{}, map[string]any{}
	if person != nil {
		read(person.Attributes, &profile)
	}
	read(r.Data, &data)
	s := Sample{Profile: p.Content.To, Step: step.ID, Absent: []string{}}
	s.Locale, _ = profile["locale"].(string)
	for _, value := range step.Send.Facts.Reads {
		root, path, _ := strings.Cut(value.Path, ".")
		scope := map[string]map[string]any{flows.NameProfile: profile, flows.NameData: data}[root]
		if value.Optional && value.Path != flows.NameProfile+".locale" && scope != nil && !has(scope, path) {
			s.Absent = append(s.Absent, value.Path)
		}
	}
	kind := strings.Join(append([]string{s.Step, s.Locale}, s.Absent...), "\n")
	if i, ok := t.kinds[kind]; ok {
		t.Samples[i].Messages++
		return
	}
	if len(t.Samples) == MaxSamples {
		return
	}
	s.Messages, s.Text = 1, textOf(&p.Content)
	t.kinds[kind] = len(t.Samples)
	t.Samples = append(t.Samples, s)
}

// textOf is what the person reads of a message.
func textOf(m *channels.Message) string {
	shown := m.WithPreferences(channels.ExamplePreferencesURL)
	text := shown.Body
	for _, part := range shown.Parts {
		text += part.Data + part.URL
	}
	return text
}

// read reads an object, or nothing.
func read(raw json.RawMessage, into *map[string]any) {
	if len(raw) > 0 && json.Unmarshal(raw, into) != nil {
		*into = map[string]any{}
	}
}

// has reports whether an object has something at a path.
func has(object map[string]any, path string) bool {
	name, rest, deeper := strings.Cut(path, ".")
	v := object[name]
	if !deeper {
		return v != nil
	}
	inner, ok := v.(map[string]any)
	return ok && has(inner, rest)
}
