package templates

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/channels"
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

var testScope = shape.MapOf(map[string]*shape.Type{
	"data": shape.MapOf(map[string]*shape.Type{
		"id": shape.String, "total": shape.Number, "n": shape.Number, "currency": shape.String, "vip": shape.Boolean.OrNil(),
		"note": shape.String.OrNil(), "at": shape.Moment, "tags": shape.ListOf(shape.String), "extra": shape.Any,
		"items": shape.ListOf(shape.MapOf(map[string]*shape.Type{"name": shape.String, "price": shape.Number})),
		"kind":  shape.OneOf("only"), "plan": shape.OneOf("free", "gold", "silver"), "day": shape.Day, "count": shape.Number.OrNil(),
		"people": shape.ListOf(shape.MapOf(map[string]*shape.Type{"name": shape.String.OrNil()})),
	}),
	"date": shape.MapOf(map[string]*shape.Type{"read": shape.Boolean}), // a step with the name of a function
})

func testValues() map[string]any {
	at, err := shape.ParseTime("2026-07-03T13:30:00Z")
	if err != nil {
		panic(err)
	}
	day, err := shape.ParseDate("2026-03-05")
	if err != nil {
		panic(err)
	}
	return map[string]any{
		"data": map[string]any{
			"plan": "gold", "day": day, "count": nil, "people": []any{},
			"id": "O1", "total": 1234567.5, "n": 3, "currency": "gbp", "vip": nil, "note": nil, "at": at,
			"tags": []any{"a", "b"}, "extra": map[string]any{"x": 1, "none": nil, "list": []any{}},
			"items": []any{map[string]any{"name": "Lamp", "price": 20}, map[string]any{"name": "Rug", "price": 30.5}},
		},
		"date": map[string]any{"read": true},
	}
}

func testUse(t testing.TB) Use {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return Use{Scope: testScope, Zone: zone, Project: "my shop", Preferences: true}
}

func compiled(t testing.TB, text string) (*Template, diag.List) {
	t.Helper()
	var list diag.List
	return parseSource("t.yaml", []byte(text), &list).Compile(testUse(t), &list), list
}

func mustRender(t testing.TB, text string) channels.Message {
	t.Helper()
	tmpl, list := compiled(t, text)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	m, err := tmpl.Render("ann", testValues())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// body is a template whose body is a text, as a literal block.
func body(text string) string { return "body: |-\n  " + strings.ReplaceAll(text, "\n", "\n  ") + "\n" }

func TestTexts(t *testing.T) {
	for text, want := range map[string]string{
		`no action`: "no action",
		`{{ data.id }} {{ .data.id }} {{ $.data.id }}`:                                                                            "O1 O1 O1",
		`{{ data.total }} {{ data.n }}`:                                                                                           "1234567.5 3",
		`{{ range data.items }}{{ .name }} of {{ data.id }};{{ end }}`:                                                            "Lamp of O1;Rug of O1;",
		`{{ range $i, $x := data.items }}{{ $i }}={{ $x.name }} {{ end }}`:                                                        "0=Lamp 1=Rug ",
		`{{ range $x := data.items }}{{ $x.price }} {{ end }}`:                                                                    "20 30.5 ",
		`{{ if gt data.total 100 }}big{{ else }}small{{ end }}`:                                                                   "big",
		`{{ if eq data.n 3.0 }}three{{ end }}`:                                                                                    "three",
		`{{ if and (lt data.n 4) (ne data.id "O2") }}yes{{ end }}`:                                                                "yes",
		`{{ eq data.note "x" }} {{ eq "x" data.note }} {{ ne data.note "x" }} {{ eq data.note data.vip }} {{ eq data.vip true }}`: "false false true true false",
		`{{ eq (index data.tags 0) "b" "a" }} {{ lt data.count 1 }} {{ ge 1 data.count }}`:                                        "true false false",
		"{{ upper `a\n\\` }}":                                                                                             "A\n\\",
		`{{ printf "%s %d" data.day data.n }}`:                                                                            "2026-03-05 3",
		`{{ if data.vip }}vip{{ else }}not{{ end }}`:                                                                      "not",
		`{{ if not data.vip }}not{{ end }}`:                                                                               "not",
		`{{ data.note | default "none" }} {{ default "x" data.id }}`:                                                      "none O1",
		`{{ with data.note }}{{ . }}{{ else }}nothing{{ end }}`:                                                           "nothing",
		`{{ lower data.id }} {{ upper data.currency }} {{ trim " x " }}`:                                                  "o1 GBP x",
		`{{ truncate "one two three" 8 }} {{ truncate "ü" 1 }}`:                                                           "one two… ü",
		`{{ plural (len data.items) "item" "items" }} {{ plural 1 "a" "b" }}`:                                             "2 items 1 a",
		`{{ number data.total }} {{ number -1234 }} {{ number 12 }}`:                                                      "1,234,567.5 -1,234 12",
		`{{ money data.total data.currency }} {{ money 5 "jpy" }}`:                                                        "1,234,567.50 GBP 5 JPY",
		`{{ join data.tags ", " }}`:                                                                                       "a, b",
		`{{ date data.at }}, {{ weekday data.at }}, {{ time data.at }}`:                                                   "3 July 2026, Friday, 14:30",
		`{{ if date.read }}a step called date{{ end }}`:                                                                   "a step called date",
		`{{ json data.tags }} {{ urlquery "a b&c" }}`:                                                                     `["a","b"] a+b%26c`,
		`{{ printf "%.2f|%s" data.total data.id }}`:                                                                       "1234567.50|O1",
		`{{ (index data.items 1).name }} {{ index data.tags 0 }}`:                                                         "Rug a",
		`{{ data.tags | join "+" }} {{ data.id | truncate 1 }} {{ 2 | plural "a" "b" }} {{ 5 | money "eur" }}`:            "a+b … 2 b 5.00 EUR",
		`{{ number 2.5 0 }} {{ number 1.005 2 }} {{ number -0.004 2 }} {{ number -2.5 0 }}`:                               "3 1.01 0.00 -3",
		`{{ money 1.005 "EUR" }} {{ money 2.5 "JPY" }} {{ money 1.0005 "KWD" }} {{ money 1234.5 "PKR" }}`:                 "1.01 EUR 3 JPY 1.001 KWD 1,234.50 PKR",
		`{{ money -0.001 "EUR" }} {{ money 9007199254740993 "mru" }}`:                                                     "0.00 EUR 9,007,199,254,740,993.00 MRU",
		`{{ printf "%.2f|%7.1f|%-6.1f|%+.0f|%06.2f" 2.675 2.25 2.25 2.5 -1.005 }}`:                                        "2.68|    2.3|2.3   |+3|-01.01",
		`{{ truncate "👨‍👩‍👧‍👦🇩🇪 ok" 3 }} {{ len "Zürich" }} {{ truncate "👍🏽👍🏽" 1 }}`:                                     "👨‍👩‍👧‍👦🇩🇪… 6 …",
		`{{ data.at | date }} {{ data.total | number 2 }} {{ title "new york's o'hara" }}`:                                "3 July 2026 1,234,567.50 New York's O'hara",
		`{{ (first data.items).name | default "none" }} {{ with last data.tags }}{{ . }}{{ end }} {{ datetime data.at }}`: "Lamp b 3 July 2026, 14:30",
		`{{ data.extra.x | default 0 }}`:                                                                                  "1",
		`{{ range $i, $t := data.tags }}{{ if gt $i 0 }}, {{ end }}{{ $t }}{{ end }}`:                                     "a, b",
		`{{- /* said once */ -}} x`:                                                                                       "x",
		`{{ $n := data.n }}{{ $n }}`:                                                                                      "3",
	} {
		if got := mustRender(t, body(text)).Body; got != want {
			t.Errorf("%s gives %q, want %q", text, got, want)
		}
	}
}

// TestStrict holds what never reaches a person: each of these compiles where nothing is known
// of the values, and fails when it is rendered, with its place.
func TestStrict(t *testing.T) {
	for text, want := range map[string]string{
		`Dear {{ data.note }}`:                           `t.yaml:2:11: the value is absent; give it a default: … | default "…"`,
		`{{ data.extra.none }}`:                          `t.yaml:2:6: the value is absent; give it a default: … | default "…"`,
		`{{ data.extra.lost }}`:                          `t.yaml:2:6: the value is absent; give it a default: … | default "…"`,
		`{{ lower data.note }}`:                          `t.yaml:2:6: the value is absent; give it a default: … | default "…"`,
		`{{ data.items }}`:                               `t.yaml:2:6: a list or map cannot be printed; use range, join or json`,
		"one\n{{ index data.tags 9 }}":                   `t.yaml:3:6: the list has 2 items, so there is none at 9`,
		`{{ range data.extra.x }}{{ end }}`:              `t.yaml:2:12: the value is not a list`,
		`{{ "{{" }} profile.name }}`:                     `t.yaml:1:7: the text contains {{, which the provider would read as one of its own fields`,
		`{{ (first data.extra.list).name }}`:             `t.yaml:2:6: the value is absent; give it a default: … | default "…"`,
		`{{ first data.extra.list }}`:                    `t.yaml:2:6: the value is absent; give it a default: … | default "…"`,
		`{{ number data.n 99 }}`:                         `t.yaml:2:6: the number of decimals must be between 0 and 15`,
		`{{ truncate data.id 0 }}`:                       `t.yaml:2:6: a text cannot be cut to 0 characters`,
		`{{ date data.extra.x }}`:                        `t.yaml:2:6: the value is not a time`,
		`{{ time data.extra.none }}`:                     `t.yaml:2:6: the value is absent; give it a default: … | default "…"`,
		`{{ data.extra.x | join "," }}`:                  `t.yaml:2:21: the value is not a list`,
		`{{ money data.n data.extra.none }}`:             `t.yaml:2:6: the value is absent; give it a default: … | default "…"`,
		`{{ money data.n data.id }}`:                     `t.yaml:2:6: unknown currency "O1"; use a code of ISO 4217, such as EUR`,
		`{{ plural data.extra.none "a" "b" }}`:           `t.yaml:2:6: the value is absent; give it a default: … | default "…"`,
		"zwölf\n\né {{ data.id }} {{ upper data.note }}": `t.yaml:4:22: the value is absent; give it a default: … | default "…"`,
		`{{ data.extra.x.y }}`:                           `t.yaml:2:6: the value has no field y`,
		`{{ eq data.id 1 }}`:                             `t.yaml:2:6: these two values cannot be compared`,
		`{{ lt data.id 1 }}`:                             `t.yaml:2:6: these two values cannot be compared`,
		`{{ printf "%d" data.id }}`:                      `t.yaml:2:6: printf "%d" does not fit its values`,
	} {
		use := testUse(t)
		use.Untyped = true
		var list diag.List
		tmpl := parseSource("t.yaml", []byte(body(text)), &list).Compile(use, &list)
		if err := list.Err(); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		_, err := tmpl.Render("ann", testValues())
		if err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
}

func TestOutputIsLimited(t *testing.T) {
	tmpl, list := compiled(t, body(`{{ range data.tags }}{{ range data.tags }}{{ . }} and more{{ end }}{{ end }}`))
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	values := testValues()
	many := make([]any, 1000)
	for i := range many {
		many[i] = "x"
	}
	values["data"].(map[string]any)["tags"] = many
	if _, err := tmpl.Render("ann", values); err == nil || !strings.Contains(err.Error(), errTooLong.Error()) {
		t.Errorf("got %v, want %v", err, errTooLong)
	}
	tmpl, list = compiled(t, body(`{{ range data.tags }}{{ range data.tags }}{{ range data.tags }}{{ end }}{{ end }}{{ end }}`))
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := tmpl.Render("ann", values); err == nil || !strings.Contains(err.Error(), errTooMuch.Error()) {
		t.Errorf("got %v, want %v", err, errTooMuch)
	}
}

func TestRefusedTexts(t *testing.T) {
	for text, code := range map[string]diag.Code{
		`{{ data.order }}`: codeUnknownField, `{{ dat.id }}`: codeUnknownName, `{{ .dat.id }}`: codeUnknownName, `{{ $.dat.id }}`: codeUnknownName,
		`{{ print data.id }}`: codeUnknownFunction, `{{ html data.id }}`: codeUnknownFunction, `{{ js data.id }}`: codeUnknownFunction,
		`{{ call data.id }}`: codeUnknownFunction, `{{ slice data.id 1 }}`: codeUnknownFunction, `{{ __print data.id }}`: codeUnknownFunction,
		`{{ now }}`: codeUnknownFunction, `{{ range 10 }}{{ end }}`: codeSyntax, `{{ range data.n }}{{ end }}`: codeSyntax,
		`{{ range data.extra }}{{ end }}`: codeUntyped, `{{ if data.extra.x }}{{ end }}`: codeUntyped, `{{ eq data.extra.x 1 }}`: codeUntyped,
		`{{ range data.items }}{{ .nmae }}{{ end }}`: codeUnknownField, `{{ with data.items }}{{ .x }}{{ end }}`: codeUnknownField,
		`{{ range $x := data.items }}{{ $x.nmae }}{{ end }}`: codeUnknownField, `{{ template "x" }}`: codeSyntax,
		`{{ define "x" }}{{ end }}`: codeSyntax, `{{ block "x" . }}{{ end }}`: codeSyntax, `{{ data.at.Std }}`: codeUnknownField,
		`{{ data.extra.Std }}`: codeUnknownField, `{{ data.id.x }}`: codeUnknownField, `{{ data.a-b }}`: codeSyntax, `{{ if data.vip }}`: codeSyntax,
		`{{ money data.n "EURO" }}`: codeSyntax, `{{ data.n | money "XXX" }}`: codeSyntax,
		`{{ date data.id }}`: codeSyntax, `{{ lower }}`: codeSyntax, `{{ lower data.n }}`: codeSyntax, `{{ data.id | data.id }}`: codeSyntax,
		`{{ (index data.items 0).nmae }}`: codeUnknownField,
		`{{ range data.tags }}{{ range data.tags }}{{ range data.tags }}{{ range data.tags }}{{ end }}{{ end }}{{ end }}{{ end }}`: codeTooDeep,
	} {
		_, list := compiled(t, body(text))
		if len(list) == 0 || list[0].Code != code {
			t.Errorf("%s: got %v, want code %s", text, list, code)
		}
	}
}

func TestMessage(t *testing.T) {
	got := mustRender(t, `
parts:
  - { type: text/plain, data: "Hi {{ data.id }}", name: body }
  - { json: { id: "{{ data.id }}", total: "{{ data.total }}", n: "{{ data.n }}", at: "{{ data.at }}", text: "n={{ data.n }}", tags: "{{ data.tags }}", fixed: 7, yes: true, list: ["{{ data.n }}"] } }
  - { type: image/png, url: "https://x.example/{{ data.id }}.png", size: 12 }
alert:
  platforms:
    apns: { badge: "{{ data.n }}", alert: "Order {{ data.id }}" }
    fcm: { data: { id: "{{ data.id }}" } }
metadata: { n: "{{ data.n }}" }
from: { id: "shop-{{ data.n }}", name: The Shop }
rules: [appMessaging, sms]
`)
	want := channels.Message{
		To: "ann", Conversation: "my_shop.shop-3_ann", From: &channels.Sender{ID: "shop-3", Name: "The Shop"},
		Parts: []channels.Part{
			{Type: "text/plain", Data: "Hi O1", Name: "body"},
			{Type: "application/json", Data: `{"at":"2026-07-03T13:30:00Z","fixed":7,"id":"O1","list":[3],"n":3,"tags":["a","b"],"text":"n=3","total":1234567.5,"yes":true}`},
			{Type: "image/png", URL: "https://x.example/O1.png", Size: 12},
		},
		Alert:    &channels.Alert{APNS: map[string]any{"badge": 3, "alert": "Order O1"}, FCM: map[string]any{"data": map[string]any{"id": "O1"}}},
		Metadata: map[string]any{"n": 3}, Rules: []string{"appMessaging", "sms"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

// TestSender holds who a message is from where several places say it, and which
// conversation follows.
func TestSender(t *testing.T) {
	from := func(text string) *From {
		var list diag.List
		f := ParseFrom(node.Parse("x.yaml", []byte("from: "+text), &list).Get("from"))
		if err := list.Err(); err != nil {
			t.Fatal(err)
		}
		return f
	}
	tests := []struct {
		name, text           string
		flow, own            *From
		sender, conversation string
	}{
		{"nobody says anything", "", nil, nil, "", "my_shop_ann"},
		{"the flow", "", from("Sales Team"), nil, `TEAM\Sales_Team`, "Sales_Team_ann"},
		{"the template before the flow", "from: Care", from("Sales Team"), nil, `TEAM\Care`, "Care_ann"},
		{"the send before the template", "from: Care", from("Sales Team"), from("{ id: me }"), "me", "my_shop.me_ann"},
		{"a conversation of its own", "from: Care\nconversation: order {{ data.id }}", nil, nil, `TEAM\Care`, "order O1"},
		{"a team in the provider's form", `from: 'TEAM\Customer Services'`, nil, nil, `TEAM\Customer_Services`, "Customer_Services_ann"},
		{"a team by its profile", `from: { id: 'TEAM\Customer_Services' }`, nil, nil, `TEAM\Customer_Services`, "Customer_Services_ann"},
		{"a team by its profile, as an example has it", `from: { id: 'Team\Care' }`, nil, nil, `Team\Care`, "Care_ann"},
		{"a team by its profile elsewhere", "from: { id: 'TEAM\\Care' }\nconversation: c", nil, nil, `TEAM\Care`, "c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var list diag.List
			use := testUse(t)
			use.From, use.Own = tt.flow, tt.own
			tmpl := parseSource("t.yaml", []byte("body: x\n"+tt.text), &list).Compile(use, &list)
			if err := list.Err(); err != nil {
				t.Fatal(err)
			}
			m, err := tmpl.Render("ann", testValues())
			if err != nil {
				t.Fatal(err)
			}
			sender := ""
			if m.From != nil {
				sender = m.From.ID
			}
			if sender != tt.sender || m.Conversation != tt.conversation {
				t.Errorf("from %q in %q, want %q in %q", sender, m.Conversation, tt.sender, tt.conversation)
			}
		})
	}
}

// TestEmptySender holds that a sender or a conversation that the data leaves empty refuses
// the message, and names the place.
func TestEmptySender(t *testing.T) {
	for text, want := range map[string]string{
		`from: '{{ "" }}'`:                     "t.yaml:2:7: the sender is empty",
		`from: 'TEAM\{{ "" }}'`:                "t.yaml:2:7: the sender is empty",
		`from: '{{ " " }}'`:                    "t.yaml:2:7: the sender is empty",
		`from: { id: '{{ "" }}', name: Acme }`: "t.yaml:2:13: the sender is empty",
		`conversation: '{{ "" }}'`:             "t.yaml:2:15: the conversation is empty",
	} {
		var list diag.List
		tmpl := parseSource("t.yaml", []byte("body: x\n"+text), &list).Compile(testUse(t), &list)
		if err := list.Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := tmpl.Render("ann", testValues()); err == nil || err.Error() != want {
			t.Errorf("%s: got the error %v, want %s", text, err, want)
		}
	}
}

func TestConcurrentRenders(t *testing.T) {
	tmpl, list := compiled(t, body(`{{ data.id }} {{ number data.total }}`))
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for range 8 {
		go func() {
			for range 200 {
				m, err := tmpl.Render("ann", testValues())
				if err == nil && m.Body != "O1 1,234,567.5" {
					t.Errorf("got %q", m.Body)
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// FuzzTemplate holds that no text makes the checks or the rendering panic, and that what
// is filled reads as the Go template writes it.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{`{{ data.id }}`, `{{ range data.items }}{{ .name }}{{ end }}`, `{{ with $x := data.note }}{{ $x }}{{ end }}`, `{{ (index data.items 0).name | upper }}`} {
		f.Add(seed)
	}
	f.Add(`{{ partial "p" }}{{ range data.items }}{{ partial "p" }}{{ end }}`)
	f.Add(`{{ plural data.n "a" "b" }} {{ data.tags | join "," }} {{ datetime data.at }} {{ (first data.items).name }}`)
	values := testValues()
	values["profile"] = map[string]any{"locale": "pl", "timezone": "Asia/Tokyo"}
	f.Fuzz(func(t *testing.T, text string) {
		var list diag.List
		l := libraryOf(map[string]string{"templates/hello.yaml": body(text), "templates/hello.pl.yaml": body(text), "templates/partials/p.yaml": body(text)}, &list)
		l.partials["q"] = parsePartial("q.yaml", []byte("body: q"), &list)
		use := testUse(t)
		use.Partials = l.Partials()
		if tmpl := l.Source("hello").Compile(use, &list); !list.HasErrors() {
			_, _ = tmpl.Render("ann", values)
			filled, ok := tmpl.body.fill(values)
			if !ok {
				return
			}
			if want, err := tmpl.body.execute(tmpl.body.tmpl, values); err != nil || filled != want {
				t.Errorf("filled %q, the template writes %q, %v", filled, want, err)
			}
		}
	})
}

func BenchmarkRender(b *testing.B) {
	tmpl, list := compiled(b, body(`Hello {{ data.id }}, your order of {{ data.total }} from {{ data.currency }} is on its way.`))
	if err := list.Err(); err != nil {
		b.Fatal(err)
	}
	values := testValues()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tmpl.Render("ann", values); err != nil {
			b.Fatal(err)
		}
	}
}

// Nobody's id may bring a field of the provider's either: it stands in the conversation.
func TestMergeFieldInTheID(t *testing.T) {
	tmpl, list := compiled(t, "body: Hello\nconversation: fixed\n")
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := tmpl.Render("{{profile.email}}", testValues()); !errors.Is(err, ErrMergeField) {
		t.Errorf("got %v, want ErrMergeField", err)
	}
	var allowed diag.List
	use := testUse(t)
	use.MergeFields = true
	m, err := parseSource("t.yaml", []byte(`body: '{{ "{{profile.email}}" }}'`), &allowed).Compile(use, &allowed).Render("{{x}}", testValues())
	if err != nil || m.Body != "{{profile.email}}" {
		t.Errorf("where they are allowed: got %q, %v", m.Body, err)
	}
}
