package channels

import (
	"maps"
	"slices"
	"strings"
)

// PreferencesMark stands in the texts of a message where the link to the person's preferences belongs.
// It is a noncharacter, which Unicode keeps for use inside of programs. Templates never write one
// that comes from data, so nobody but the author of a template can put it into a message.
const PreferencesMark = "\uFDD0"

// ExamplePreferencesURL is the link where there is no server that could serve it, such as in tests.
const ExamplePreferencesURL = "https://preferences.example/p/EXAMPLE"

// The keys of a message's metadata for apps that show a button to unsubscribe. They have the meaning
// of the headers List-Unsubscribe and List-Unsubscribe-Post of mails (RFC 8058): a POST of
// UnsubscribePost to the link ends the messages of this category.
const (
	UnsubscribeKey     = "unsubscribe_url"
	UnsubscribePostKey = "unsubscribe_post"
	UnsubscribePost    = "List-Unsubscribe=One-Click"
)

// WithPreferences returns the message with a link in place of every mark. It changes nothing that m
// points to.
func (m Message) WithPreferences(link string) Message {
	if !m.Linked {
		return m
	}
	l := linker{strings.NewReplacer(PreferencesMark, link)}
	m.Linked = false
	m.Title, m.Body = l.Replace(m.Title), l.Replace(m.Body)
	m.Parts, m.AppParts = l.parts(m.Parts), l.parts(m.AppParts)
	if m.Alert != nil {
		m.Alert = &Alert{Title: l.Replace(m.Alert.Title), Body: l.Replace(m.Alert.Body), APNS: l.object(m.Alert.APNS), FCM: l.object(m.Alert.FCM)}
	}
	m.Metadata = l.value(m.Metadata)
	m.Custom, m.Overrides = l.object(m.Custom), l.object(m.Overrides)
	m.Options = maps.Clone(m.Options)
	for id, options := range m.Options {
		m.Options[id] = l.object(options)
	}
	return m
}

// linker puts a link in place of marks.
type linker struct{ *strings.Replacer }

func (l linker) parts(from []Part) []Part {
	parts := slices.Clone(from)
	for i := range parts {
		p := &parts[i]
		p.Name, p.Data, p.URL = l.Replace(p.Name), l.Replace(p.Data), l.Replace(p.URL)
	}
	return parts
}

func (l linker) object(from map[string]any) map[string]any {
	m := maps.Clone(from)
	for key, v := range m {
		m[key] = l.value(v)
	}
	return m
}

// value puts the link into the texts of a value as JSON has them.
func (l linker) value(v any) any {
	switch v := v.(type) {
	case string:
		return l.Replace(v)
	case map[string]any:
		return l.object(v)
	case []any:
		items := slices.Clone(v)
		for i := range items {
			items[i] = l.value(items[i])
		}
		return items
	}
	return v
}
