package templates

import (
	"nudge/channels"
	"nudge/lang/node"
)

// appMessaging is the channel whose fields are keys of the message itself.
const appMessaging = "appMessaging"

// extras holds the rest of a message beside its text and sender, as it was written. The
// keys are the provider's own words, which its pages explain.
type extras struct {
	title, templateID *node.Text
	addresses         []node.Entry // where else a person is reached: phoneNumber, email
	options, custom   []node.Entry // by channel, without appMessaging
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
	s.checkChannels(m)
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
		if e.Key.Value == appMessaging {
			e.Value.Errorf(CodeExclusive, "write from: beside the body", "the sender of app messages belongs to the message itself")
			continue
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
		switch {
		case e.Key.Value == appMessaging:
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
			"the customBody of %s has no parts", appMessaging)
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
	app := o.Child(appMessaging)
	if mapping(app.Get("conversation")) == nil {
		o.Errorf(appMessaging, codeMissing, "for example overrides: { appMessaging: { conversation: { name: Order 7 } } }",
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

// checkChannels reports a channel with options and a body of its own. The provider's pages
// disagree about options and bodies of different channels.
func (s *Source) checkChannels(m *node.Map) {
	for _, c := range s.custom {
		for _, o := range s.options {
			if c.Key.Value == o.Key.Value {
				c.Value.Errorf(CodeExclusive, "keep one of them",
					"%s has channelOptions and a customBody; a channel can have only one of them", c.Key.Value)
				return
			}
		}
	}
	if len(s.options) > 0 && (len(s.custom) > 0 || s.own()) {
		m.Get("channelOptions").Warnf(codeMixed, "try it with your account before you rely on it",
			"the provider may refuse channelOptions beside a customBody, "+
				"and an alert, metadata and parts of app messaging are sent as a customBody")
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
	for _, a := range e.addresses {
		compiled.addresses = append(compiled.addresses, address{a.Key.Value, c.text(a.Value.Text())})
	}
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
