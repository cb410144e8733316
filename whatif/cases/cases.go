// Package cases renders a template with example data: in each of its languages, with
// everything there, and with each value absent that may be absent. The template itself
// renders, as it does for a message.
package cases

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"nudge/channels"
	"nudge/flows"
	"nudge/lang/shape"
)

const (
	// MaxCases is how many cases one use of a template is tried with. Those beyond it are counted
	// as left out: languages come first, then fields in the order of their names.
	MaxCases = 100
	// MaxText is how many bytes of a text are shown; a longer one is cut.
	MaxText = 4096
)

// Case is a message of a template, for example data.
type Case struct {
	Locale   string   `json:"locale"`             // of the person
	Language string   `json:"language"`           // of the text that they get
	Absent   []string `json:"absent"`             // the values that are not there
	Fails    string   `json:"fails,omitempty"`    // why the message cannot be rendered: the run would fail
	Warnings []string `json:"warnings,omitempty"` // what a reader would stumble over
	Message  *Message `json:"message,omitempty"`  // absent if it fails
}

// Message is the text of a message, part by part.
type Message struct {
	Title    string          `json:"title,omitempty"`
	Body     string          `json:"body,omitempty"`
	Template string          `json:"template,omitempty"` // of the provider, which makes the parts
	Parts    []Part          `json:"parts,omitempty"`
	Alert    *Alert          `json:"alert,omitempty"`
	From     string          `json:"from,omitempty"` // the sender's ID
	Metadata json.RawMessage `json:"metadata,omitempty" openapi:"object"`
}

// Part is one part of a message.
type Part struct {
	Name string `json:"name,omitempty"`
	Type string `json:"type"`
	Text string `json:"text,omitempty"` // of a part whose type is text
	URL  string `json:"url,omitempty"`
	Size int64  `json:"size,omitempty"` // bytes of a part that is not text
}

// Alert is the push notification beside a message.
type Alert struct {
	Title string          `json:"title,omitempty"`
	Body  string          `json:"body,omitempty"`
	APNS  json.RawMessage `json:"apns,omitempty" openapi:"object"`
	FCM   json.RawMessage `json:"fcm,omitempty" openapi:"object"`
}

// Of returns the cases of a send of a flow, the worst first, and how many were left out.
func Of(f *flows.Flow, s *flows.Send) (all []Case, leftOut int) {
	t := trial{f, s, exampleOf(f, s)}
	languages := append([]string{s.Facts.Locale}, s.Facts.Locales...)
	whole := map[string]*Case{}
	add := func(locale string, absent []string) *Case {
		if len(all) == MaxCases {
			leftOut++
			return nil
		}
		all = append(all, t.try(locale, absent))
		return &all[len(all)-1]
	}
	for _, locale := range append(languages, t.otherLocales(languages)...) {
		if c := add(locale, nil); c != nil {
			kept := *c
			whole[locale] = &kept
		}
	}
	optional := t.optional()
	for _, locale := range languages {
		for _, absent := range absences(optional) {
			if c := add(locale, absent); c != nil {
				c.compare(whole[locale])
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Case) int { return a.badness() - b.badness() })
	return all, leftOut
}

// absences are the sets of values that are absent: each alone, and all together.
func absences(optional []string) (sets [][]string) {
	for _, path := range optional {
		sets = append(sets, []string{path})
	}
	if len(optional) > 1 {
		sets = append(sets, optional)
	}
	return sets
}

// trial tries one send.
type trial struct {
	flow    *flows.Flow
	send    *flows.Send
	example map[string]any
}

// optional are the paths that may be absent, sorted. The person's locale is not among them: it
// is what the cases are for.
func (t *trial) optional() (paths []string) {
	for _, r := range t.send.Facts.Reads {
		if r.Optional && r.Path != flows.NameProfile+".locale" {
			paths = append(paths, r.Path)
		}
	}
	return paths
}

// otherLocales are the words that the project declares for the locale of a person and that no
// language of the template is for.
func (t *trial) otherLocales(languages []string) (others []string) {
	if t.flow.Profile == nil {
		return nil
	}
	declared, _ := t.flow.Profile.Field("locale")
	if declared == nil {
		return nil
	}
	for _, word := range declared.Words {
		if !slices.ContainsFunc(languages, func(l string) bool { return strings.EqualFold(l, word) }) {
			others = append(others, word)
		}
	}
	return others
}

// try renders one case.
func (t *trial) try(locale string, absent []string) Case {
	c := Case{Locale: locale, Language: t.language(locale), Absent: append([]string{}, absent...)}
	scope := copied(t.example).(map[string]any)
	for _, path := range absent {
		remove(scope, strings.Split(path, "."))
	}
	profile, _ := scope[flows.NameProfile].(map[string]any)
	profile["locale"] = locale
	m, err := t.send.Message.Render(examplePerson, scope)
	if err != nil {
		c.Fails = err.Error()
		return c
	}
	c.Message = messageOf(m.WithPreferences(channels.ExamplePreferencesURL))
	if c.Message.blank() {
		c.Warnings = append(c.Warnings, "the message is empty")
	}
	if a := c.Message.Alert; a != nil && a.APNS == nil && a.FCM == nil && strings.TrimSpace(a.Title+a.Body) == "" {
		c.Warnings = append(c.Warnings, "the alert is empty")
	}
	if base, _, _ := strings.Cut(locale, "-"); !strings.HasPrefix(c.Language, base) {
		c.Warnings = append(c.Warnings, "there is no text in "+locale+": the person reads "+c.Language)
	}
	return c
}

// language is the language of the text that people with a locale get.
func (t *trial) language(locale string) string {
	for key := strings.ToLower(locale); key != ""; key = key[:max(strings.LastIndexByte(key, '-'), 0)] {
		for _, l := range t.send.Facts.Locales {
			if strings.EqualFold(l, key) {
				return l
			}
		}
	}
	return t.send.Facts.Locale
}

// odd are traces of a value that is missing: two spaces, a space before a comma, empty brackets.
var odd = regexp.MustCompile(`\S {2,}\S| [,.;]|\(\s*\)|"\s*"|(?m:^\s*[,.;])`)

// compare warns of what the text has only because a value is absent.
func (c *Case) compare(whole *Case) {
	if c.Message == nil || whole == nil || whole.Message == nil {
		return
	}
	text := c.Message.text()
	if found := odd.FindAllStringIndex(text, -1); len(found) > len(odd.FindAllString(whole.Message.text(), -1)) {
		c.Warnings = append(c.Warnings, "a gap is left: …"+around(text, found[0])+"…")
	}
}

// around is what stands around a place of a text, on one line.
func around(text string, at []int) string {
	from, to := max(at[0]-15, 0), min(at[1]+15, len(text))
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text[from:to], ""), "\n", " "))
}

// badness is the order of cases: what fails, what is empty or has gaps, and the rest as they come.
func (c *Case) badness() int {
	switch {
	case c.Fails != "":
		return 0
	case slices.Contains(c.Warnings, "the message is empty"):
		return 1
	case len(c.Warnings) > 0:
		return 2
	}
	return 3
}

func messageOf(m channels.Message) *Message {
	shown := &Message{Title: cut(m.Title), Body: cut(m.Body), Template: m.Template, Metadata: object(m.Metadata)}
	if m.From != nil {
		shown.From = m.From.ID
	}
	for _, p := range append(slices.Clone(m.Parts), m.AppParts...) {
		part := Part{Name: p.Name, Type: p.Type, URL: p.URL, Size: p.Size}
		if channels.IsText(p.Type) {
			part.Text = cut(p.Data)
		} else if part.Size == 0 {
			part.Size = int64(len(p.Data))
		}
		shown.Parts = append(shown.Parts, part)
	}
	if a := m.Alert; a != nil {
		shown.Alert = &Alert{cut(a.Title), cut(a.Body), object(a.APNS), object(a.FCM)}
	}
	return shown
}

// blank reports whether the person would see nothing.
func (m *Message) blank() bool {
	return m.Template == "" && strings.TrimSpace(m.text()) == "" &&
		!slices.ContainsFunc(m.Parts, func(p Part) bool { return p.URL != "" || p.Size > 0 })
}

// text is all that the person reads of the message.
func (m *Message) text() string {
	all := []string{m.Title, m.Body}
	for _, p := range m.Parts {
		all = append(all, p.Text)
	}
	if m.Alert != nil {
		all = append(all, m.Alert.Title, m.Alert.Body)
	}
	return strings.Join(all, "\n")
}

func object(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil || string(raw) == "null" {
		return nil
	}
	return raw
}

func cut(text string) string {
	if len(text) <= MaxText {
		return text
	}
	return strings.ToValidUTF8(text[:MaxText], "") + "…"
}

// examplePerson is the ID of the person of all examples.
const examplePerson = "ann"

// exampleInstant is the time of all examples: a Tuesday in spring, at noon.
var exampleInstant = shape.TimeOf(time.Date(2027, 4, 6, 12, 0, 0, 0, time.UTC))
