package flows

import (
	"nudge/channels"
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
	"nudge/templates"
)

// ErrMergeField means that a rendered message contains {{, which the provider would
// replace. All other rendering errors are mistakes of the author.
var ErrMergeField = templates.ErrMergeField

// send reads a send step: the name of a template, or a mapping with a template or a
// message.
func (r *reader) send(v *node.Value, at int, k *typeEnv) {
	s := &Send{OnUnknown: r.project.OnUnknown, Category: r.flow.Category, Account: r.flow.Account}
	r.flow.Steps[at].Send = s
	how := r.use(k)
	how.Step = r.flow.Steps[at].ID
	source := (*templates.Source)(nil)
	if !v.IsMap() {
		source = r.template(v.Text())
		s.Template = v.Str()
	} else {
		source = r.sendMap(v.Map(), s, &how)
		if s.Template == "" {
			s.Template, s.Inline = r.flow.Steps[at].ID, !v.Map().Has("template")
		}
	}
	if source != nil {
		if !s.Inline {
			r.uses[s.Template] = append(r.uses[s.Template], how)
		}
		message := source.Compile(how, r.list)
		for _, name := range message.Partials() {
			r.partials[name] = true
		}
		s.Message, s.Facts = message, message.Facts()
		if len(s.rules) > 0 {
			s.Message = ruled{message, s.rules}
		}
	}
}

func (r *reader) sendMap(m *node.Map, s *Send, how *templates.Use) (source *templates.Source) {
	if m.Has("template") {
		t := m.Text("template")
		if source = r.template(t); source != nil {
			s.Template = t.Value
		}
		how.Own = templates.ParseFrom(m.Get("from"))
		how.Conversation = m.Text("conversation")
		s.rules = r.rules(m)
	} else {
		source = templates.ParseInline(m, r.list)
	}
	if unknown := readOnUnknown(m, r.list); unknown != OnUnknownDefault {
		s.OnUnknown = unknown
	}
	r.sendOptions(m, s)
	m.Allow("template")
	m.Close(stepKeys...)
	return source
}

// readThread reads the conversation of all messages of a flow that name none. A new one for
// each of them would bury people in conversations.
func readThread(m *node.Map) *node.Text {
	t := m.Text("conversation")
	if t == nil || t.Value != templates.NewConversation {
		return t
	}
	m.Errorf("conversation", codeBadValue, "write conversation: new at the send that begins a conversation, or name one here",
		"every message of the flow would begin a conversation of its own")
	return nil
}

// sendOptions reads when and how a message is sent.
func (r *reader) sendOptions(m *node.Map, s *Send) {
	if m.Has("category") {
		s.Category = r.category(m.Text("category"))
	}
	if m.Has("account") {
		s.Account = r.account(m.Text("account"))
	}
	if m.Has("max_delay") {
		s.MaxDelay = r.duration(m.Get("max_delay"))
	}
	if m.Has("expires") {
		s.Expires = r.duration(m.Get("expires"))
	}
	s.Window = readWindows(m.Get("window"), r.list)
	c := r.project.Categories[s.Category]
	if c != nil && c.Window != nil && s.Window.widens(c.Window) {
		m.Get("window").Errorf(codeWiderWindow, "narrow the window, or use another category",
			"messages of %s go out at %s; a step can narrow these hours, but not widen them", s.Category, c.Window)
	}
}

// rules reads the channels of a send with a template. They replace those of the template.
func (r *reader) rules(m *node.Map) []string {
	var rules []string
	for _, item := range m.List("rules") {
		if rule := item.Str(); rule != "" {
			rules = append(rules, rule)
		}
	}
	if m.Has("rules") && len(rules) == 0 {
		m.Errorf("rules", codeBadValue, "for example [appMessaging]", "rules must name at least one channel")
	}
	return rules
}

// ruled is a message with other channels than its template.
type ruled struct {
	Renderer
	rules []string
}

// Render makes the message.
func (r ruled) Render(to string, scope map[string]any) (channels.Message, error) {
	m, err := r.Renderer.Render(to, scope)
	if err == nil {
		m.Rules, m.RuleSet = r.rules, ""
	}
	return m, err
}

// template finds the template of a send.
func (r *reader) template(t *node.Text) *templates.Source {
	if !checkName(t, "a template's name", r.list) {
		return nil
	}
	if source := r.project.library.Source(t.Value); source != nil {
		r.used[t.Value] = true
		return source
	}
	names := r.project.library.Names()
	r.list.Errorf(t.Span, codeMissingTemplate, diag.DidYouMean(t.Value, names, "Templates"),
		"template file templates/%s.yaml not found", t.Value)
	return nil
}

// Template returns a template of the project without a flow, to send one test message. The
// content of its scope is unknown before it is rendered.
func (p *Project) Template(name string) (*templates.Template, error) {
	source := p.library.Source(name)
	if source == nil {
		hint := diag.DidYouMean(name, p.library.Names(), "Templates")
		return nil, diag.Diagnostic{Code: codeMissingTemplate, Hint: hint,
			Span: diag.Span{File: "templates/" + name + ".yaml"}, Message: "template not found"}
	}
	var list diag.List
	t := source.Compile(p.alone(), &list)
	return t, list.Err()
}

// aloneScope is the scope of a template without a flow: any name with a field, and the
// names without fields.
var aloneScope = shape.OpenMap(map[string]*shape.Type{NameNow: shape.Moment, NameRound: shape.Number})

// alone returns how a template is used without a flow.
func (p *Project) alone() templates.Use {
	return templates.Use{
		Scope: aloneScope, Zone: p.Zone, Project: p.Name, From: p.from, Untyped: true,
		Locale: p.Locale, Partials: p.library.Partials(), MergeFields: p.mergeFields, File: p.asset, Preferences: p.preferences,
	}
}

// use returns how a template is used at a place of the flow.
func (r *reader) use(k *typeEnv) templates.Use {
	return templates.Use{
		Scope: k.scope(), Zone: r.flow.Zone, Project: r.project.Name, From: r.from, Thread: r.conversation,
		Locale: r.project.Locale, Partials: r.project.library.Partials(),
		MergeFields: r.project.mergeFields, File: r.asset, Preferences: r.project.preferences, Notes: r.notes,
	}
}
