package flows

import (
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"time"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
	"nudge/templates"
)

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// readConfig reads the part of nudge.yaml that flows use.
func (p *Project) readConfig(text []byte, list *diag.List) {
	m := node.Parse(ProjectFile, text, list)
	p.Config = m
	p.Name = defaultProject
	if t := m.Text("project"); checkName(t, "a project's name", list) {
		p.Name = t.Value
	}
	p.Zone = readZone(m, list)
	p.Locale = readLocale(m, list)
	p.Profile = shape.OpenMap(nil)
	if v := m.Get("profile"); v.Map() != nil {
		p.Profile = shape.ParseProfile(v)
	}
	p.Events = map[string]*shape.Type{}
	for _, e := range m.Child("events").Entries() {
		if checkEvent(e.Key, list) && e.Value.Map() != nil {
			p.Events[e.Key.Value] = shape.Parse(e.Value)
		}
	}
	p.Categories = readCategories(m.Child("categories"), list)
	p.from = templates.ParseFrom(m.Get("from"))
	p.OnUnknown = readOnUnknown(m, list)
	if p.OnUnknown == OnUnknownDefault {
		p.OnUnknown = OnUnknownContinue
	}
	p.mergeFields = readWord(m, "merge_fields", []string{"forbid", "allow"}, list) == 1
	p.Accounts = accountNames(m, list)
	m.Allow(servingKeys...)
	p.preferences = p.preferences || m.Get("preferences").IsMap() && m.Child("preferences").Has("public_url")
	m.Close()
}

func readZone(m *node.Map, list *diag.List) *time.Location {
	t := m.Text("timezone")
	if t == nil {
		return time.UTC
	}
	zone := shape.Zone(t.Value)
	if zone == nil {
		list.Errorf(t.Span, codeBadZone, shape.ZoneHint(t.Value), "unknown time zone %q", t.Value)
		return time.UTC
	}
	return zone
}

var localeForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2}|-[0-9]{3})?$`)

func readLocale(m *node.Map, list *diag.List) string {
	t := m.Text("locale")
	if t == nil {
		return ""
	}
	if !localeForm.MatchString(t.Value) {
		list.Errorf(t.Span, templates.CodeLocale, "for example en or pt-BR", "unknown locale %q", t.Value)
		return ""
	}
	return t.Value
}

var onUnknownWords = []string{"continue", "resend", "fail"}

func readOnUnknown(m *node.Map, list *diag.List) OnUnknown {
	switch i := readWord(m, "on_unknown", onUnknownWords, list); i {
	case 0:
		return OnUnknownContinue
	case 1:
		return OnUnknownResend
	case 2:
		return OnUnknownFail
	}
	return OnUnknownDefault
}

// readWord returns the index of the word under a key, or -1 if the key is absent or its
// word is not allowed.
func readWord(m *node.Map, key string, words []string, list *diag.List) int {
	t := m.Text(key)
	if t == nil {
		return -1
	}
	i := slices.Index(words, t.Value)
	if i < 0 {
		list.Errorf(t.Span, codeBadValue, diag.DidYouMeanOneOf(t.Value, words, "Allowed here"), "%s cannot be %q", key, t.Value)
	}
	return i
}
