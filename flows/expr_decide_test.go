package flows

import (
	"testing"
	"testing/fstest"
)

// readOf is the condition of a flow's first step.
func readOf(t *testing.T, condition string) Reading {
	t.Helper()
	p, list := Load(fstest.MapFS{
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
		"flows/f.yaml": {Data: []byte(`flow: f
trigger: { event: go }
data: { total: number, word: string, open: boolean }
steps:
  - set: { tier: gold }
  - if: '` + condition + `'
    send: hello
`)},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	return p.Flows[0].Steps[1].If.Read()
}

// TestTruth decides conditions of which only vars.tier (gold) is known. A guess is true,
// and is told.
func TestTruth(t *testing.T) {
	tests := []struct {
		condition string
		want      bool
		guessed   string
	}{
		{`vars.tier == "gold"`, true, ""},
		{`vars.tier != "gold" and data.total > 3`, false, ""},
		{`vars.tier == "gold" or data.open`, true, ""},
		{`not (vars.tier in ["silver", "iron"])`, true, ""},
		{`vars.tier contains "ol" and data.total > 3`, true, "data.total > 3;"},
		{`data.open ? data.total > 3 : false`, true, "data.open;data.total > 3;"},
		{`data.total in 1..5`, true, "data.total in 1..5;"},
		{`!data.open or data.open`, true, "data.open;data.open;"},
		{`!(vars.tier == "gold")`, false, ""},
		{`3 in 1..5 and 7 * 2 == 14`, true, ""},
	}
	for _, test := range tests {
		guessed := ""
		got := readOf(t, test.condition).Truth(func(path string) (any, bool) { return "gold", path == "vars.tier" }, func(a Atom) bool {
			guessed += a.Text + ";"
			return true
		})
		if got != test.want || guessed != test.guessed {
			t.Errorf("%s is %t, guessed %q; want %t, %q", test.condition, got, guessed, test.want, test.guessed)
		}
	}
}

// TestPaths is what an expression reads.
func TestPaths(t *testing.T) {
	paths := readOf(t, `data.total > 3 and lower(data.word) == "x" or data.open`).Paths()
	if want := []string{"data.open", "data.total", "data.word"}; len(paths) != 3 || paths[0] != want[0] || paths[1] != want[1] || paths[2] != want[2] {
		t.Errorf("got %v, want %v", paths, want)
	}
}

// TestAtoms is what is known of a part that only the data decides: a path alone, or beside a literal on its right.
func TestAtoms(t *testing.T) {
	for condition, want := range map[string]Atom{
		`data.open`:                   {Path: "data.open", Op: "==", Literal: true},
		`data.total >= 3`:             {Path: "data.total", Op: ">=", Literal: 3.0},
		`data.word == "x"`:            {Path: "data.word", Op: "==", Literal: "x"},
		`data.word startsWith "x"`:    {},
		`data.word == vars.tier`:      {},
		`lower(data.word) == "x"`:     {},
		`data.word in ["x", "y"]`:     {},
		`len(data.word) > 3`:          {},
		`any([data.open], # == true)`: {},
	} {
		var got []Atom
		readOf(t, condition).Truth(func(string) (any, bool) { return nil, false }, func(a Atom) bool {
			got = append(got, a)
			return true
		})
		if len(got) != 1 || got[0].Path != want.Path || got[0].Op != want.Op || got[0].Literal != want.Literal {
			t.Errorf("%s is %+v, want %+v", condition, got, want)
		}
	}
}

// TestAtomHolds compares values with the literal of an atom.
func TestAtomHolds(t *testing.T) {
	a := Atom{Path: "data.total", Op: ">=", Literal: 7.0}
	for value, want := range map[int]bool{6: false, 7: true, 8: true} {
		if holds, ok := a.Holds(value); holds != want || !ok {
			t.Errorf("%d >= 7 is %t, %t", value, holds, ok)
		}
	}
	if _, ok := a.Holds("text"); ok {
		t.Error("text is compared with a number")
	}
}
