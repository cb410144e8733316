package templates

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nudge/channels"
	"nudge/lang/diag"
)

// TestWholeMessage renders everything that a message may carry beside its text.
func TestWholeMessage(t *testing.T) {
	use := testUse(t)
	use.File = func(name string) ([]byte, error) {
		if name == "images/dot.png" || name == "note.txt" {
			return []byte("dot"), nil
		}
		return nil, errors.New("there is no such file")
	}
	const text = `
parts:
  - { type: image/png, file: images/dot.png }
  - { type: text/plain, file: note.txt, name: "Note {{ data.id }}" }
  - { type: image/png, text: "dot {{ data.n }}", size: 7 }
  - { type: image/png, text: "dot {{ data.n }}" }
  - { type: application/pdf, json: [1] }
title: "Order {{ data.id }}"
addresses: { phoneNumber: "+{{ data.n }}", email: a@example.com }
requireOptIn: true
customBody:
  appMessaging: { parts: [ { type: text/plain, data: "App {{ data.id }}" } ] }
  pigeon: 7
  crow: "{{ data.n }}"
  sms: { count: "{{ data.n }}", fixed: 7 }
overrides: { appMessaging: { conversation: { name: "Order {{ data.id }}" } } }
rules: [appMessaging, sms, pigeon, crow]
`
	var list diag.List
	tmpl := parseSource("t.yaml", []byte(text), &list).Compile(use, &list)
	if list.HasErrors() {
		t.Fatal(list)
	}
	got, err := tmpl.Render("ann", testValues())
	if err != nil {
		t.Fatal(err)
	}
	want := channels.Message{
		To: "ann", Title: "Order O1", OptIn: true, Rules: []string{"appMessaging", "sms", "pigeon", "crow"},
		Parts: []channels.Part{
			{Type: "image/png", Name: "dot.png", Data: "ZG90", Size: 3}, {Type: "text/plain", Name: "Note O1", Data: "dot", Size: 3},
			{Type: "image/png", Data: "ZG90IDM=", Size: 7}, {Type: "image/png", Data: "ZG90IDM=", Size: 5}, {Type: "application/pdf", Data: "WzFd", Size: 3},
		},
		Addresses: map[string]string{"phoneNumber": "+3", "email": "a@example.com"},
		AppParts:  []channels.Part{{Type: "text/plain", Data: "App O1"}},
		Custom:    map[string]any{"pigeon": "7", "crow": "3", "sms": map[string]any{"count": 3, "fixed": 7}},
		Overrides: map[string]any{"appMessaging": map[string]any{"conversation": map[string]any{"name": "Order O1"}}},
	}
	got.Conversation = ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	list = nil
	parseSource("t.yaml", []byte("parts: [ { type: text/plain, file: lost.txt } ]"), &list).Compile(use, &list)
	if want := "t.yaml:1:36: there is no such file (for example images/logo.png, in the project's folder)"; list.Error() != want {
		t.Errorf("a lost file: %s, want %s", list.Error(), want)
	}
}

// TestRuleSets: a message goes out by app messaging, unless it says otherwise.
func TestRuleSets(t *testing.T) {
	for text, want := range map[string]channels.Message{
		"body: x":                    {Rules: defaultRules},
		"body: x\nruleSet: urgent":   {RuleSet: "urgent"},
		"body: x\nrules: [sms]":      {Rules: []string{"sms"}},
		"templateId: t-{{ data.n }}": {Rules: defaultRules, Template: "t-3"},
	} {
		got := mustRender(t, text)
		if !cmp.Equal(got.Rules, want.Rules) || got.RuleSet != want.RuleSet || got.Template != want.Template {
			t.Errorf("%s: %v, %q, %q", text, got.Rules, got.RuleSet, got.Template)
		}
	}
}

// TestVariantExtras holds what a variant takes from its template beside the text, and what it says instead.
func TestVariantExtras(t *testing.T) {
	const template = "body: Hello\ntitle: Hi\naddresses: { email: a@b.c }\nrequireOptIn: true\ncustomBody: { sms: { text: Hi } }\noverrides: { appMessaging: { conversation: { name: Hi } } }\n"
	for name, test := range map[string]struct {
		template, variant string
		want              channels.Message
		told              int
	}{
		"takes all": {template, "body: Salut", channels.Message{Title: "Hi", OptIn: true, Addresses: map[string]string{"email": "a@b.c"},
			Custom: map[string]any{"sms": map[string]any{"text": "Hi"}}, Overrides: map[string]any{"appMessaging": map[string]any{"conversation": map[string]any{"name": "Hi"}}}}, 2},
		"says all": {template, "body: Salut\ntitle: Oh\naddresses: { phoneNumber: 7 }\nrequireOptIn: false\ncustomBody: { sms: { text: Oh } }\noverrides: { appMessaging: { conversation: { name: Oh } } }\n",
			channels.Message{Title: "Oh", Addresses: map[string]string{"phoneNumber": "7"}, Custom: map[string]any{"sms": map[string]any{"text": "Oh"}}, Overrides: map[string]any{"appMessaging": map[string]any{"conversation": map[string]any{"name": "Oh"}}}}, 0},
		"takes options": {"body: Hello\nchannelOptions: { sms: { from: a } }", "body: Salut", channels.Message{Options: map[string]map[string]any{"sms": {"from": "a"}}}, 0},
		"says options":  {"body: Hello\nchannelOptions: { sms: { from: a } }", "body: Salut\nchannelOptions: { sms: { from: b } }", channels.Message{Options: map[string]map[string]any{"sms": {"from": "b"}}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var list diag.List
			l := libraryOf(map[string]string{"templates/hello.yaml": test.template, "templates/hello.fr.yaml": test.variant}, &list)
			tmpl := l.Source("hello").Compile(testUse(t), &list)
			if list.HasErrors() || len(list) != test.told {
				t.Fatalf("told %d times: %v", len(list), list)
			}
			values := testValues()
			values["profile"] = map[string]any{"locale": "fr"}
			got, err := tmpl.Render("ann", values)
			if err != nil {
				t.Fatal(err)
			}
			want := test.want
			want.To, want.Body, want.Rules, want.Conversation, want.From = "ann", "Salut", defaultRules, got.Conversation, got.From
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSamples: what editors insert for a function is a call that fits it.
func TestSamples(t *testing.T) {
	want := map[string]string{"truncate": `truncate "" 1`, "money": `money 1 ""`, "date": "date now", "join": "", "eq": `eq "" ""`, "upper": `upper ""`, "number": "number 1"}
	for _, f := range Functions() {
		got := f.Sample()
		if sample, ok := want[f.Name]; ok && got != sample {
			t.Errorf("%s: %q, want %q", f.Name, got, sample)
		}
		if got != "" && got != f.Name && got[:len(f.Name)+1] != f.Name+" " {
			t.Errorf("%s: %q", f.Name, got)
		}
	}
	if got := (Function{Name: "none"}).Sample(); got != "" {
		t.Errorf("no function: %q", got)
	}
}
