package console

import (
	"slices"
	"strings"

	"nudge/client"
)

var templateViews = []view{
	{pattern: Root + "templates", file: "templates", section: "templates", load: loadTemplates},
	{pattern: Root + "templates/{name}", file: "template", section: "templates", load: loadTemplate},
}

func loadTemplates(v *visit) (*content, error) {
	lines, err := v.api.Templates(v.ctx())
	if err != nil {
		return nil, err
	}
	return &content{Title: "Templates", Data: lines}, nil
}

// templatePage is what people would read of a template.
type templatePage struct {
	*client.Template
	Uses []templateUse
}

// templateUse is one step that sends a template, and a grid of what people would read.
type templateUse struct {
	client.TemplateCases
	Locales []string
	Rows    []templateRow
	Fails   int // cases that cannot be rendered
	Warned  int // cases with something that a reader would stumble over
}

// templateRow is a row of the grid: what is absent, and the case of each locale; nil where it is not tried.
type templateRow struct {
	Absent []string
	Cells  []*client.TemplateCase
}

func loadTemplate(v *visit) (*content, error) {
	t, err := v.api.Template(v.ctx(), v.r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	p := templatePage{Template: t}
	for i := range t.Uses {
		p.Uses = append(p.Uses, gridOf(&t.Uses[i]))
	}
	return &content{Title: t.Name, Crumbs: []crumb{{"Templates", Root + "templates"}}, Data: p}, nil
}

// gridOf puts the cases of a use into a grid. Its rows keep their order, so that the worst come first.
func gridOf(of *client.TemplateCases) templateUse {
	u := templateUse{TemplateCases: *of, Locales: slices.Clone(of.Languages)}
	for _, c := range of.Cases {
		if !slices.Contains(u.Locales, c.Locale) {
			u.Locales = append(u.Locales, c.Locale)
		}
	}
	rows := map[string]int{}
	for i := range of.Cases {
		c := &of.Cases[i]
		key := strings.Join(c.Absent, "\x00")
		at, ok := rows[key]
		if !ok {
			at = len(u.Rows)
			rows[key] = at
			u.Rows = append(u.Rows, templateRow{c.Absent, make([]*client.TemplateCase, len(u.Locales))})
		}
		u.Rows[at].Cells[slices.Index(u.Locales, c.Locale)] = c
		if c.Fails != "" {
			u.Fails++
		}
		if len(c.Warnings) > 0 {
			u.Warned++
		}
	}
	return u
}

// Falls reports whether people of a locale get the text of another language.
func (u templateUse) Falls(locale string) bool {
	return !slices.Contains(u.Languages, locale)
}

// textOf is a message in one text.
func textOf(m *client.TemplateMessage) string {
	lines := []string{m.Title, m.Body}
	for _, p := range m.Parts {
		lines = append(lines, p.Text, p.URL)
	}
	if m.Template != "" {
		lines = append(lines, "template "+m.Template+" of the provider")
	}
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return l == "" }), "\n")
}
