package templates

import (
	"fmt"
	"strings"
	"testing"
)

// longValues are as much as an event of 64 KiB can bring: many items and a long text.
func longValues() map[string]any {
	scope := testValues()
	tags := make([]any, 8_000)
	for i := range tags {
		tags[i] = fmt.Sprint(i % 100)
	}
	scope["data"] = map[string]any{"tags": tags, "id": strings.Repeat("a", 32<<10)}
	return scope
}

// longTexts read the long text or the long list for each item of a list, and write nothing.
var longTexts = []string{
	`{{ range data.tags }}{{ if eq (upper data.id) . }}x{{ end }}{{ end }}`,
	`{{ range data.tags }}{{ if eq (title (lower data.id)) . }}x{{ end }}{{ end }}`,
	`{{ range data.tags }}{{ if eq (json data.tags) . }}x{{ end }}{{ end }}`,
	`{{ range data.tags }}{{ if eq (len (unique data.tags)) 1 }}x{{ end }}{{ end }}`,
	`{{ range data.tags }}{{ if eq (join data.tags "") . }}x{{ end }}{{ end }}`,
	`{{ range data.tags }}{{ if eq (urlquery data.id) . }}x{{ end }}{{ end }}`,
}

// TestTextSteps: what a text with a range asks of long lists and texts again and again ends after
// its steps, at its place, and one look at each item does not.
func TestTextSteps(t *testing.T) {
	for _, text := range longTexts {
		tmpl, list := compiled(t, body(text))
		if list.HasErrors() {
			t.Errorf("%s: %v", text, list)
			continue
		}
		for range 2 {
			if _, err := tmpl.body.render(longValues()); err == nil || !strings.Contains(err.Error(), "more than 500000 steps") || !strings.Contains(err.Error(), ".yaml:2:") {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	for _, text := range []string{
		`{{ range data.tags }}{{ if eq (upper .) "X" }}x{{ end }}{{ end }}`,
		`{{ len (unique data.tags) }} {{ len (join data.tags "") }} {{ len (upper data.id) }}{{ range data.tags }}{{ end }}`,
	} {
		tmpl, _ := compiled(t, body(text))
		if _, err := tmpl.body.render(longValues()); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// BenchmarkLongTexts is the time that one text can take.
func BenchmarkLongTexts(b *testing.B) {
	values := longValues()
	for i, text := range longTexts {
		tmpl, _ := compiled(b, body(text))
		b.Run(fmt.Sprint(i), func(b *testing.B) {
			for b.Loop() {
				if _, err := tmpl.body.render(values); err == nil {
					b.Fatal("it is rendered")
				}
			}
		})
	}
}
