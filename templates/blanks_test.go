package templates

import (
	"strings"
	"testing"
)

// TestFill: a text that is filled reads as its Go template writes it, and what cannot be
// filled is left to the template.
func TestFill(t *testing.T) {
	for _, test := range []struct {
		text   string
		filled bool
	}{
		{`Hello {{ data.id }}, that is {{ data.total }} {{data.currency}}.`, true},
		{`{{ data.id }}{{ data.id }}`, true},
		{"two lines,\n  {{- data.id -}}\n joined", true},
		{`Hello{{/* nobody */}}`, true},
		{`{{ data.at }}`, true},
		{`{{ data.id | upper }}`, false},
		{`{{ data.note }}`, false},
		{`{{ data.items }}`, false},
		{`{{ if data.id }}{{ data.id }}{{ end }}`, false},
		{`{{ $x := data.id }}{{ $x }}`, false},
		{`{{ "text" }}`, false},
	} {
		tmpl, _ := compiled(t, body(test.text))
		scope := testValues()
		got, ok := tmpl.body.fill(scope)
		if ok != test.filled {
			t.Errorf("%s: filled is %v, want %v", test.text, ok, test.filled)
		}
		if want, err := tmpl.body.execute(tmpl.body.tmpl, scope); ok && (err != nil || got != want) {
			t.Errorf("%s: got %q, want %q, %v", test.text, got, want, err)
		}
	}
}

// TestFillLimit: a text that is too long is the template's to refuse.
func TestFillLimit(t *testing.T) {
	tmpl, _ := compiled(t, body(`{{ data.id }}`))
	for length, want := range map[int]bool{MaxOutput: true, MaxOutput + 1: false} {
		scope := map[string]any{"data": map[string]any{"id": strings.Repeat("x", length)}}
		if _, ok := tmpl.body.fill(scope); ok != want {
			t.Errorf("%d bytes: filled is %v, want %v", length, ok, want)
		}
		if _, err := tmpl.body.render(scope); (err == nil) != want {
			t.Errorf("%d bytes: %v", length, err)
		}
	}
}
