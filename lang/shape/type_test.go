package shape

import (
	"slices"
	"strings"
	"testing"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// TestSure holds what is known of a value in which a path of fields is certainly there.
func TestSure(t *testing.T) {
	inner := mustParse(t, "{ a: string }")
	inner.Fields["a"] = mustParse(t, "{ b: optional string }").OrNil()
	for _, test := range []struct {
		before *Type
		path   []string
		want   string
	}{
		{String.OrNil(), nil, "string"},
		{mustParse(t, "{ a: optional string, b: optional number }").OrNil(), []string{"a"}, "{ a: string, b: optional number }"},
		{inner, []string{"a", "b"}, "{ a: { b: string } }"},
		{mustParse(t, "{ a: string }"), []string{"c"}, "{ a: string }"},
		{Any, []string{"a", "b"}, "{ a: { b: any, … }, … }"},
		{String.OrNil(), []string{"a"}, "string"},
	} {
		text := test.before.String()
		got := test.before.Sure(test.path...)
		if got.String() != test.want || got.MayBeAbsent() {
			t.Errorf("%s with %v is %s, want %s", text, test.path, got, test.want)
		}
		field := got
		for _, name := range test.path {
			if below, ok := field.Field(name); ok {
				if field = below; field.MayBeAbsent() {
					t.Errorf("%s with %v may lack %s", text, test.path, name)
				}
			}
		}
		if test.before.String() != text {
			t.Errorf("%s became %s", text, test.before)
		}
	}
}

// TestPresent: what nobody declared may be absent, until it is known to be there.
func TestPresent(t *testing.T) {
	if Any.Present() != Something || Something.OrNil() != Any || Any.OrNil() != Any || Something.Present() != Something {
		t.Error("what nobody declared is neither absent nor present")
	}
	if String.Present() != String || String.OrNil().Present().String() != "string" || !String.OrNil().MayBeAbsent() || String.MayBeAbsent() || !Any.MayBeAbsent() || Something.MayBeAbsent() {
		t.Error("text is neither absent nor present")
	}
}

// TestPlaces: a field of a merged map is declared where both maps declare it, each place once.
func TestPlaces(t *testing.T) {
	at := func(line int) diag.Span { return diag.Span{File: "f.yaml", Start: diag.Pos{Line: line}} }
	a := &Type{Kind: KindMap, Places: map[string][]diag.Span{"x": {at(1)}, "y": {at(2)}}}
	b := &Type{Kind: KindMap, Places: map[string][]diag.Span{"x": {at(1), at(3)}, "z": {at(4)}}}
	one := &Type{Kind: KindMap, Places: map[string][]diag.Span{"x": {at(5)}}}
	none := &Type{Kind: KindMap}
	for _, test := range []struct {
		a, b *Type
		want map[string][]int
	}{
		{a, b, map[string][]int{"x": {1, 3}, "y": {2}, "z": {4}}}, {b, a, map[string][]int{"x": {1, 3}, "y": {2}, "z": {4}}},
		{a, one, map[string][]int{"x": {1, 5}, "y": {2}}}, {one, a, map[string][]int{"x": {5, 1}, "y": {2}}},
		{none, one, map[string][]int{"x": {5}}}, {one, none, map[string][]int{"x": {5}}}, {none, none, map[string][]int{}},
	} {
		got := Places(test.a, test.b)
		if len(got) != len(test.want) {
			t.Errorf("places %v, want %v", got, test.want)
		}
		for name, lines := range test.want {
			var found []int
			for _, place := range got[name] {
				found = append(found, place.Start.Line)
			}
			if !slices.Equal(found, lines) {
				t.Errorf("%s is declared in lines %v, want %v", name, found, lines)
			}
		}
	}
	if len(a.Places["x"]) != 1 || len(one.Places["x"]) != 1 {
		t.Error("merging changed a shape")
	}
}

// TestSearchMerge: people are found by a field if one of the shapes says so.
func TestSearchMerge(t *testing.T) {
	found := &Type{Kind: KindString, Search: true}
	for name, merge := range map[string]func(a, b *Type) (*Type, string){"both": Both, "either": Either} {
		for _, pair := range [][2]*Type{{found, String}, {String, found}, {found, found}} {
			if got, conflict := merge(pair[0], pair[1]); conflict != "" || !got.Search || got.Private {
				t.Errorf("%s: %+v, %s", name, got, conflict)
			}
		}
		if got, _ := merge(String, String.AsPrivate()); got.Search || !got.Private {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestShapeHints holds what the author of a wrong shape is told.
func TestShapeHints(t *testing.T) {
	for text, want := range map[string]string{
		"int": `"int" is not a shape (write number)`, "bool": `"bool" is not a shape (write boolean)`, "timestamp": `"timestamp" is not a shape (write time)`,
		"day": `"day" is not a shape (write date)`, "uuid": `"uuid" is not a shape (write string)`, "string?": `"string?" is not a shape (write optional string)`,
		"object":            `"object" is not a shape (write its fields, { name: string }, or its items, [string])`,
		"strng":             `"strng" is not a shape (did you mean "string"? Shapes: string, number, boolean, time, date, any)`,
		"open |":            `alternatives are words separated by | (for example open | closed)`,
		"string | number":   `string | number is not a shape (alternatives are words, such as open | closed; use any for mixed types)`,
		"[a, b]":            `a list has exactly one shape between its brackets: the shape of its items (for example [string] or [ { name: string } ])`,
		"{ a-b: string }":   `"a-b" is not a valid field name; use letters, digits and _ (remove it: fields that are not declared are kept too)`,
		"private":           `"private" is not a shape (shapes: string, number`,
		"search string":     `search marks fields of profile in nudge.yaml that are text, a number, a boolean, a time or a date (remove search here)`,
		"private private x": `"x" is not a shape`, "private private string": `private is written twice (write it once)`,
	} {
		_, list := parsed(t, text)
		if len(list) != 1 || !strings.Contains(list[0].Error(), ": "+want) {
			t.Errorf("%s: %s, want %s", text, list.Error(), want)
		}
	}
	for text, fits := range map[string]bool{
		"{ a: search string }": true, "{ a: search private number }": true, "{ a: search optional date }": true, "{ a: search any }": false, "{ a: 'search [string]' }": false,
		"{ a: '[search string]' }": false, "{ a: [ search string ] }": false, "{ a: { b: search string } }": false, "{ a: search search string }": false,
	} {
		var list diag.List
		if got := ParseProfile(node.Parse("f.yaml", []byte("data: "+text+"\n"), &list).Get("data")); list.HasErrors() == fits {
			t.Errorf("%s of the profile is %s, and told is %q", text, got, list.Error())
		}
	}
}
