package shape

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"nudge/lang/diag"
	"nudge/lang/node"
)

const markedShape = `{ id: string, email: private search optional string, born: optional private date, address: { city: string, street: private string },
	cards: [ { number: private string, name: string } ], notes: "private [string]", tags: [ private string ], more: private any, kind: private | public, plan: "private trial | pro" }`

// TestPrivateIn: the names are those of what is masked, and what is null or absent has none.
func TestPrivateIn(t *testing.T) {
	private := &Type{Kind: KindString, Private: true}
	of := MapOf(map[string]*Type{
		"email": private, "phone": private, "name": String, "address": MapOf(map[string]*Type{"street": private, "city": String}),
		"items": {Kind: KindList, Elem: MapOf(map[string]*Type{"code": private})},
	})
	for raw, want := range map[string][]string{
		`{"email": "x", "phone": null, "name": "y", "address": {"street": "z", "city": "c"}, "items": [{"code": "1"}, {"code": "2"}, {}]}`: {"address.street", "email", "items[].code"},
		`{"name": "y"}`: nil, "": nil, "null": nil, `{"address": 7}`: {"address"}, `[1]`: {""}, // all of it, which has no name
	} {
		if got := of.PrivateIn(json.RawMessage(raw)); !slices.Equal(got, want) {
			t.Errorf("of %s: %q, want %q", raw, got, want)
		}
	}
}

// TestMarks holds that marks stand beside a type and change nothing of it.
func TestMarks(t *testing.T) {
	var list diag.List
	marked := ParseProfile(node.Parse("f.yaml", []byte("data: "+markedShape+"\n"), &list).Get("data"))
	if list.HasErrors() {
		t.Fatal(list)
	}
	for name, want := range map[string]Type{
		"id": {}, "email": {Private: true, Search: true, Optional: true}, "born": {Private: true, Optional: true}, "notes": {Private: true},
		"more": {Private: true}, "kind": {}, "plan": {Private: true},
	} {
		got := marked.Fields[name]
		if got.Private != want.Private || got.Search != want.Search || got.Optional != want.Optional {
			t.Errorf("%s is private %v, search %v, optional %v", name, got.Private, got.Search, got.Optional)
		}
	}
	if got, want := mustParse(t, "{ a: private string, b: private any }").String(), "{ a: string, b: any }"; got != want {
		t.Errorf("marks are part of the text: %s, want %s", got, want)
	}
	for _, text := range []string{"private", "private private string", "search", "private strng", "private optional private string"} {
		if got, list := parsed(t, text); !list.HasErrors() {
			t.Errorf("%s is %s, want a diagnostic", text, got)
		}
	}
}

// TestMarksMerge holds that a field is private if one of the shapes says so.
func TestMarksMerge(t *testing.T) {
	a, b := mustParse(t, "{ x: private string, y: number, z: any }"), mustParse(t, "{ x: string, y: private number, z: private string }")
	for name, merge := range map[string]func(a, b *Type) (*Type, string){"both": Both, "either": Either} {
		for _, order := range [][2]*Type{{a, b}, {b, a}} {
			got, conflict := merge(order[0], order[1])
			if conflict != "" {
				t.Fatal(conflict)
			}
			for _, field := range got.Names() {
				if !got.Fields[field].Private {
					t.Errorf("%s: %s is not private any more", name, field)
				}
			}
		}
	}
}

func TestMask(t *testing.T) {
	marked := mustParse(t, strings.Replace(markedShape, "search ", "", 1))
	tests := []struct{ name, raw, want string }{
		{"flat", `{"id":"7","email":"a@b.c","kind":"private"}`, `{"email":"•••","id":"7","kind":"private"}`},
		{"nothing there", `{"email":null,"other":{"email":"kept"}}`, `{"email":null,"other":{"email":"kept"}}`},
		{"nested", `{"address":{"city":"Rome","street":"Via 1"}}`, `{"address":{"city":"Rome","street":"•••"}}`},
		{"items", `{"cards":[{"number":"41","name":"x"},{"name":"y"}]}`, `{"cards":[{"name":"x","number":"•••"},{"name":"y"}]}`},
		{"a list as a whole", `{"notes":["a","b"]}`, `{"notes":"•••"}`},
		{"each item", `{"tags":["a",null]}`, `{"tags":["•••",null]}`},
		{"any", `{"more":{"x":[1]}}`, `{"more":"•••"}`},
		{"of another shape", `{"address":"Via 1, Rome","cards":{"number":"41"}}`, `{"address":"•••","cards":"•••"}`},
		{"no object", `["a@b.c"]`, `"•••"`},
	}
	for _, tt := range tests {
		if got := string(marked.Mask(json.RawMessage(tt.raw))); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	for _, raw := range []string{"", "null", "  null "} {
		if got := string(marked.Mask(json.RawMessage(raw))); got != raw {
			t.Errorf("%q became %q", raw, got)
		}
	}
	if raw := `{ "b": 1, "a": 2 }`; string(mustParse(t, "{ a: number }").Mask(json.RawMessage(raw))) != raw {
		t.Error("JSON without anything private was changed")
	}
}

func TestHide(t *testing.T) {
	marked := mustParse(t, strings.Replace(markedShape, "search ", "", 1))
	secrets := marked.Secrets(json.RawMessage(`{"id":"7777","email":"a@b.c","more":{"x":[12345,true,"no"]},"cards":[{"number":"4111","name":"Ann"}],"address":["Via 1"]}`))
	if want := []string{"12345", "Via 1", "a@b.c", "4111"}; !slices.Equal(secrets, want) {
		t.Errorf("secrets are %q, want %q", secrets, want)
	}
	if got, want := Hide("a@b.c has 4111 and 12345, no 7777", secrets), "••• has ••• and •••, no 7777"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
