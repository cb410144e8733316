package flows

import (
	"nudge/flows/diag"
	"nudge/flows/node"
	"nudge/flows/shape"
	"nudge/templates"
)

// send reads a send step: the name of a template, or a mapping with one or with the
// message itself.
func (r *reader) send(v *node.Value, at int, k *known) {
	s := &Send{OnUnknown: r.project.OnUnknown, Category: r.flow.Category}
	r.flow.Steps[at].Send = s
	how := r.use(k)
	source := (*templates.Source)(nil)
	if !v.IsMap() {
		source = r.template(v.Text())
		s.Template = v.Str()
	} else {
		source = r.sendMap(v.Map(), s, &how)
		if s.Template == "" {
			s.Template = r.flow.Steps[at].ID
		}
	}
	if source != nil {
		message := source.Compile(how, r.list)
		for _, name := range message.Partials() {
			r.partials[name] = true
		}
		s.Message = message
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
	} else {
		source = templates.ParseInline(m, r.list)
	}
	if unknown := readOnUnknown(m, r.list); unknown != OnUnknownDefault {
		s.OnUnknown = unknown
	}
	if m.Has("category") {
		s.Category = r.category(m.Text("category"))
	}
	m.Allow("template")
	m.Close()
	return source
}

// template finds the template that a send names.
func (r *reader) template(t *node.Text) *templates.Source {
	if !checkName(t, "a template's name", r.list) {
		return nil
	}
	if source := r.project.library.Source(t.Value); source != nil {
		r.used[t.Value] = true
		return source
	}
	names := r.project.library.Names()
	r.list.Errorf(t.Span, CodeMissingTemplate, diag.DidYouMean(t.Value, names, "Templates"),
		"there is no templates/%s.yaml", t.Value)
	return nil
}

// Template is a template of the project by itself, to send one test message: what
// its scope has is not known before it is rendered.
func (p *Project) Template(name string) (*templates.Template, error) {
	source := p.library.Source(name)
	if source == nil {
		hint := diag.DidYouMean(name, p.library.Names(), "Templates")
		return nil, diag.Diagnostic{Code: CodeMissingTemplate, Hint: hint,
			Span: diag.Span{File: "templates/" + name + ".yaml"}, Message: "there is no such template"}
	}
	var list diag.List
	t := source.Compile(p.alone(), &list)
	return t, list.Err()
}

// alone is how a template is used that no flow stands around.
func (p *Project) alone() templates.Use {
	return templates.Use{
		Scope: shape.OpenMap(nil), Zone: p.Zone, Project: p.Name, From: p.from, Untyped: true,
		Locale: p.Locale, Partials: p.library.Partials(),
	}
}

// use is how a template is used at a place of the flow.
func (r *reader) use(k *known) templates.Use {
	return templates.Use{
		Scope: k.scope(), Zone: r.flow.Zone, Project: r.project.Name, From: r.from,
		Locale: r.project.Locale, Partials: r.project.library.Partials(),
	}
}
