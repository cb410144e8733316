package templates

import (
	"testing"

	"nudge/lang/diag"
	"nudge/lang/shape"
)

// TestAbsent checks what is certainly there at each place of a text.
func TestAbsent(t *testing.T) {
	inner := shape.MapOf(map[string]*shape.Type{"city": shape.String, "zip": shape.String.OrNil()})
	use := Use{Scope: shape.MapOf(map[string]*shape.Type{"data": shape.MapOf(map[string]*shape.Type{
		"id": shape.String, "note": shape.String.OrNil(), "n": shape.Number.OrNil(), "home": inner.OrNil(), "extra": shape.Any,
		"items": shape.ListOf(inner), "tags": shape.ListOf(shape.String).OrNil(), "at": shape.Moment.OrNil(), "paid": shape.Boolean,
	})})}
	for text, ok := range map[string]bool{
		`{{ data.id }}`: true, `{{ data.note }}`: false, `{{ data.extra }}`: false, `{{ data.extra.x }}`: false, `{{ data.home.city }}`: false,
		`{{ data.note | default "" }}`: true, `{{ data.extra.x | default 0 }}`: true, `{{ data.note | default data.id }}`: true,
		`{{ data.note | default data.home.city }}`: false, `{{ upper data.note }}`: false, `{{ data.note | upper }}`: false,
		`{{ upper (data.note | default "x") }}`: true, `{{ date data.at }}`: false, `{{ printf "%s" data.note }}`: false, `{{ json data.extra }}`: false,
		`{{ if data.note }}{{ data.note }}{{ end }}`: true, `{{ if data.note }}x{{ else }}{{ data.note }}{{ end }}`: false,
		`{{ if data.note }}x{{ end }}{{ data.note }}`: false, `{{ if not data.note }}x{{ else }}{{ data.note }}{{ end }}`: true,
		`{{ if not data.note }}{{ data.note }}{{ end }}`: false, `{{ if and data.paid data.note }}{{ data.note }}{{ end }}`: true,
		`{{ if or data.paid data.note }}{{ data.note }}{{ end }}`: false, `{{ if or (not data.n) (not data.note) }}x{{ else }}{{ data.n }}{{ data.note }}{{ end }}`: true,
		`{{ if gt data.n 3 }}{{ number data.n }}{{ end }}`: true, `{{ if eq data.note "x" }}{{ data.note }}{{ end }}`: true,
		`{{ if ne data.note "x" }}{{ data.note }}{{ end }}`: false, `{{ if eq data.note data.home.zip }}{{ data.note }}{{ end }}`: false,
		`{{ with data.note }}{{ . }}{{ data.note }}{{ else }}none{{ end }}`: true, `{{ with data.note }}x{{ else }}{{ data.note }}{{ end }}`: false,
		`{{ with data.home }}{{ .city }}{{ end }}`: true, `{{ with data.home }}{{ .zip }}{{ end }}`: false, `{{ with data.home }}{{ if .zip }}{{ .zip }}{{ end }}{{ end }}`: true,
		`{{ if data.home.zip }}{{ data.home.zip }} {{ data.home.city }}{{ end }}`: true, `{{ if data.home }}{{ data.home.city }}{{ end }}`: true,
		`{{ range data.items }}{{ .city }}{{ end }}`: true, `{{ range data.items }}{{ .zip }}{{ end }}`: false,
		`{{ range data.items }}{{ if .zip }}{{ .zip }}{{ end }}{{ end }}`: true, `{{ range $i, $x := data.items }}{{ if $x.zip }}{{ $i }}{{ $x.zip }}{{ end }}{{ end }}`: true,
		`{{ range data.items }}{{ if .zip }}x{{ end }}{{ .zip }}{{ end }}`: false,
		`{{ range data.tags }}{{ . }}{{ else }}none{{ end }}`:              true, `{{ len data.tags }}`: false, `{{ first data.items | json }}`: false,
		`{{ $n := data.note }}{{ $n }}`: false, `{{ $n := data.note }}{{ if $n }}{{ $n }}{{ end }}`: true, `{{ $n := data.note | default "" }}{{ $n }}`: true,
		`{{ and data.id data.note }}`: false, `{{ or data.note "x" }}`: true, `{{ if data.paid }}{{ if data.note }}{{ $.data.note }}{{ end }}{{ end }}`: true,
	} {
		var list diag.List
		parseSource("t.yaml", []byte(body(text)), &list).Compile(use, &list)
		if list.HasErrors() == ok || !ok && (len(list) != 1 || list[0].Code != codeAbsent) {
			t.Errorf("%s: %v, want that it loads: %v", text, list, ok)
		}
	}
}
