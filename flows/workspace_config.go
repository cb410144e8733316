package flows

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nudge/lang/shape"
)

// commonKeys are the keys of nudge.yaml that can concern any flow. Its profile, its events and its
// categories concern the flows that name them.
var commonKeys = []string{"project", "timezone", "locale", "from", "on_unknown", "merge_fields"}

// says returns all that a flow can see of nudge.yaml, with the places that mistakes and
// definitions may name. A change of the rest does not concern the flow.
func (c *configRead) says(read *flowRead) string {
	if c.common == "" {
		c.common, c.profile = c.project.commonText(), c.project.profileText()
	}
	named := maps.Clone(read.emits)
	for _, t := range read.heard {
		named[t.Value] = true
	}
	var b strings.Builder
	b.WriteString(c.common)
	if read.sees {
		b.WriteString(c.profile)
	}
	b.WriteString(c.project.Config.Extract(func(key, sub string) bool { return key == "categories" && (sub == "" || read.categories[sub]) }))
	for _, event := range slices.Sorted(maps.Keys(named)) {
		b.WriteString("event " + event + " ")
		if t := c.project.Events[event]; t != nil {
			b.WriteString(c.project.Config.Extract(func(key, sub string) bool { return key == "events" && (sub == "" || sub == event) }))
			writePlaces(&b, t)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// commonText returns what can concern any flow.
func (p *Project) commonText() string {
	var b strings.Builder
	b.WriteString(p.Config.Extract(func(key, _ string) bool { return slices.Contains(commonKeys, key) }))
	if p.from != nil {
		fmt.Fprint(&b, p.Config.Get("from").Span())
	}
	fmt.Fprintln(&b, p.Accounts, p.Accounts == nil, p.preferences, p.categoryNames())
	return b.String()
}

// profileText returns what can concern the flows that name the profile.
func (p *Project) profileText() string {
	var b strings.Builder
	b.WriteString(p.Config.Extract(func(key, _ string) bool { return key == "profile" }))
	writePlaces(&b, p.Profile)
	return b.String()
}

// writePlaces writes where the fields of a type are declared, at any depth.
func writePlaces(b *strings.Builder, t *shape.Type) {
	for ; t.Kind == shape.KindList && t.Elem != nil; t = t.Elem {
	}
	for _, name := range t.Names() {
		for _, at := range t.Places[name] {
			fmt.Fprintf(b, "%s %d:%d ", name, at.Start.Line, at.Start.Column)
		}
		writePlaces(b, t.Fields[name])
	}
}
