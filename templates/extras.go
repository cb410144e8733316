package templates

import (
	"slices"

	"nudge/channels"
	"nudge/lang/node"
)

// extras holds the rest of a message beside its text and sender, as it was written. The
// keys are the provider's own words, which its pages explain.
type extras struct {
	title, templateID *node.Text
	addresses         []node.Entry // where else a person is reached: phoneNumber, email
	options, custom   []node.Entry // by channel, without channels.AppMessaging
	appParts          []part
	overrides         *node.Value
	optIn             bool
}

// parseExtras reads the extras of a message and reports keys that exclude each other.
func (s *Source) parseExtras(m *node.Map) {
	s.title, s.templateID = m.Text("title"), m.Text("templateId")
	s.addresses = parseAddresses(m)
	s.optIn = m.Bool("requireOptIn")
	s.parseOptions(m)
	s.parseCustom(m.Child("customBody"))
	s.parseOverrides(m)
	s.checkContent(m)
	s.checkMixed(m)
	s.checkRules(m)
}

func parseAddresses(m *node.Map) []node.Entry {
	addresses := m.Child("addresses").Entries()
	for _, e := range addresses {
		if e.Key.Value == "profileId" {
			e.Value.Errorf(CodeExclusive, "remove it", "profileId is always the person of the run")
		}
		e.Value.Text() // reports what is none
	}
	return addresses
}

func (s *Source) parseOptions(m *node.Map) {
	for _, e := range m.Child("channelOptions").Entries() {
		if e.Key.Value == channels.AppMessaging {
			e.Value.Errorf(CodeExclusive, "write from: beside the body", "the sender of app messages belongs to the message itself")
			continue
		}
		if hint := nearChannel(e.Key.Value); hint != "" {
			m.Child("channelOptions").Errorf(e.Key.Value, codeChannel, hint, "there is no channel %q", e.Key.Value)
		}
		if mapping(e.Value) != nil {
			s.options = append(s.options, e)
		}
	}
}

// parseCustom reads the bodies that replace the text in some channels. The body of app
// messaging has its own keys.
func (s *Source) parseCustom(m *node.Map) {
	for _, e := range m.Entries() {
		if hint := nearChannel(e.Key.Value); hint != "" {
			m.Errorf(e.Key.Value, codeChannel, hint, "there is no channel %q", e.Key.Value)
		}
		switch {
		case e.Key.Value == channels.AppMessaging:
			s.parseApp(e.Value.Map())
		case e.Value.IsMap() || e.Value.IsText():
			s.custom = append(s.custom, e)
		default:
			e.Value.Errorf(codeBadValue, "", "the customBody of %s must be a mapping, or text for a custom channel", e.Key.Value)
		}
	}
}

func (s *Source) parseApp(m *node.Map) {
	if m == nil {
		return
	}
	s.appParts = parseParts(m)
	if !m.Has("parts") {
		m.Errorf("parts", codeMissing, "for example parts: [ { type: text/plain, data: Hello } ]",
			"the customBody of %s has no parts", channels.AppMessaging)
	}
	m.Close()
}

// parseOverrides reads the settings of a new conversation. The provider documents the
// place, but not the keys.
func (s *Source) parseOverrides(m *node.Map) {
	s.overrides = m.Get("overrides")
	if s.overrides == nil {
		return
	}
	o := m.Child("overrides")
	app := o.Child(channels.AppMessaging)
	if mapping(app.Get("conversation")) == nil {
		o.Errorf(channels.AppMessaging, codeMissing, "for example overrides: { appMessaging: { conversation: { name: Order 7 } } }",
			"overrides needs appMessaging.conversation")
		s.overrides = nil
	}
	app.Close()
	o.Close()
}

// own reports whether app messaging gets a customBody: it carries the alert, the metadata
// and the channel's own parts.
func (s *Source) own() bool { return s.alert != nil || s.metadata != nil || len(s.appParts) > 0 }

// checkContent reports a message without content, or with two kinds of it.
func (s *Source) checkContent(m *node.Map) {
	for _, key := range []string{"body", "parts"} {
		if m.Has("templateId") && m.Has(key) {
			m.Errorf("templateId", CodeExclusive, "keep one of them", "a message can have %s or templateId, not both", key)
			return
		}
	}
	says := m.Has("body") || m.Has("parts") || m.Has("templateId") || m.Has("customBody")
	if !says && len(m.Keys()) > 0 {
		m.Errorf("body", codeMissing, "for example body: Your order is on its way.", "the message has no body")
	}
	if says && s.own() && !m.Has("body") && !m.Has("parts") && len(s.appParts) == 0 {
		key := "alert"
		if s.alert == nil {
			key = "metadata"
		}
		m.Errorf(key, CodeExclusive, "add parts for app messaging: customBody: { appMessaging: { parts: … } }",
			"%s needs a text for app messaging, and this message has none", key)
	}
}

// checkMixed reports options of channels beside a body of a channel. The provider's page
// takes never both in one request (Dotdigital, "Channel: App messaging").
func (s *Source) checkMixed(m *node.Map) {
	if len(s.options) == 0 {
		return
	}
	const hint = "keep one of them, or send two messages"
	switch {
	case len(s.custom) > 0 || len(s.appParts) > 0:
		m.Errorf("channelOptions", codeMixed, hint, "a message can have channelOptions or a customBody, not both")
	case s.alert != nil:
		m.Errorf("channelOptions", codeMixed, hint, "a message can have channelOptions or an alert, which is sent as a customBody")
	case s.metadata != nil:
		m.Errorf("channelOptions", codeMixed, hint, "a message can have channelOptions or metadata, which is sent as a customBody")
	}
}

// checkRules reports a channel of the rules that gets none of the parts.
func (s *Source) checkRules(m *node.Map) {
	if len(s.parts) == 0 || s.ruleSet != "" {
		return
	}
	rules := s.rules
	if len(rules) == 0 {
		rules = defaultRules
	}
	for _, id := range rules {
		switch {
		case id == channels.AppMessaging && len(s.appParts) > 0:
		case slices.ContainsFunc(s.custom, func(e node.Entry) bool { return e.Key.Value == id }):
		case slices.ContainsFunc(s.parts, func(p part) bool { return channels.Part{Channels: p.channels}.Gets(id) }):
		default:
			m.Errorf("parts", codeNoPart, "add a part for "+id+", or remove "+id+" from the rules",
				"the message goes out by %s, and all of its parts are for other channels", id)
		}
	}
}

// over returns the extras of a variant: its own, and the template's for all keys that it
// leaves out.
func (s *Source) over(template *Source) extras {
	merged := s.extras
	if merged.title == nil && template.title != nil {
		s.warnLanguage("title", template)
		merged.title = template.title
	}
	if !s.m.Has("customBody") && (len(template.custom) > 0 || len(template.appParts) > 0) {
		s.warnLanguage("customBody", template)
		merged.custom, merged.appParts = template.custom, template.appParts
	}
	if !s.m.Has("channelOptions") {
		merged.options = template.options
	}
	if !s.m.Has("addresses") {
		merged.addresses = template.addresses
	}
	if merged.overrides == nil {
		merged.overrides = template.overrides
	}
	if !s.m.Has("requireOptIn") {
		merged.optIn = template.optIn
	}
	return merged
}

type compiledExtras struct {
	title, templateID *text
	addresses         []address
	options, custom   object
	appParts          []compiledPart
	overrides         structure
	optIn             bool
}

// address is one more way to reach a person.
type address struct {
	name string
	text *text
}

func (c *compiler) extras(e *extras) compiledExtras {
	compiled := compiledExtras{
		title: c.text(e.title), templateID: c.text(e.templateID), options: c.object(e.options),
		custom: c.custom(e.custom), appParts: c.parts(e.appParts), overrides: c.structure(e.overrides), optIn: e.optIn,
	}
	c.forReaders(false, func() {
		for _, a := range e.addresses {
			compiled.addresses = append(compiled.addresses, address{a.Key.Value, c.text(a.Value.Text())})
		}
	})
	return compiled
}

// custom compiles the bodies of other channels. The body of a custom channel is text, even
// if it is only a number (Dotdigital, "Custom messages").
func (c *compiler) custom(entries []node.Entry) object {
	o := c.object(entries)
	for i := range o {
		switch l := o[i].value.(type) {
		case leaf:
			l.single = false
		case literal:
			o[i].value = literal{entries[i].Value.Str()}
		}
	}
	return o
}

func (e *compiledExtras) render(r *renderer, m *channels.Message) {
	m.Title, m.Template, m.OptIn = r.text(e.title), r.text(e.templateID), e.optIn
	m.AppParts = r.parts(e.appParts)
	m.Overrides = r.object(e.overrides)
	for _, a := range e.addresses {
		if m.Addresses == nil {
			m.Addresses = map[string]string{}
		}
		m.Addresses[a.name] = r.text(a.text)
	}
	for _, f := range e.options {
		if m.Options == nil {
			m.Options = map[string]map[string]any{}
		}
		m.Options[f.name] = r.object(f.value)
	}
	if len(e.custom) > 0 {
		m.Custom = r.object(e.custom)
	}
}
