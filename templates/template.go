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

// MaxOutput is the maximum length of one rendered text, in bytes.
const MaxOutput = 64 << 10

// defaultRules are the channels of a message that names none.
var defaultRules = []string{"appMessaging"}

// Use describes the place where a template is used.
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

	// File returns the content of a project file that a part may carry. Its error is
	// written for the author. If File is nil, parts cannot carry files.
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

// Compile checks and compiles the template for one place. It adds mistakes to the list; use
// the template only if there are none.
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

// Partials returns the sorted names of the partials that the template and its variants use.
func (t *Template) Partials() []string { return t.partials }

// compileIn compiles the template without its variants, as a text in one language.
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

// compileSender compiles the sender, which several places can set.
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

// Render makes the message for a person, in the variant that best fits their locale. An
// error names the template's file, line and column.
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

// renderSender sets the sender and the conversation. A team's message belongs to the team's
// conversation, where the provider's Chat product looks for it.
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
