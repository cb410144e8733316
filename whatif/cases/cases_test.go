package cases_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/whatif/cases"
)

// casesOf loads a project and returns the cases of the first send of its flow.
func casesOf(t *testing.T, files map[string]string) ([]cases.Case, int) {
	t.Helper()
	folder := fstest.MapFS{}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	p, list := flows.Load(folder)
	if list.HasErrors() {
		t.Fatal(list)
	}
	f := p.Flows[0]
	return cases.Of(f, f.Steps[0].Send)
}

const (
	shop = "project: shop\nprofile:\n  first_name: string\n  team: string\n  locale: en | fr | de\n"
	flow = "flow: hello\nsteps:\n  - send: hello\n"
)

// find returns the case of a locale and of what is absent.
func find(t *testing.T, all []cases.Case, locale string, absent ...string) cases.Case {
	t.Helper()
	i := slices.IndexFunc(all, func(c cases.Case) bool { return c.Locale == locale && slices.Equal(c.Absent, absent) })
	if i < 0 {
		t.Fatalf("no case %s without %v in %+v", locale, absent, all)
	}
	return all[i]
}

// TestCases: each language is tried with everything there and without each value that may be absent.
func TestCases(t *testing.T) {
	all, left := casesOf(t, map[string]string{
		"nudge.yaml": shop, "flows/hello.yaml": flow,
		"templates/hello.yaml":    "body: 'Hi{{ if profile.first_name }} {{ profile.first_name }}{{ end }}!'\nalert: { title: Hello }\n",
		"templates/hello.fr.yaml": "body: 'Salut {{ profile.first_name | default \"\" }}, bienvenue'\nalert: { title: Bonjour }\n",
	})
	if left != 0 || len(all) != 5 { // en, fr and de, and the first two without the name
		t.Fatalf("%d cases, %d left out: %+v", len(all), left, all)
	}
	if c := find(t, all, "en"); c.Message.Body != "Hi [first_name]!" || c.Message.Alert.Title != "Hello" || len(c.Warnings) > 0 {
		t.Errorf("%+v %+v", c, c.Message)
	}
	if c := find(t, all, "en", "profile.first_name"); c.Message.Body != "Hi!" || len(c.Warnings) > 0 {
		t.Errorf("%+v %+v", c, c.Message)
	}
	if c := find(t, all, "fr", "profile.first_name"); c.Message.Body != "Salut , bienvenue" || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "Salut ,") {
		t.Errorf("%+v %+v", c, c.Message)
	}
	if c := find(t, all, "de"); c.Language != "en" || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "no text in de") {
		t.Errorf("%+v", c)
	}
}

// TestWorstFirst: what fails comes first, then what is empty or has gaps.
func TestWorstFirst(t *testing.T) {
	all, _ := casesOf(t, map[string]string{
		"nudge.yaml": shop, "flows/hello.yaml": flow,
		"templates/hello.yaml": "from: '{{ profile.team | default \"\" }}'\nbody: '{{ profile.first_name | default \"\" }}'\n",
	})
	if all[0].Fails == "" || !strings.Contains(all[0].Fails, "templates/hello.yaml:1") || !slices.Contains(all[0].Absent, "profile.team") || all[0].Message != nil {
		t.Errorf("first: %+v", all[0])
	}
	i := slices.IndexFunc(all, func(c cases.Case) bool { return c.Fails == "" })
	if c := all[i]; !slices.Equal(c.Absent, []string{"profile.first_name"}) || !slices.Contains(c.Warnings, "the message is empty") {
		t.Errorf("first that renders: %+v", c)
	}
}

// TestCasesAreBounded: beyond MaxCases cases are counted and not tried.
func TestCasesAreBounded(t *testing.T) {
	profile, body := "profile:\n", "body: '"
	for i := range cases.MaxCases + 9 {
		name := "f" + strings.Repeat("x", i)
		profile += "  " + name + ": string\n"
		body += "{{ profile." + name + " | default \"-\" }}"
	}
	all, left := casesOf(t, map[string]string{
		"nudge.yaml": "project: shop\n" + profile, "flows/hello.yaml": flow, "templates/hello.yaml": body + "'\n",
	})
	if len(all) != cases.MaxCases || left != 11 { // with everything there, and with nothing
		t.Errorf("%d cases, %d left out", len(all), left)
	}
}

// TestExamplesHaveCases: every message of the examples renders with everything there.
func TestExamplesHaveCases(t *testing.T) {
	folders, err := filepath.Glob("../../examples/*/flows")
	patterns, _ := filepath.Glob("../../examples/patterns/*/flows")
	if folders = append(folders, patterns...); err != nil || len(folders) < 15 {
		t.Fatal(folders, err)
	}
	for _, name := range folders {
		p, list := flows.Load(os.DirFS(filepath.Dir(name)))
		if list.HasErrors() {
			t.Fatal(name, list)
		}
		for _, f := range p.Flows {
			for i := range f.Steps {
				if f.Steps[i].Send == nil {
					continue
				}
				all, _ := cases.Of(f, f.Steps[i].Send)
				for _, c := range all {
					if c.Fails != "" {
						t.Errorf("%s/%s %s %s without %v: %s", name, f.Name, f.Steps[i].ID, c.Locale, c.Absent, c.Fails)
					}
				}
			}
		}
	}
}
