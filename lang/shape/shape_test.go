package shape

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/lang/diag"
	"nudge/lang/node"
)

func parsed(t testing.TB, text string) (*Type, diag.List) {
	t.Helper()
	var list diag.List
	return Parse(node.Parse("f.yaml", []byte("data: "+text+"\n"), &list).Get("data")), list
}

func mustParse(t testing.TB, text string) *Type {
	t.Helper()
	shape, list := parsed(t, text)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return shape
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"string": "string", "optional string": "optional string", "open | closed": "closed | open",
		"[string]": "[string]", "[ { name: string } ]": "[{ name: string }]", "{ b: number, a: { c: time } }": "{ a: { c: time }, b: number }",
		"optional open | closed": "optional closed | open", `"optional [number]"`: "optional [number]", "any": "any", "{}": "{}", "boolean": "boolean",
	} {
		if got := mustParse(t, text).String(); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"strng", "string?", "int", "[string, number]", "[]", "open |", "string | number", "{ a-b: string }", "open", "1"} {
		if got, list := parsed(t, text); !list.HasErrors() {
			t.Errorf("%s is %s, want a diagnostic", text, got)
		}
	}
}

func TestDecode(t *testing.T) {
	shape := mustParse(t, "{ id: string, n: number, ok: boolean, at: time, note: optional string, status: open | closed, tags: [string], items: [ { price: number } ], extra: any }")
	got, err := shape.Decode([]byte(`{"id":"a\u00fcb","n":12,"ok":true,"at":"2026-03-05T14:00:00+01:00","status":"open",
		"tags":["x"],"items":[{"price":1.5,"more":[1]}],"extra":{"big":12345678901234567890,"z":null},"new":-3}`))
	if err != nil {
		t.Fatal(err)
	}
	at, _ := ParseTime("2026-03-05T13:00:00Z")
	want := map[string]any{
		"id": "aüb", "n": 12, "ok": true, "at": at, "note": nil, "status": "open", "tags": []any{"x"},
		"items": []any{map[string]any{"price": 1.5, "more": []any{1}}},
		"extra": map[string]any{"big": 12345678901234567890.0, "z": nil}, "new": -3,
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b Time) bool { return a == b })); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
}

func TestMismatches(t *testing.T) {
	shape := mustParse(t, "{ id: string, n: optional number, status: optional open | closed, at: optional time, items: optional any }")
	list := mustParse(t, "{ items: [ { price: number } ] }")
	tests := []struct {
		shape      *Type
		text, want string
	}{
		{shape, `{}`, `id is missing; it must be text`},
		{shape, `{"id":3}`, `id must be text, got a number`},
		{shape, `{"id":null}`, `id must be text, got null`},
		{shape, `{"id":"x","n":"3"}`, `n must be a number, got text`},
		{shape, `{"id":"x","status":"opn"}`, `status must be one of closed, open, got "opn"`},
		{shape, `{"id":"x","at":"yesterday"}`, `at must be a time such as 2026-03-05T14:00:00Z, got "yesterday"`},
		{shape, `{"id":"x","id":"y"}`, `id must be there once, got two of it`},
		{shape, `{"id":"x"} x`, `it must be nothing after the value, got 'x' at byte 12`},
		{shape, `{"id":"x",}`, `it must be a field's name in quotes, got '}' at byte 11`},
		{shape, `{"id":"x"`, `it must be a comma between two fields, got the end of the text`},
		{shape, `[]`, `it must be an object, got a list`},
		{shape, ``, `it must be a JSON value, got the end of the text`},
		{shape, `{"id":"x","n":01}`, `n must be a number, got '0' at byte 15`},
		{shape, `{"id":"x","n":1e999}`, `n must be a number that fits into 64 bits, got '1' at byte 15`},
		{list, `{"items":[{"price":1},{"price":2},{"price":"3"}]}`, `items[2].price must be a number, got text`},
		{list, `{"items":[{}]}`, `items[0].price is missing; it must be a number`},
		{shape, "{\"id\":\"a\x01b\"}", `id must be text without control characters, got '\x01' at byte 9`},
		{shape, `{"id":"a\x"}`, `id must be text with valid escapes, got '"' at byte 7`},
		{shape, `{"id":"a`, `id must be a closing ", got the end of the text`},
		{shape, `{"id" "a"}`, `it must be a colon after a field's name, got '"' at byte 7`},
		{shape, `{"id":"x","status":"` + strings.Repeat("y", 50) + `"}`, `status must be one of closed, open, got "` + strings.Repeat("y", 39) + `…`},
		{shape, "{\"id\":\"\xff\"}", `it must be UTF-8 text, got other bytes`},
		{shape, `{"id":tru}`, `id must be a JSON value, got 't' at byte 7`},
		{shape, `{"id":true}`, `id must be text, got true or false`},
		{Day, `"2026-02-30"`, `it must be a date such as 2026-03-05, got "2026-02-30"`},
		{OneOf("open"), `"x"`, `it must be one of open, got "x"`},
		{Boolean, `1`, `it must be true or false, got a number`},
		{Any, `[1 2]`, `it must be a comma between two items, got '2' at byte 4`},
		{list, `{"items":{}}`, `items must be a list, got an object`},
		{Any, strings.Repeat("[", 40) + strings.Repeat("]", 40), strings.Repeat("[0]", 33) + ` must be nested at most 32 levels deep, got more`},
	}
	for _, tt := range tests {
		_, err := tt.shape.Decode([]byte(tt.text))
		var m *Mismatch
		if !errors.As(err, &m) || m.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

// TestMismatchBelow: the path of a mismatch is told from where the value stands.
func TestMismatchBelow(t *testing.T) {
	for path, want := range map[string]string{"": "data must be text", "a.b": "data.a.b must be text", "[2].c": "data[2].c must be text"} {
		if got := (&Mismatch{Path: path, Want: "text", Got: "a list"}).At("data").Error(); got != want+", got a list" {
			t.Errorf("%q: %s", path, got)
		}
	}
}

// FuzzDecode holds the hand-written reader against encoding/json.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5,"x\n",null,true]}`, `"\ud800"`, `-0`, `1E+2`, `{"":{}}`, "[\"\u2028\"]", `{"a":1}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Any.Decode([]byte(text))
		if err != nil {
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("%q is no JSON and was read as %v", text, got)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Any.Decode(again)
		if err != nil {
			t.Fatalf("%q became %s: %v", text, again, err)
		}
		if once, err := json.Marshal(back); err != nil || string(once) != string(again) {
			t.Fatalf("%q became %s and then %s, %v", text, again, once, err)
		}
	})
}

func TestMerge(t *testing.T) {
	tests := []struct{ a, b, both, either string }{
		{"{ a: string }", "{ b: number }", "{ a: string, b: number }", "{ a: optional string, b: optional number }"},
		{"{ a: string }", "{ a: optional string }", "{ a: string }", "{ a: optional string }"},
		{"open | closed", "string", "closed | open", "string"},
		{"a | b", "b | c", "conflict at .", "a | b | c"},
		{"any", "string", "string", "any"},
		{"{ a: { b: string } }", "{ a: { b: number } }", "conflict at a.b", "conflict at a.b"},
		{"[string]", "[number]", "conflict at []", "conflict at []"},
	}
	for _, tt := range tests {
		a, b := mustParse(t, tt.a), mustParse(t, tt.b)
		if got := outcome(Both(a, b)); got != tt.both {
			t.Errorf("both of %s and %s: %s, want %s", tt.a, tt.b, got, tt.both)
		}
		if got := outcome(Either(a, b)); got != tt.either {
			t.Errorf("either of %s and %s: %s, want %s", tt.a, tt.b, got, tt.either)
		}
	}
}

func outcome(t *Type, conflict string) string {
	if conflict != "" {
		return "conflict at " + conflict
	}
	return t.String()
}

func TestTime(t *testing.T) {
	a, err := ParseTime("2026-03-05T14:00:00.5+01:00")
	if err != nil {
		t.Fatal(err)
	}
	b := TimeOf(time.Date(2026, 3, 5, 8, 0, 0, 5e8, time.FixedZone("", -5*3600)))
	if a != b || a.String() != "2026-03-05T13:00:00.5Z" || a.Compare(b) != 0 {
		t.Errorf("%v and %v differ", a, b)
	}
	text, err := json.Marshal(a)
	var back Time
	if err != nil || json.Unmarshal(text, &back) != nil || back != a {
		t.Errorf("%v came back from %s as %v", a, text, back)
	}
	for _, text := range []string{"2026-03-05", "2026-02-30", "2026-3-5", "5 March", "09:00", ""} {
		if _, err := ParseTime(text); err == nil {
			t.Errorf("%q is taken for a time", text)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	shape := mustParse(b, "{ order_id: string, customer: string, total: number }")
	raw := []byte(`{"order_id":"order-123456","customer":"ann","total":12.5}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := shape.Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}
