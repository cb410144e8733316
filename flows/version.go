package flows

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nudge/lang/node"
)

// language is the version of the flow language. It is part of every flow's version, so that
// a new meaning of the same words makes new versions.
const language = "1"

// seal sets the flow's version and bundle.
func (r *reader) seal(f File, m *node.Map) {
	p := r.project
	var content strings.Builder
	part := func(name, text string) { fmt.Fprintf(&content, "%s %d\n%s\n", name, len(text), text) }
	part("language", language)
	part("project", p.Name)
	part("zone", p.Zone.String())
	part("locale", p.Locale)
	part("on_unknown", fmt.Sprint(p.OnUnknown))
	part("from", p.from.Canonical())
	if p.mergeFields { // said only where it is not as it always was
		part("merge_fields", "allow")
	}
	part("flow", m.Canonical())
	for _, event := range slices.Sorted(maps.Keys(p.Events)) {
		if r.usesEvent(r.flow, event) {
			part("event "+event, p.Events[event].String())
		}
	}
	r.flow.Categories = map[string]*Category{}
	for _, name := range slices.Sorted(maps.Keys(r.categories)) {
		if c := p.Categories[name]; c != nil {
			r.flow.Categories[name] = c
			part("category "+name, c.canonical())
		}
	}
	sees := strings.Contains(f.Text, NameProfile)
	bundle := Bundle{{ProjectFile, p.usedConfig(r.flow, &r.links)}, {f.Name, f.Text}}
	add := func(what, canonical string, files []string) {
		part(what, canonical)
		for _, file := range files {
			bundle = append(bundle, File{file, p.files[file]})
			sees = sees || strings.Contains(p.files[file], NameProfile)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.used)) {
		add("template "+name, p.library.Source(name).Canonical(), p.library.Source(name).Files())
	}
	for _, name := range slices.Sorted(maps.Keys(r.partials)) {
		partial := p.library.Partials()[name]
		add("partial "+name, partial.Canonical(), partial.Files())
	}
	for _, name := range slices.Sorted(maps.Keys(r.assets)) {
		part("file "+name, p.files[name])
		bundle = append(bundle, File{name, p.files[name]})
	}
	if sees {
		part("profile", p.Profile.String())
	}
	sum := sha256.Sum256([]byte(content.String()))
	r.flow.Version = hex.EncodeToString(sum[:8])
	r.flow.Bundle = bundle
}

// usedConfig returns the part of nudge.yaml that a flow uses. It leaves out the serving
// keys, some of which are secret, and the events and categories of other flows.
func (p *Project) usedConfig(f *Flow, l *links) string {
	return p.Config.Extract(func(key, sub string) bool {
		switch key {
		case "project", "timezone", "locale", "profile", "from", "on_unknown", "merge_fields":
			return true
		case "events":
			return sub == "" || l.usesEvent(f, sub)
		case "categories":
			return sub == "" || l.categories[sub]
		}
		return false
	})
}

// usesEvent reports whether a flow with these links listens to an event or emits it.
func (l *links) usesEvent(f *Flow, event string) bool {
	return f.Listening[event] != nil || l.emits[event]
}

// Compile rebuilds a version of a flow from its bundle.
func Compile(b Bundle) (*Flow, error) {
	p, list := new(Workspace).load(b, nil)
	if err := list.Err(); err != nil {
		return nil, err
	}
	if len(p.Flows) != 1 {
		return nil, fmt.Errorf("flows: a bundle has one flow, this one has %d", len(p.Flows))
	}
	return p.Flows[0], nil
}
