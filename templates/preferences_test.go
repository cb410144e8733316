package templates

import (
	"encoding/json"
	"strings"
	"testing"

	"nudge/channels"
	"nudge/lang/diag"
)

const link = "https://shop.example/p/1abc"

// linkedMessage renders a template and puts a link into it.
func linkedMessage(t *testing.T, text string, data map[string]any) channels.Message {
	t.Helper()
	tmpl, list := compiled(t, text)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	scope := testValues()
	for name, value := range data {
		scope["data"].(map[string]any)[name] = value
	}
	m, err := tmpl.Render("ann", scope)
	if err != nil {
		t.Fatal(err)
	}
	return m.WithPreferences(link)
}

// TestPreferencesURL shows that the link gets into every text that a person sees.
func TestPreferencesURL(t *testing.T) {
	m := linkedMessage(t, `
title: "Title {{ preferences_url }}"
parts:
  - { type: text/plain, data: "Hi {{ data.id }}: {{ preferences_url }}, {{ if data.id }}{{ preferences_url }}{{ end }}" }
  - { json: { url: "{{ preferences_url }}", list: [ "{{ preferences_url }}" ] } }
  - { type: text/html, url: "{{ preferences_url }}" }
alert: { title: "{{ preferences_url }}", platforms: { apns: { alert: "{{ preferences_url }}" }, fcm: { data: { url: "{{ preferences_url }}" } } } }
metadata: { fewer: "{{ preferences_url }}" }
`, nil)
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), link); n != 11 || strings.Contains(string(raw), channels.PreferencesMark) || m.Linked {
		t.Errorf("the link is there %d times, want 11: %s", n, raw)
	}
	if m.Metadata.(map[string]any)["unsubscribe_post"] != channels.UnsubscribePost || m.Metadata.(map[string]any)["unsubscribe_url"] != link {
		t.Errorf("the metadata are %v", m.Metadata)
	}
}

// TestPlainMessagesStayPlain shows that the link alone changes nothing of how a message is sent, and
// that keys of the author stay.
func TestPlainMessagesStayPlain(t *testing.T) {
	if m := linkedMessage(t, `body: "Fewer: {{ preferences_url }}"`, nil); m.Metadata != nil || m.Body != "Fewer: "+link {
		t.Errorf("the message is %+v", m)
	}
	m := linkedMessage(t, `{ body: "Fewer: {{ preferences_url }}", metadata: { unsubscribe_url: mine } }`, nil)
	if got := m.Metadata.(map[string]any)["unsubscribe_url"]; got != "mine" {
		t.Errorf("the author's key is %v", got)
	}
	if m := linkedMessage(t, `{ body: Hello, metadata: { n: 1 } }`, nil); len(m.Metadata.(map[string]any)) != 1 {
		t.Errorf("without the link, the metadata are %v", m.Metadata)
	}
}

// TestMarkInData shows that data cannot put the link into a message.
func TestMarkInData(t *testing.T) {
	mark := channels.PreferencesMark
	for _, text := range []string{
		`{{ data.id }} {{ preferences_url }}`, `{{ upper data.id }}{{ data.id | truncate 60 }}{{ preferences_url }}`, `{{ json data.id }}{{ preferences_url }}`,
		`{{ range data.tags }}{{ . }}{{ end }}{{ join data.tags ", " }}{{ preferences_url }}`,
	} {
		m := linkedMessage(t, "body: '"+text+"'\nmetadata: { id: '{{ data.id }}', tags: '{{ data.tags }}' }", map[string]any{"id": "x" + mark + "y", "tags": []any{mark}})
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(raw), link); n != 2 || strings.Contains(string(raw), mark) { // one in the body, one in the metadata
			t.Errorf("%s: the link is there %d times: %s", text, n, raw)
		}
	}
}

// TestMessageIsNotChanged shows that putting in a link changes a copy.
func TestMessageIsNotChanged(t *testing.T) {
	tmpl, list := compiled(t, `{ body: "{{ preferences_url }}", metadata: { list: [ "{{ preferences_url }}" ] }, alert: { title: "{{ preferences_url }}" } }`)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	m, err := tmpl.Render("ann", testValues())
	if err != nil {
		t.Fatal(err)
	}
	before, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	m.WithPreferences(link)
	if after, err := json.Marshal(m); err != nil || string(after) != string(before) {
		t.Errorf("it was %s and is %s, %v", before, after, err)
	}
}

// TestNoPageToLinkTo shows that a project without a page has no link to it, and says where.
func TestNoPageToLinkTo(t *testing.T) {
	use := testUse(t)
	use.Preferences = false
	var list diag.List
	parseSource("t.yaml", []byte(`body: "Fewer: {{ preferences_url }}"`), &list).Compile(use, &list)
	if len(list) != 1 || list[0].Code != codeNoPreferences || !strings.HasPrefix(list.Error(), "t.yaml:1:18:") {
		t.Errorf("got %v", list)
	}
}
