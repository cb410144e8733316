package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nudge/channels"
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
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
	Locale       string         // the language of what is no variant; empty for defaultLocale
	MergeFields  bool           // rendered text may have {{ in it, which the provider expands

	// File is the content of a file of the project, which a part may carry. Its error
	// is a sentence for the author. Nil: there are no files.
	File func(name string) ([]byte, error)

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
	avatar       *text
	conversation *text
	rules        []string
	ruleSet      string
	extras       compiledExtras
	mergeFields  bool

	variants map[string]*Template // by localeKey
	partials []string
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
	t := &Template{project: use.Project, rules: s.rules, ruleSet: s.ruleSet, mergeFields: use.MergeFields}
	if len(t.rules) == 0 && t.ruleSet == "" {
		t.rules = defaultRules
	}
	t.body = c.text(s.body)
	t.parts = c.parts(s.parts)
	t.alert = c.alert(s.alert)
	t.metadata = c.structure(s.metadata)
	t.extras = c.extras(&s.extras)
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
		t.team, t.id, t.name, t.avatar = c.text(from.team), c.text(from.id), c.text(from.name), c.text(from.avatar)
		if from.avatar != nil && (s.own() || len(s.custom) > 0) {
			c.list.Warnf(from.avatar.Span, codeLost, "remove the avatar, or remove the alert, metadata and customBody",
				"the provider drops the avatar beside an alert, metadata or a customBody")
		}
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
	m.Parts = r.parts(t.parts)
	if t.alert != nil {
		m.Alert = &channels.Alert{Title: r.text(t.alert.title), Body: r.text(t.alert.body),
			APNS: r.object(t.alert.apns), FCM: r.object(t.alert.fcm)}
	}
	if t.metadata != nil {
		m.Metadata = r.value(t.metadata)
	}
	t.extras.render(r, &m)
	t.renderSender(r, &m)
	if r.err == nil && !t.mergeFields && strings.Contains(m.To, mergeField) {
		r.err = fmt.Errorf("the person's id: %w", ErrMergeField)
	}
	if r.err != nil {
		return channels.Message{}, r.err
	}
	return m, nil
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
		m.From = &channels.Sender{ID: r.text(t.id), Name: r.text(t.name), Avatar: r.text(t.avatar)}
	}
	if m.Conversation == "" {
		m.Conversation = channels.TeamConversation(t.project, m.To)
	}
}
