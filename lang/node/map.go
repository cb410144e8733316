package node

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"nudge/lang/diag"
)

// Map is a mapping. It remembers which keys were read: [Map.Close] reports the others. A
// nil Map acts as an empty one without a place.
type Map struct {
	at    *Value
	asked []string
	whole bool // all keys were read
}

// Span returns the place of the mapping.
func (m *Map) Span() diag.Span {
	if m == nil {
		return diag.Span{}
	}
	return m.at.Span()
}

// Value returns the mapping as a value.
func (m *Map) Value() *Value {
	if m == nil {
		return nil
	}
	return m.at
}

// Get returns the value of a key, or nil if the key is absent.
func (m *Map) Get(key string) *Value {
	if m == nil {
		return nil
	}
	m.Allow(key)
	if i := m.find(key); i >= 0 {
		return m.value(i)
	}
	return nil
}

// find returns where a key stands in the content, or -1.
func (m *Map) find(key string) int {
	for i := 0; i < len(m.at.n.Content); i += 2 {
		if m.at.n.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// value returns the value of the key that stands at i in the content.
func (m *Map) value(i int) *Value {
	k := m.at.n.Content[i]
	v := &Value{src: m.at.src, n: m.at.n.Content[i+1], name: k.Value}
	if v.IsEmpty() {
		v = emptyAt(v, k)
	}
	return v
}

// emptyAt gives a missing value the place of its key, and the comment that may have
// swallowed the value.
func emptyAt(v *Value, key *yaml.Node) *Value {
	n := *v.n
	n.Line, n.Column, n.Style = key.Line, key.Column, key.Style
	if n.Value == "" {
		n.Value = key.Value
	}
	if n.LineComment == "" {
		n.LineComment = key.LineComment
	}
	return &Value{src: v.src, n: &n, name: v.name}
}

// Has reports whether the key is present, even if its value is empty.
func (m *Map) Has(key string) bool { return m.Get(key) != nil }

// Allow adds keys to those that Close accepts and lists, without reading them.
func (m *Map) Allow(keys ...string) {
	if m == nil {
		return
	}
	for _, key := range keys {
		if !slices.Contains(m.asked, key) {
			m.asked = append(m.asked, key)
		}
	}
}

// Child returns the mapping under a key, or nil if the key is absent.
func (m *Map) Child(key string) *Map { return m.Get(key).Map() }

// List returns the items of the list under a key, or nil if the key is absent.
func (m *Map) List(key string) []*Value { return m.Get(key).List() }

// Text returns the text under a key with its place, or nil if the key is absent.
func (m *Map) Text(key string) *Text { return m.Get(key).Text() }

// Str returns the text under a key, or an empty text if the key is absent.
func (m *Map) Str(key string) string { return m.Get(key).Str() }

// Int returns the whole number under a key, or 0 if the key is absent.
func (m *Map) Int(key string) int { return m.Get(key).Int() }

// Bool returns the boolean under a key, or false if the key is absent.
func (m *Map) Bool(key string) bool { return m.Get(key).Bool() }

// Duration returns the elapsed time under a key, in the form of [ParseDuration] with days
// of 24 hours, or 0 if the key is absent.
func (m *Map) Duration(key string) time.Duration {
	v := m.Get(key)
	t := v.DurationText()
	if t == nil {
		return 0
	}
	days, clock, err := ParseDuration(t.Value)
	if err != nil {
		v.Errorf(CodeBadValue, DurationHint(t.Value), "%s: %v", key, err)
		return 0
	}
	return time.Duration(days)*24*time.Hour + clock
}

// Entry is one key of a mapping with its value.
type Entry struct {
	Key   *Text
	Value *Value
}

// Entries returns all entries of the mapping in the order of the file, and makes every key
// known.
func (m *Map) Entries() []Entry {
	if m == nil {
		return nil
	}
	m.whole = true
	var entries []Entry
	for i := 0; i < len(m.at.n.Content); i += 2 {
		key := m.at.n.Content[i]
		entries = append(entries, Entry{Key: m.at.src.text(key), Value: m.value(i)})
	}
	return entries
}

// Keys returns the keys of the mapping in the order of the file. It does not make them
// known.
func (m *Map) Keys() []*Text {
	if m == nil {
		return nil
	}
	var keys []*Text
	for i := 0; i < len(m.at.n.Content); i += 2 {
		keys = append(keys, m.at.src.text(m.at.n.Content[i]))
	}
	return keys
}

// Errorf reports an error at the key, or at the mapping if the key is absent.
func (m *Map) Errorf(key string, code diag.Code, hint, format string, args ...any) {
	if m == nil {
		return
	}
	if i := m.find(key); i >= 0 {
		m.at.src.list.Errorf(m.at.src.span(m.at.n.Content[i]), code, hint, format, args...)
		return
	}
	m.at.Errorf(code, hint, format, args...)
}

// otherWords are keys as other tools call them, with the keys that they mean here, the
// likeliest first.
var otherWords = map[string][]string{
	"delay": {"after", "wait", "max_delay"}, "sleep": {"after", "wait"}, "pause": {"after", "wait"}, "for": {"after", "wait"},
	"duration": {"after", "wait"}, "timeout": {"after"}, "until": {"at"}, "time": {"at"}, "date": {"at"}, "tz": {"timezone"},
	"zone": {"timezone"}, "when": {"if"}, "condition": {"if"}, "where": {"if"}, "message": {"send", "body"}, "text": {"body"},
	"content": {"body"}, "otherwise": {"else"}, "default": {"else"}, "schedule": {"cron"}, "on": {"event", "trigger"},
	"goto": {"start"}, "call": {"start", "fetch"}, "http": {"fetch"}, "webhook": {"fetch"}, "loop": {"repeat"}, "switch": {"branch"},
	"stop": {"exit"}, "end": {"exit"}, "description": {"about"}, "user": {"to"}, "limit": {"at_most"}, "hours": {"window"},
}

// otherWord returns the known key that a word of other tools means, or an empty text.
func otherWord(word string, known []string) string {
	for _, key := range otherWords[word] {
		if slices.Contains(known, key) {
			return key
		}
	}
	return ""
}

// MeansKey reports whether a key is a misspelling of one of the names, or another tool's
// word for one.
func MeansKey(key string, names []string) bool {
	return diag.Nearest(key, names) != "" || otherWord(key, names) != ""
}

// Close reports the keys that were not read, at most a hundred, with the nearest known key and a
// list of all known keys. The outer keys are those of the step that the mapping is in.
func (m *Map) Close(outer ...string) {
	if m == nil || m.whole {
		return
	}
	unknown := 0
	for _, k := range m.Keys() {
		if !slices.Contains(m.asked, k.Value) {
			if unknown++; unknown > maxKeys {
				return
			}
			hint := diag.DidYouMean(k.Value, m.asked, "Allowed here")
			if meant := otherWord(k.Value, m.asked); meant != "" {
				hint = `write "` + meant + `" instead. Allowed here: ` + strings.Join(m.asked, ", ")
			}
			if slices.Contains(outer, k.Value) {
				hint = "move it one level out, so that it is a key of the step. Allowed here: " + strings.Join(m.asked, ", ")
			}
			m.at.src.list.Errorf(k.Span, codeUnknownKey, hint, "unknown key %q", k.Value)
		}
	}
}
