package templates

import (
	"slices"
	"strings"

	"nudge/channels"
	"nudge/lang/diag"
	"nudge/lang/node"
)

// Source is a template as it was written. Compile turns it into a [Template] for one place
// of a flow, which determines the names that it may use.
type Source struct {
	file     string
	canon    string
	compiled bool
	m        *node.Map          // where the keys stand
	variants map[string]*Source // by localeKey
	locale   string             // of a variant

	body         *node.Text
	parts        []part
	alert        *alert
	metadata     *node.Value
	from         *From
	conversation *node.Text
	rules        []string
	ruleSet      string
	extras
}

// From is the sender of a message: a Chat team, or a profile with a name.
type From struct {
	team             *node.Text
	id, name, avatar *node.Text
	canon            string
}

// Canonical returns the content of From as text, or an empty text for nil.
func (f *From) Canonical() string {
	if f == nil {
		return ""
	}
	return f.canon
}

// Canonical returns the content of the template and its variants as one text that comments
// and layout do not change.
func (s *Source) Canonical() string {
	text := s.canon
	for _, key := range s.locales() {
		text += key + s.variants[key].canon
	}
	return text
}

// Compiled reports whether the template has been used anywhere.
func (s *Source) Compiled() bool { return s.compiled }

// parseSource reads the file of a template.
func parseSource(file string, text []byte, list *diag.List) *Source {
	before := len(*list)
	m := node.Parse(file, text, list)
	s := ParseInline(m, list)
	s.file, s.canon = file, m.Canonical()
	s.from, s.conversation = ParseFrom(m.Get("from")), m.Text("conversation")
	m.Close()
	if (*list)[before:].HasErrors() {
		s.compiled = true // what it lacks is reported; its use adds nothing
	}
	return s
}

// ParseInline reads the message in a mapping. The mapping may contain other keys, which
// ParseInline ignores.
func ParseInline(m *node.Map, list *diag.List) *Source {
	s := &Source{m: m, body: m.Text("body"), metadata: m.Get("metadata"), canon: m.Canonical()}
	s.from, s.conversation = ParseFrom(m.Get("from")), m.Text("conversation")
	s.parts = parseParts(m)
	if m.Has("body") && m.Has("parts") {
		m.Errorf("parts", CodeExclusive, "move the text into the first part", "a message can have body or parts, not both")
	}
	if s.metadata != nil && s.metadata.Map() == nil {
		s.metadata = nil
	}
	s.alert = parseAlert(m.Get("alert"))
	s.parseRules(m)
	s.parseExtras(m)
	if s.body != nil && strings.TrimSpace(s.body.Value) == "" {
		list.Errorf(s.body.Span, codeBadValue, "write a text, or remove the key", "the body is empty")
	}
	if s.body != nil && s.body.Cut() {
		list.Warnf(s.body.Span, node.CodeComment, "put quotes around the text if the # belongs to it",
			"everything after # is a comment and is not sent")
	}
	return s
}

// ParseFrom reads the name of a Chat team, or a mapping with id and name. It returns nil
// for an absent value.
func ParseFrom(v *node.Value) *From {
	switch {
	case v == nil:
		return nil
	case !v.IsMap():
		t := v.Text()
		if t == nil {
			return nil
		}
		return &From{team: t, canon: "team " + t.Value}
	}
	m := v.Map()
	f := &From{id: m.Text("id"), name: m.Text("name"), avatar: m.Text("avatar"), canon: m.Canonical()}
	if !m.Has("id") {
		m.Errorf("id", codeMissing, "add an id, or name a Chat team: from: Customer Services", "the sender has no id")
	}
	m.Close()
	if f.id == nil {
		return nil
	}
	return f
}

// mapping returns the value if it is a mapping. Otherwise it reports the value and returns
// nil.
func mapping(v *node.Value) *node.Value {
	if v == nil || v.Map() == nil {
		return nil
	}
	return v
}

func (s *Source) parseRules(m *node.Map) {
	s.ruleSet = m.Str("ruleSet")
	s.rules = channelIDs(m, "rules")
	if m.Has("rules") && m.Has("ruleSet") {
		m.Errorf("ruleSet", CodeExclusive, "keep one of them", "a message can have rules or a ruleSet, not both")
	}
	if m.Has("rules") && len(s.rules) == 0 {
		m.Errorf("rules", codeBadValue, "for example [appMessaging]", "rules must name at least one channel")
	}
}

// channelIDs returns the list of channels under a key.
func channelIDs(m *node.Map, key string) (ids []string) {
	for _, item := range m.List(key) {
		id := item.Str()
		if id == "" {
			continue
		}
		ids = append(ids, id)
		if hint := nearChannel(id); hint != "" {
			item.Errorf(codeChannel, hint, "there is no channel %q", id)
		} else if key == "rules" && !slices.Contains(channels.IDs(), id) && !m.Child("customBody").Has(id) {
			item.Warnf(codeChannel, "the channels are "+strings.Join(channels.IDs(), ", "),
				"%q is none of the provider's channels; it works only if your account has a custom channel of this name", id)
		}
	}
	return ids
}

// nearChannel returns a hint for the ID of a channel that is close to one of the provider's.
// It returns an empty text for the provider's own channels, and for others, which may be
// custom channels of the account.
func nearChannel(id string) string {
	known := channels.IDs()
	if near := diag.Nearest(id, known); near != "" && !slices.Contains(known, id) {
		return diag.DidYouMean(id, known, "The channels are")
	}
	return ""
}
