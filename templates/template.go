package templates

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nudge/channels"
	"nudge/lang/diag"
	"nudge/lang/insight"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// MaxOutput is how many bytes one rendered text may have; a longer one cannot be rendered, and fails
// its run.
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
	Thread       *node.Text     // the conversation where neither says one; may be nil
	Step         string         // the step that uses it, for messages; empty without one
	Untyped      bool           // conditions on values of unknown type are fine
	Locale       string         // the language of what is no variant; empty for defaultLocale
	MergeFields  bool           // rendered text may have {{ in it, which the provider expands

	// File returns the content of a project file that a part may carry. Its error is
	// written for the author. If File is nil, parts cannot carry files.
	File func(name string) ([]byte, error)

	Partials map[string]*Partial // by name

	Preferences bool // people have a page of preferences, so texts may link to it

	Notes *insight.Notes // what editors ask for; nil: nobody asks
}

// NewConversation is the word for a conversation that the provider assigns to one message.
const NewConversation = "new"

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
	fresh        bool // the provider assigns a new conversation
	rules        []string
	ruleSet      string
	extras       compiledExtras
	mergeFields  bool
	linked       bool // it links to the person's preferences

	variants map[string]*Template // by localeKey
	partials []string
	facts    Facts
}

// Compile checks and compiles the template for one place. It adds mistakes to the list; use
// the template only if there are none.
func (s *Source) Compile(use Use, list *diag.List) *Template {
	if !s.compiled { // a project that is loaded is only read
		s.compiled = true
	}
	used, reads := map[string]bool{}, collected{}
	t := s.compileIn(use.Locale, use, used, reads, list)
	for _, key := range s.locales() {
		if t.variants == nil {
			t.variants = map[string]*Template{}
		}
		v := s.variants[key]
		t.variants[key] = v.compileIn(v.locale, use, used, reads, list)
		t.facts.Locales = append(t.facts.Locales, v.locale)
	}
	t.partials = slices.Sorted(maps.Keys(used))
	t.facts.Locale, t.facts.Reads = cmp.Or(use.Locale, defaultLocale), reads.sorted()
	return t
}

// Partials returns the sorted names of the partials that the template and its variants use.
func (t *Template) Partials() []string { return t.partials }

// compileIn compiles the template without its variants, as a text in one language.
func (s *Source) compileIn(locale string, use Use, used map[string]bool, reads collected, list *diag.List) *Template {
	c := newCompiler(use, locale, used, list)
	c.reads = reads
	t := &Template{project: use.Project, rules: s.rules, ruleSet: s.ruleSet, mergeFields: use.MergeFields}
	if len(t.rules) == 0 && t.ruleSet == "" {
		t.rules = defaultRules
	}
	c.forReaders(true, func() {
		t.body = c.text(s.body)
		t.parts = c.parts(s.parts)
		t.alert = c.alert(s.alert)
		c.asData(func() { t.metadata = c.structure(s.metadata) })
		t.extras = c.extras(&s.extras)
	})
	s.compileSender(t, c)
	t.linked = c.linked
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
		for _, id := range []*node.Text{from.team, from.id} {
			c.notBlank(id, "sender")
			if name, ok := teamIn(id); ok && strings.TrimSpace(name) == "" {
				c.list.Errorf(id.Span, codeBadValue, "for example from: Customer Services", "the sender names no team")
			}
		}
		if s.templateID != nil && len(s.custom) > 0 {
			c.list.Errorf(s.templateID.Span, codeMixed, "send two messages, or remove the sender",
				"the sender of a template of the provider is sent as channelOptions, and a message can have channelOptions or a customBody, not both")
		}
		t.team, t.id, t.name, t.avatar = c.text(from.team), c.text(from.id), c.text(from.name), c.text(from.avatar)
		if from.avatar != nil && (s.own() || len(s.custom) > 0) {
			c.list.Warnf(from.avatar.Span, codeLost, "remove the avatar, or remove the alert, metadata and customBody",
				"the provider drops the avatar beside an alert, metadata or a customBody")
		}
	}
	if conversation == nil {
		conversation = use.Thread
	}
	if conversation != nil && conversation.Value == NewConversation {
		t.fresh = true
		return
	}
	c.notBlank(conversation, "conversation")
	t.conversation = c.text(conversation)
}

// notBlank reports a text of the sender that is empty whatever the data is.
func (c *compiler) notBlank(t *node.Text, what string) {
	if t != nil && strings.TrimSpace(t.Value) == "" {
		c.list.Errorf(t.Span, codeBadValue, "write a text, or remove the key", "the %s is empty", what)
	}
}

// teamIn returns the team in the ID of a sender that is no template.
func teamIn(t *node.Text) (name string, ok bool) {
	if t == nil || isTemplate(t) {
		return "", false
	}
	return channels.TeamOf(t.Value)
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
	if t.linked {
		linked(&m)
	}
	if r.err == nil && !t.mergeFields && strings.Contains(m.To, mergeField) {
		r.err = fmt.Errorf("the person's id: %w", ErrMergeField)
	}
	if r.err != nil {
		return channels.Message{}, r.err
	}
	return m, nil
}

// renderSender sets the sender and the conversation. A team's message belongs to the team's
// conversation, where the provider's Chat product looks for it. A sender or conversation
// that the data leaves empty is an error: the message would go out under another's name.
func (t *Template) renderSender(r *renderer, m *channels.Message) {
	var team, sender string
	switch {
	case t.team != nil:
		team = r.filled(t.team, "sender")
		m.From = channels.TeamSender(team)
	case t.id != nil:
		m.From = &channels.Sender{ID: r.filled(t.id, "sender"), Name: r.text(t.name), Avatar: r.text(t.avatar)}
		team, _ = channels.TeamOf(m.From.ID)
		sender = m.From.ID
	}
	switch {
	case t.fresh:
	case t.conversation != nil:
		m.Conversation = r.filled(t.conversation, "conversation")
	case team != "":
		m.Conversation = channels.TeamConversation(team, m.To)
	case sender != "":
		m.Conversation = channels.SenderConversation(t.project, sender, m.To)
	default:
		m.Conversation = channels.TeamConversation(t.project, m.To)
	}
}
