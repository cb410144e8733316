package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// maxTemplates is how many templates there may be at a time; one more is answered 503.
const maxTemplates = 10_000

// template is a message that is kept at the provider. A send names it by templateId
// (Dotdigital, templates API).
type template struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parts       json.RawMessage `json:"messageParts"`
	Revision    int             `json:"revision"`
	Created     stamp           `json:"created"`
	Updated     stamp           `json:"updated"`
}

// shownTemplate is a template as the API shows it.
type shownTemplate struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parts       json.RawMessage `json:"messageParts"`
	CreatedOn   string          `json:"_createdOn"`
	CreatedBy   string          `json:"_createdBy"`
	UpdatedOn   string          `json:"_updatedOn"`
	UpdatedBy   string          `json:"_updatedBy"`
}

func (t *template) shown() shownTemplate {
	return shownTemplate{
		t.ID, t.Name, t.Description, t.Parts, at(t.Created.At), t.Created.By, at(t.Updated.At), t.Updated.By,
	}
}

func (t *template) tag() string { return etag(t.Revision, guidOf(t.ID)) }

// templateID is the form of an ID, and notInID what is removed from a name that becomes one.
var (
	templateID = regexp.MustCompile(`^[a-zA-Z\d_-]+$`)
	notInID    = regexp.MustCompile(`[^a-zA-Z\d_-]`)
)

// readTemplate reads a template, or answers with its mistakes.
func readTemplate(w http.ResponseWriter, r *http.Request) (template, bool) {
	var q struct {
		ID           string          `json:"id"`
		Name         string          `json:"name"`
		Description  string          `json:"description"`
		MessageParts json.RawMessage `json:"messageParts"`
	}
	if !readJSON(w, r, &q) {
		return template{}, false
	}
	id := q.ID
	if id == "" {
		id = notInID.ReplaceAllString(q.Name, "")
	}
	var f failures
	var parts []part
	wrong := json.Unmarshal(q.MessageParts, &parts) != nil || len(parts) == 0
	f.add(q.Name == "", "name", "is required")
	f.add(q.Name != "" && !templateID.MatchString(id), "id", "want letters, digits, hyphens and underscores")
	f.add(wrong, "messageParts", "want a list of parts")
	if checkParts(&f, "messageParts", parts); len(f) > 0 {
		answerInvalid(w, f)
		return template{}, false
	}
	return template{ID: id, Name: q.Name, Description: q.Description, Parts: q.MessageParts}, true
}

// listTemplatesKept is GET …/templates, in the order of IDs.
func (s *Sandbox) listTemplatesKept(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	all := []shownTemplate{}
	for _, t := range s.templates {
		all = append(all, t.shown())
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b shownTemplate) int { return strings.Compare(a.ID, b.ID) })
	answerJSON(w, http.StatusOK, all)
}

// addTemplate is POST …/templates.
func (s *Sandbox) addTemplate(w http.ResponseWriter, r *http.Request) {
	t, ok := readTemplate(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	switch {
	case s.templates[t.ID] != nil:
		s.mu.Unlock()
		answerError(w, http.StatusConflict, "a template with this id already exists")
		return
	case len(s.templates) >= maxTemplates:
		s.mu.Unlock()
		answerError(w, http.StatusServiceUnavailable, fmt.Sprintf("there are %d templates, which is the limit", maxTemplates))
		return
	}
	t.Revision, t.Updated = 1, stamp{s.config.Clock.Now(), apiActor}
	t.Created = t.Updated
	s.putTemplate(&t)
	s.answerTemplate(w, http.StatusCreated, &t)
}

// putTemplate stores a template. The caller holds the lock.
func (s *Sandbox) putTemplate(t *template) {
	s.templates[t.ID] = t
	s.unsaved.templates[t.ID] = true
}

// lockTemplate finds the template of a request and keeps the sandbox locked. Otherwise it
// unlocks, answers with the reason and returns nil.
func (s *Sandbox) lockTemplate(w http.ResponseWriter, r *http.Request) *template {
	s.mu.Lock()
	t := s.templates[r.PathValue("id")]
	if t == nil {
		s.mu.Unlock()
		answerError(w, http.StatusNotFound, "template not found")
		return nil
	}
	if !matches(w, r, t.tag()) {
		s.mu.Unlock()
		return nil
	}
	return t
}

// answerTemplate unlocks the sandbox and answers with a template.
func (s *Sandbox) answerTemplate(w http.ResponseWriter, status int, t *template) {
	shown, tag, updated := t.shown(), t.tag(), t.Updated.At
	s.mu.Unlock()
	tagged(w, tag, updated)
	answerJSON(w, status, shown)
}

// showTemplate is GET …/templates/{id}.
func (s *Sandbox) showTemplate(w http.ResponseWriter, r *http.Request) {
	r.Header.Del("If-Match")
	if t := s.lockTemplate(w, r); t != nil {
		s.answerTemplate(w, http.StatusOK, t)
	}
}

// changeTemplate is PUT …/templates/{id}.
func (s *Sandbox) changeTemplate(w http.ResponseWriter, r *http.Request) {
	given, ok := readTemplate(w, r)
	if !ok {
		return
	}
	t := s.lockTemplate(w, r)
	if t == nil {
		return
	}
	given.ID, given.Created, given.Revision = t.ID, t.Created, t.Revision+1
	given.Updated = stamp{s.config.Clock.Now(), apiActor}
	s.putTemplate(&given)
	s.answerTemplate(w, http.StatusOK, &given)
}

// deleteTemplate is DELETE …/templates/{id}.
func (s *Sandbox) deleteTemplate(w http.ResponseWriter, r *http.Request) {
	t := s.lockTemplate(w, r)
	if t == nil {
		return
	}
	delete(s.templates, t.ID)
	s.unsaved.templates[t.ID] = true
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// templated is a checked request with the parts of its template, or the mistake that there
// is no such template. Merge fields in the parts are filled in like those of a body: the
// provider's pages do not say.
func (s *Sandbox) templated(q *request) ([]byte, failures) {
	s.mu.Lock()
	t := s.templates[q.TemplateID]
	s.mu.Unlock()
	if t == nil {
		return nil, failures{{"templateId", "is not the ID of a template; see /templates"}}
	}
	var all map[string]any
	var parts any
	if decodeNumbers(q.raw, &all) != nil || decodeNumbers(t.Parts, &parts) != nil {
		panic("sandbox: a request or template that was checked is not JSON")
	}
	delete(all, "templateId")
	all["messageParts"] = fill(parts, s.profileOf(q), nil)
	return encoded(all), nil
}

// decodeNumbers decodes JSON and keeps its numbers as they are written.
func decodeNumbers(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// encoded is a value that was decoded from JSON.
func encoded(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic("sandbox: decoded JSON does not encode: " + err.Error())
	}
	return bytes.TrimSpace(out.Bytes())
}

// loadTemplate restores a template.
func (s *Sandbox) loadTemplate(t template) { s.templates[t.ID] = &t }

// changedTemplates takes the changes of templates; nil means gone. The caller holds the lock.
func (s *Sandbox) changedTemplates() map[string]*template {
	all := map[string]*template{}
	for id := range s.unsaved.templates {
		all[id] = s.templates[id] // a stored template does not change
	}
	clear(s.unsaved.templates)
	return all
}
