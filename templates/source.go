package templates

import (
	"nudge/flows/diag"
	"nudge/flows/node"
)

// Source is a template as it was written. It becomes a [Template] where it is used,
// because what it may name depends on the place in the flow.
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
}

// part is one part of a multi-part message as it was written.
type part struct {
	name, kind, data, url *node.Text
	json                  *node.Value
	size                  int64
}

// alert is what a phone shows of a message as it was written.
type alert struct {
	title, body *node.Text
	apns, fcm   *node.Value
}

// From is who a message comes from: a Chat team, or a profile with a name.
type From struct {
	team     *node.Text
	id, name *node.Text
	canon    string
}

// Canonical is the content of From as text; "" for a nil one.
func (f *From) Canonical() string {
	if f == nil {
		return ""
	}
	return f.canon
}

// Canonical is the content of the template and its variants as one text that
// comments and layout do not change.
func (s *Source) Canonical() string {
	text := s.canon
	for _, key := range s.locales() {
		text += key + s.variants[key].canon
	}
	return text
}

// Compiled reports whether the template has been used anywhere.
func (s *Source) Compiled() bool { return s.compiled }

// Parse reads a template's file.
func Parse(file string, text []byte, list *diag.List) *Source {
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

// ParseInline reads the message of a mapping that may hold other keys too, which it
// neither reads nor reports.
func ParseInline(m *node.Map, list *diag.List) *Source {
	s := &Source{m: m, body: m.Text("body"), metadata: m.Get("metadata"), canon: m.Canonical()}
	s.from, s.conversation = ParseFrom(m.Get("from")), m.Text("conversation")
	s.parseParts(m)
	if m.Has("body") && m.Has("parts") {
		m.Errorf("parts", CodeExclusive, "put the text into the first part", "a message has a body or parts, not both")
	}
	if !m.Has("body") && !m.Has("parts") && len(m.Keys()) > 0 {
		m.Errorf("body", CodeMissing, "for example body: Your order is on its way.", "the message has no body")
	}
	if s.metadata != nil && s.metadata.Map() == nil {
		s.metadata = nil
	}
	s.parseAlert(m.Get("alert"))
	s.parseRules(m)
	if s.body != nil && s.body.Cut() {
		list.Warnf(s.body.Span, node.CodeComment, "quote the text if the # belongs to it",
			"what follows # is a comment and not sent")
	}
	return s
}

// ParseFrom reads the text of a Chat team or a mapping of id and name; nil stands
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
	f := &From{id: m.Text("id"), name: m.Text("name"), canon: m.Canonical()}
	if !m.Has("id") {
		m.Errorf("id", CodeMissing, "or name a Chat team: from: Customer Services", "the sender has no id")
	}
	m.Close()
	if f.id == nil {
		return nil
	}
	return f
}

func (s *Source) parseParts(m *node.Map) {
	items := m.List("parts")
	if len(items) == 0 && m.Get("parts").IsList() {
		m.Errorf("parts", CodeMissing, "", "parts has no part")
	}
	for _, item := range items {
		pm := item.Map()
		if pm == nil {
			continue
		}
		p := part{
			name: pm.Text("name"), kind: pm.Text("type"), data: pm.Text("data"), url: pm.Text("url"),
			json: pm.Get("json"), size: int64(pm.Int("size")),
		}
		pm.Close()
		checkPart(pm, &p)
		s.parts = append(s.parts, p)
	}
}

func checkPart(m *node.Map, p *part) {
	var found []string
	for _, key := range []string{"data", "url", "json"} {
		if m.Has(key) {
			found = append(found, key)
		}
	}
	switch {
	case len(found) == 0:
		m.Errorf("data", CodeMissing, "give it data, url or json", "the part has no content")
	case len(found) > 1:
		m.Errorf(found[1], CodeExclusive, "make it two parts", "a part has one of data, url and json, not %s and %s", found[0], found[1])
	}
	if !m.Has("type") && !m.Has("json") {
		m.Errorf("type", CodeMissing, "for example type: text/plain", "the part has no type")
	}
	if p.size < 0 {
		m.Errorf("size", CodeBadValue, "", "size cannot be less than nothing")
	}
}

func (s *Source) parseAlert(v *node.Value) {
	m := v.Map()
	if m == nil {
		return
	}
	a := &alert{title: m.Text("title"), body: m.Text("body")}
	if platforms := m.Child("platforms"); platforms != nil {
		a.apns, a.fcm = mapping(platforms.Get("apns")), mapping(platforms.Get("fcm"))
		platforms.Close()
	}
	if (a.apns != nil || a.fcm != nil) && (a.title != nil || a.body != nil) {
		v.Warnf(CodePlatforms, "put them into the platforms", "the provider ignores title and body when there are platforms")
	}
	if a.title == nil && a.body == nil && a.apns == nil && a.fcm == nil {
		m.Errorf("title", CodeMissing, "give it title, body or platforms", "the alert says nothing")
	}
	m.Close()
	s.alert = a
}

// mapping is the value if it is a mapping; else it is reported and nil.
func mapping(v *node.Value) *node.Value {
	if v == nil || v.Map() == nil {
		return nil
	}
	return v
}

func (s *Source) parseRules(m *node.Map) {
	s.ruleSet = m.Str("ruleSet")
	for _, item := range m.List("rules") {
		if rule := item.Str(); rule != "" {
			s.rules = append(s.rules, rule)
		}
	}
	if m.Has("rules") && m.Has("ruleSet") {
		m.Errorf("ruleSet", CodeExclusive, "keep one of them", "a message has rules or a ruleSet, not both")
	}
	if m.Has("rules") && len(s.rules) == 0 {
		m.Errorf("rules", CodeBadValue, "for example [appMessaging]", "rules names no channel")
	}
}
