package templates

import (
	"maps"
	"slices"
	"strings"
	"time"

	"nudge/channels"
	"nudge/flows/diag"
	"nudge/flows/node"
	"nudge/flows/shape"
)

// MaxOutput is how long one rendered text may be, in bytes.
const MaxOutput = 64 << 10

// defaultRules is the channel of a message that names none.
var defaultRules = []string{"appMessaging"}

// Use says where a template is used.
type Use struct {
	Scope        *shape.Type    // the names it may use: a map
	Zone         *time.Location // of times, for people whose own zone is not known
	Project      string         // part of the conversation of messages without a team
	From         *From          // the sender where the template names none; may be nil
	Own          *From          // the sender whatever the template says; may be nil
	Conversation *node.Text     // the conversation whatever the template says; may be nil
	Untyped      bool           // conditions on values of unknown type are fine
	Locale       string         // the language of what is no variant; empty for DefaultLocale

	Partials map[string]*Partial // by name
}

// Template is a message template, checked and compiled. It is safe for concurrent
// use.
type Template struct {
	project      string
	body         *text
	parts        []compiledPart
	alert        *compiledAlert
	metadata     structure
	team         *text // the sender's Chat team; exclusive with id and name
	id, name     *text
	conversation *text
	rules        []string
	ruleSet      string

	variants map[string]*Template // by localeKey
	partials []string
}

type compiledPart struct {
	name, kind, data, url *text
	json                  structure
	size                  int64
}

type compiledAlert struct {
	title, body *text
	apns, fcm   structure
}

// Compile checks the template against the names it may use. What is wrong goes to
// the list; the template is of use only when nothing is.
func (s *Source) Compile(use Use, list *diag.List) *Template {
	if !s.compiled { // a project that is loaded is only read
		s.compiled = true
	}
	used := map[string]bool{}
	t := s.compileIn(use.Locale, use, used, list)
	for _, key := range s.locales() {
		if t.variants == nil {
			t.variants = map[string]*Template{}
		}
		v := s.variants[key]
		t.variants[key] = v.compileIn(v.locale, use, used, list)
	}
	t.partials = slices.Sorted(maps.Keys(used))
	return t
}

// Partials is the names of the partials that the template and its variants are made
// of, sorted.
func (t *Template) Partials() []string { return t.partials }

// compileIn compiles the template by itself, as a text in one language.
func (s *Source) compileIn(locale string, use Use, used map[string]bool, list *diag.List) *Template {
	c := newCompiler(use, locale, used, list)
	t := &Template{project: use.Project, rules: s.rules, ruleSet: s.ruleSet}
	if len(t.rules) == 0 && t.ruleSet == "" {
		t.rules = defaultRules
	}
	t.body = c.text(s.body)
	for _, p := range s.parts {
		t.parts = append(t.parts, compiledPart{
			name: c.text(p.name), kind: c.text(p.kind), data: c.text(p.data), url: c.text(p.url),
			json: c.structure(p.json), size: p.size,
		})
	}
	if a := s.alert; a != nil {
		t.alert = &compiledAlert{title: c.text(a.title), body: c.text(a.body), apns: c.structure(a.apns), fcm: c.structure(a.fcm)}
	}
	t.metadata = c.structure(s.metadata)
	s.compileSender(t, c)
	return t
}

// compileSender compiles who the message is from, which several places may say.
func (s *Source) compileSender(t *Template, c *compiler) {
	use := c.use
	from, conversation := s.from, s.conversation
	if from == nil {
		from = use.From
	}
	if use.Own != nil {
		from = use.Own
	}
	if use.Conversation != nil {
		conversation = use.Conversation
	}
	if from != nil {
		t.team, t.id, t.name = c.text(from.team), c.text(from.id), c.text(from.name)
	}
	t.conversation = c.text(conversation)
}

// Render makes the message for a person, in the variant that fits their locale best.
// An error names the template's file, line and column.
func (t *Template) Render(to string, scope map[string]any) (channels.Message, error) {
	if t.variants != nil {
		if v, ok := fittest(t.variants, personLocale(scope)); ok {
			t = v
		}
	}
	r := &renderer{scope: scope}
	m := channels.Message{To: to, RuleSet: t.ruleSet, Rules: t.rules}
	m.Body = strings.TrimRight(r.text(t.body), "\n") // a block of YAML ends in a newline that nobody meant to send
	t.renderParts(r, &m)
	if t.alert != nil {
		m.Alert = &channels.Alert{Title: r.text(t.alert.title), Body: r.text(t.alert.body),
			APNS: r.object(t.alert.apns), FCM: r.object(t.alert.fcm)}
	}
	if t.metadata != nil {
		m.Metadata = r.value(t.metadata)
	}
	t.renderSender(r, &m)
	if r.err != nil {
		return channels.Message{}, r.err
	}
	return m, nil
}

func (t *Template) renderParts(r *renderer, m *channels.Message) {
	for _, p := range t.parts {
		part := channels.Part{Name: r.text(p.name), Type: r.text(p.kind), Data: r.text(p.data), URL: r.text(p.url), Size: p.size}
		if p.json != nil {
			part.Data = r.json(p.json)
			if part.Type == "" {
				part.Type = "application/json"
			}
		}
		m.Parts = append(m.Parts, part)
	}
}

// renderSender sets who the message is from and the conversation it belongs to,
// which is the team's where there is one: the provider's Chat product finds it so.
func (t *Template) renderSender(r *renderer, m *channels.Message) {
	m.Conversation = r.text(t.conversation)
	switch {
	case t.team != nil:
		team := r.text(t.team)
		m.From = channels.TeamSender(team)
		if t.conversation == nil {
			m.Conversation = channels.TeamConversation(team, m.To)
		}
	case t.id != nil:
		m.From = &channels.Sender{ID: r.text(t.id), Name: r.text(t.name)}
	}
	if m.Conversation == "" {
		m.Conversation = channels.TeamConversation(t.project, m.To)
	}
}
