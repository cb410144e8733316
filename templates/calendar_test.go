package templates

import (
	"testing"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"nudge/lang/diag"
	"nudge/lang/shape"
)

// TestCalendarValues checks that the calendar speaks the language of a text, and is plain in
// comparisons, in data and in functions.
func TestCalendarValues(t *testing.T) {
	at, err := shape.ParseTime("2026-07-03T20:30:00Z")
	if err != nil {
		t.Fatal(err)
	}
	due, err := shape.ParseDate("2026-07-05")
	if err != nil {
		t.Fatal(err)
	}
	scope := map[string]any{
		"data":    map[string]any{"at": at, "due": due, "days": []any{due, due}, "raw": "2026-07-05"},
		"profile": map[string]any{"timezone": "Asia/Tokyo"}, // where it is the 4th, 05:30
	}
	use := Use{Scope: shape.MapOf(map[string]*shape.Type{
		"data":    shape.MapOf(map[string]*shape.Type{"at": shape.Moment, "due": shape.Day, "days": shape.ListOf(shape.Day), "raw": shape.Any}),
		"profile": shape.MapOf(map[string]*shape.Type{"timezone": shape.String}),
	})}
	var list diag.List
	source := parseSource("t.yaml", []byte(`body: "{{ date data.at }} {{ time data.at }} {{ weekday data.at }} {{ data.due }} {{ day data.at }}.{{ month data.due }}. {{ days_between data.at data.due }}"
customBody: { sms: { body: "{{ weekday data.due }}" } }
metadata: { day: "{{ date data.at }}", at: "{{ time data.at }}", on: "on {{ weekday data.at }}", due: "{{ data.due }}", n: "{{ day data.due }}" }
`), &list)
	german := parseSource("t.de.yaml", []byte(`body: '{{ if eq (weekday data.at) "sat" }}{{ weekday data.at }}, {{ end }}{{ date data.at }}{{ if lt (time data.at) "06:00" }} früh{{ end }}{{ if gt data.due "2026-07-04" }}!{{ end }} {{ join (unique data.days) "+" }} {{ $d := weekday data.due }}{{ $d }}{{ if eq $d "sun" }}?{{ end }} {{ upper (weekday data.due) }} {{ date (data.raw | default data.due) }}'
`), &list)
	german.locale = "de"
	source.Variant("de", german, &list)
	tmpl := source.Compile(use, &list)
	if list.HasErrors() {
		t.Fatal(list)
	}
	m, err := tmpl.Render("ann", scope)
	if err != nil {
		t.Fatal(err)
	}
	if want := "4 July 2026 05:30 Saturday 5 July 2026 4.7. 1"; m.Body != want {
		t.Errorf("the body is %q, want %q", m.Body, want)
	}
	if diff := cmp.Diff(map[string]any{"sms": map[string]any{"body": "Sunday"}}, m.Custom); diff != "" {
		t.Errorf("custom body: %s", diff)
	}
	want := map[string]any{"day": "2026-07-04", "at": "05:30", "on": "on sat", "due": "2026-07-05", "n": 5}
	if diff := cmp.Diff(any(want), m.Metadata); diff != "" {
		t.Errorf("metadata: %s", diff)
	}
	scope["profile"].(map[string]any)["locale"] = "de-AT"
	m, err = tmpl.Render("ann", scope)
	if want := "Samstag, 4. Juli 2026 früh! 2026-07-05 Sonntag? SUN 5. Juli 2026"; err != nil || m.Body != want {
		t.Errorf("the body is %q, %v, want %q", m.Body, err, want)
	}
}
