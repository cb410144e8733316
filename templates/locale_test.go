package templates

import (
	"strings"
	"testing"
	"time"

	"nudge/lang/diag"
)

// rendered is the body of the template hello of some files for a person.
func rendered(t testing.TB, files map[string]string, profile map[string]any) string {
	t.Helper()
	var list diag.List
	l := libraryOf(files, &list)
	use := testUse(t)
	use.Partials = l.Partials()
	tmpl := l.Source("hello").Compile(use, &list)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	values := testValues()
	values["profile"] = profile
	m, err := tmpl.Render("ann", values)
	if err != nil {
		return err.Error()
	}
	return m.Body
}

func TestVariants(t *testing.T) {
	files := map[string]string{
		"templates/hello.yaml":       "body: 'Hello {{ partial \"bye\" }}'\nmetadata: { id: '{{ data.id }}' }",
		"templates/hello.pt.yaml":    "body: 'Olá {{ partial \"bye\" }}'",
		"templates/hello.pt-BR.yaml": "body: 'Oi {{ partial \"bye\" }}'",
		"templates/hello.de.yaml":    "body: 'Hallo {{ partial \"bye\" }}'",

		"templates/partials/bye.yaml":    "body: |\n  bye\n",
		"templates/partials/bye.pt.yaml": "body: |\n  tchau\n",
	}
	for locale, want := range map[any]string{
		nil: "Hello bye", "": "Hello bye", "en": "Hello bye", "fr": "Hello bye", 7: "Hello bye", "-": "Hello bye",
		"pt": "Olá tchau", "pt-PT": "Olá tchau", "pt-BR": "Oi tchau", "pt_BR": "Oi tchau", "pt-br": "Oi tchau",
		"pt_BR.UTF-8": "Oi tchau", "de-AT": "Hallo bye", "de-Latn-AT": "Hallo bye", "ptx": "Hello bye",
	} {
		if got := rendered(t, files, map[string]any{"locale": locale}); got != want {
			t.Errorf("for %v: %q, want %q", locale, got, want)
		}
	}
	if got := rendered(t, files, nil); got != "Hello bye" {
		t.Errorf("without a profile: %q", got)
	}
}

// TestVariantTakesOver holds what a variant need not say.
func TestVariantTakesOver(t *testing.T) {
	var list diag.List
	l := libraryOf(map[string]string{
		"templates/hello.yaml":    "body: Hello\nfrom: Care\nrules: [sms]\nmetadata: { id: '{{ data.id }}' }\nalert: { title: Hello }",
		"templates/hello.fr.yaml": "body: Bonjour\nalert: { title: Bonjour }",
	}, &list)
	tmpl := l.Source("hello").Compile(testUse(t), &list)
	if len(list) > 0 {
		t.Fatal(list)
	}
	values := testValues()
	values["profile"] = map[string]any{"locale": "fr"}
	m, err := tmpl.Render("ann", values)
	if err != nil || m.Body != "Bonjour" || m.Alert.Title != "Bonjour" || m.Rules[0] != "sms" || m.From.ID != `TEAM\Care` {
		t.Errorf("got %+v, %v", m, err)
	}
	if id := m.Metadata.(map[string]any)["id"]; id != "O1" {
		t.Errorf("metadata has id %v", id)
	}
}

// TestLanguages holds that numbers, words and dates are written in the language of
// the text, and not in that of the person who gets the default.
func TestLanguages(t *testing.T) {
	const text = `body: '{{ number data.total }} {{ plural N "a" "b" "c" "d" }} {{ money 1234.5 "EUR" }} {{ date data.at }} {{ weekday data.at }}'`
	for _, tt := range []struct{ locale, n, want string }{
		{"de", "1", "1.234.567,5 1 a 1.234,50 EUR 3. Juli 2026 Freitag"},
		{"fr", "0", "1\u00a0234\u00a0567,5 0 a 1\u00a0234,50 EUR 3 juillet 2026 vendredi"},
		{"pt-BR", "2", "1.234.567,5 2 b 1.234,50 EUR 3 de julho de 2026 sexta-feira"},
		{"en-US", "2", "1,234,567.5 2 b 1,234.50 EUR July 3, 2026 Friday"},
		{"en-GB", "2", "1,234,567.5 2 b 1,234.50 EUR 3 July 2026 Friday"},
		{"pl", "1", "1\u00a0234\u00a0567,5 1 a 1\u00a0234,50 EUR 3 lipca 2026 piątek"},
		{"pl", "3", "1\u00a0234\u00a0567,5 3 b 1\u00a0234,50 EUR 3 lipca 2026 piątek"},
		{"pl", "5", "1\u00a0234\u00a0567,5 5 c 1\u00a0234,50 EUR 3 lipca 2026 piątek"},
		{"pl", "1.5", "1\u00a0234\u00a0567,5 1,5 d 1\u00a0234,50 EUR 3 lipca 2026 piątek"},
	} {
		forms := strings.Replace(text, "N", tt.n, 1)
		if tt.locale != "pl" {
			forms = strings.Replace(forms, ` "c" "d"`, "", 1)
		}
		files := map[string]string{"templates/hello.yaml": "body: '{{ number data.total }}'", "templates/hello." + tt.locale + ".yaml": forms}
		if got := rendered(t, files, map[string]any{"locale": tt.locale}); got != tt.want {
			t.Errorf("%s of %s: %q, want %q", tt.locale, tt.n, got, tt.want)
		}
		if got := rendered(t, files, map[string]any{"locale": "sv"}); got != "1,234,567.5" {
			t.Errorf("the default for a Swede: %q", got)
		}
	}
}

func TestTimeOfDay(t *testing.T) {
	at := time.Date(2026, time.July, 3, 14, 5, 0, 0, time.UTC)
	for locale, want := range map[string]string{"en": "14:05", "en-GB": "14:05", "en-US": "2:05 PM", "de": "14:05", "zz": "14:05"} {
		if got := languageOf(locale).clock(at); got != want {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
}

func TestMarks(t *testing.T) {
	for locale, want := range map[string]string{
		"en": "-12,345,678.5", "en-IN": "-1,23,45,678.5", "hi": "-1,23,45,678.5", "de-CH": "-12’345’678.5", "sv": "-12\u00a0345\u00a0678,5",
		"ar": "-12,345,678.5", "zz": "-12,345,678.5",
	} {
		if got := languageOf(locale).grouped("-12345678.5"); got != want {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
}

func TestPluralForms(t *testing.T) {
	for locale, want := range map[string]string{
		"en": "1011111", "fr": "0011111", "ja": "0000000", "pl": "2012222", "cs": "2012222", "ru": "2012222", "lt": "2011222",
		"ar": "0123455", "es": "1011111", "zz": "1011111",
	} {
		l, got := languageOf(locale), ""
		for _, n := range []float64{0, 1, 2, 5, 11, 1e9, 1e15} {
			got += string(rune('0' + l.form(n)))
		}
		if got != want {
			t.Errorf("%s with %v: %s, want %s", locale, l.forms, got, want)
		}
	}
}

// TestZoneOfThePerson holds whose clocks a time is written by.
func TestZoneOfThePerson(t *testing.T) {
	files := map[string]string{"templates/hello.yaml": `body: '{{ datetime data.at }}{{ range data.tags }} {{ $.data.at | weekday }}{{ end }}'`}
	for zone, want := range map[any]string{
		nil: "3 July 2026, 14:30 Friday Friday", "": "3 July 2026, 14:30 Friday Friday", "Local": "3 July 2026, 14:30 Friday Friday",
		"Mars/Base": "3 July 2026, 14:30 Friday Friday", 9: "3 July 2026, 14:30 Friday Friday", "../../etc/passwd": "3 July 2026, 14:30 Friday Friday",
		"Pacific/Auckland": "4 July 2026, 01:30 Saturday Saturday", "America/New_York": "3 July 2026, 09:30 Friday Friday",
	} {
		if got := rendered(t, files, map[string]any{"timezone": zone}); got != want {
			t.Errorf("in %v: %q, want %q", zone, got, want)
		}
	}
}

func TestCanonicalLocale(t *testing.T) {
	for text, want := range map[string]string{
		"fr": "fr", "PT_br": "pt-BR", "zh-hant-tw": "zh-Hant-TW", "es-419": "es-419", "fil": "fil", "": "", "f": "", "french": "", "en-": "", "qq": "", "en-GB-x": "",
	} {
		if got := canonicalLocale(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
