package server

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/whatif/cases"
)

// TemplateUse is a step of an active flow that sends a template.
type TemplateUse struct {
	Flow      string   `json:"flow"`
	Version   string   `json:"version"`
	Step      string   `json:"step"`
	Inline    bool     `json:"inline,omitempty"` // the message stands in the flow itself
	Languages []string `json:"languages"`        // the first is for people of any other language

	flow *flows.Flow
	send *flows.Send
}

// templateLine is a template in a list.
type templateLine struct {
	Name string        `json:"name"` // of its file; of a message that stands in a flow, the ID of its step
	Uses []TemplateUse `json:"uses"`
}

// templateList are the templates of the active flows. There are at most as many as the flows of
// a project have steps: [flows.MaxFiles] and the size of a project limit it.
type templateList struct {
	Templates []templateLine `json:"templates"` // by name
}

// Template is a template with its cases, as the API shows it.
type Template struct {
	Name string         `json:"name"`
	Uses []templateCase `json:"uses"`
}

// templateCase is a use of a template, and what people would read.
type templateCase struct {
	TemplateUse
	Optional []string     `json:"optional"`           // the values that its texts read and that may be absent
	Cases    []cases.Case `json:"cases"`              // the worst first
	LeftOut  int          `json:"left_out,omitempty"` // cases beyond the most that are tried
}

// maxTemplateUses is how many uses of one template are tried; those beyond it stand in the list
// of templates, without cases.
const maxTemplateUses = 20

// templateRoutes are about what people read.
func (s *Server) templateRoutes() []route {
	return []route{
		{"GET /v1/templates", ScopeRead, s.listTemplates, operation{
			id: "listTemplates", topic: "Flows", does: "List the templates of the active flows", more: "With the steps that send them.", gives: ok(templateList{}, "the templates, by name"),
		}},
		{"GET /v1/templates/{name}", ScopeRead, s.showTemplate, operation{
			id: "showTemplate", topic: "Flows", does: "Show what people would read of a template",
			more: fmt.Sprintf("It is rendered with example data: in each of its languages, with everything there, and without each value that may be absent. "+
				"The worst cases come first: those that fail, then empty texts and gaps. At most %d cases of a step are tried, and %d steps.", cases.MaxCases, maxTemplateUses),
			gives: ok(Template{}, "the template with its cases"), fails: []int{404},
		}},
	}
}

// templateUses are the sends of the active flows by the names of their templates.
func (s *Server) templateUses() (map[string][]TemplateUse, error) {
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	uses := map[string][]TemplateUse{}
	for _, v := range state.Active {
		f, err := s.flows.version(v)
		if err != nil {
			return nil, err
		}
		if f == nil {
			continue
		}
		for i := range f.Steps {
			if send := f.Steps[i].Send; send != nil {
				languages := append([]string{send.Facts.Locale}, send.Facts.Locales...)
				uses[send.Template] = append(uses[send.Template], TemplateUse{f.Name, f.Version, f.Steps[i].ID, send.Inline, languages, f, send})
			}
		}
	}
	for _, all := range uses {
		slices.SortStableFunc(all, func(a, b TemplateUse) int { return cmp.Compare(a.Flow, b.Flow) })
	}
	return uses, nil
}

func (s *Server) listTemplates(w http.ResponseWriter, r *http.Request) {
	uses, err := s.templateUses()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list := templateList{Templates: []templateLine{}}
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		list.Templates = append(list.Templates, templateLine{name, uses[name]})
	}
	reply(w, http.StatusOK, list)
}

func (s *Server) showTemplate(w http.ResponseWriter, r *http.Request) {
	uses, err := s.templateUses()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	name := r.PathValue("name")
	if len(uses[name]) == 0 {
		known := slices.Sorted(maps.Keys(uses))
		s.fail(w, r, problemOf(http.StatusNotFound, "not-found", "no active flow sends a template "+name+"; "+diag.DidYouMean(name, known, "they send")))
		return
	}
	shown := Template{Name: name, Uses: []templateCase{}}
	for _, use := range uses[name][:min(len(uses[name]), maxTemplateUses)] {
		c := templateCase{TemplateUse: use, Optional: []string{}}
		for _, read := range use.send.Facts.Reads {
			if read.Optional {
				c.Optional = append(c.Optional, read.Path)
			}
		}
		c.Cases, c.LeftOut = cases.Of(use.flow, use.send)
		shown.Uses = append(shown.Uses, c)
	}
	reply(w, http.StatusOK, shown)
}
