package templates

import (
	"slices"
	"strings"
	"testing"

	"nudge/lang/diag"
)

func TestPartials(t *testing.T) {
	files := map[string]string{
		"templates/hello.yaml": `body: '{{ range data.items }}{{ partial "line" }}{{ end }}{{ partial "footer" }}!'`,
		// A partial begins with the scope, wherever it stands.
		"templates/partials/line.yaml":   `body: '{{ .data.id }} '`,
		"templates/partials/footer.yaml": "body: |\n  {{ $n := data.n }}{{ $n }} for {{ data.note | default (upper data.currency) }}{{ partial \"line\" }}\n",
	}
	if got, want := rendered(t, files, nil), "O1 O1 3 for GBPO1 !"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	files["templates/partials/line.yaml"] = "body: |\n  one\n  two {{ data.note }}\n"
	var list diag.List
	l := libraryOf(files, &list)
	use := testUse(t)
	use.Partials = l.Partials()
	l.Source("hello").Compile(use, &list)
	want := `templates/partials/line.yaml:3:10: data.note may be absent (write {{ data.note | default "…" }}, or write it inside {{ if data.note }})`
	if err := list.Err(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestContent holds what a loader needs to know of what a template is made of.
func TestContent(t *testing.T) {
	files := map[string]string{
		"templates/hello.yaml":         `body: '{{ partial "a" }}'`,
		"templates/hello.fr.yaml":      `body: '{{ partial "c" }}'`,
		"templates/partials/a.yaml":    `body: 'A{{ partial "b" }}'`,
		"templates/partials/b.yaml":    `body: B`,
		"templates/partials/b.de.yaml": `body: B`,
		"templates/partials/c.yaml":    `body: C`,
		"templates/partials/d.yaml":    `body: D`,
	}
	var list diag.List
	l := libraryOf(files, &list)
	use := testUse(t)
	use.Partials = l.Partials()
	tmpl := l.Source("hello").Compile(use, &list)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	if got := tmpl.Partials(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("made of %v", got)
	}
	if got := l.Source("hello").Files(); !slices.Equal(got, []string{"templates/hello.fr.yaml", "templates/hello.yaml"}) {
		t.Errorf("files %v", got)
	}
	if got := l.Partials()["b"].Files(); len(got) != 2 {
		t.Errorf("files %v", got)
	}
	if !l.Partials()["b"].Compiled() || l.Partials()["d"].Compiled() {
		t.Error("Compiled says otherwise")
	}
	before := l.Source("hello").Canonical() + l.Partials()["b"].Canonical()
	for file, text := range map[string]string{
		"templates/hello.fr.yaml": `body: other`, "templates/partials/b.de.yaml": `body: other`,
	} {
		changed := strings.Clone(files[file])
		files[file] = text
		other := libraryOf(files, &list)
		if other.Source("hello").Canonical()+other.Partials()["b"].Canonical() == before {
			t.Errorf("%s is no part of the content", file)
		}
		files[file] = changed
	}
}

func BenchmarkRenderVariant(b *testing.B) {
	var list diag.List
	l := libraryOf(map[string]string{
		"templates/hello.yaml":           "body: x",
		"templates/hello.pt.yaml":        `body: 'Olá {{ data.id }}, {{ date data.at }}. {{ partial "footer" }}'`,
		"templates/partials/footer.yaml": "body: Bye {{ data.id }}",
	}, &list)
	use := testUse(b)
	use.Partials = l.Partials()
	tmpl := l.Source("hello").Compile(use, &list)
	if err := list.Err(); err != nil {
		b.Fatal(err)
	}
	values := testValues()
	values["profile"] = map[string]any{"locale": "pt-BR", "timezone": "America/Sao_Paulo"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tmpl.Render("ann", values); err != nil {
			b.Fatal(err)
		}
	}
}
