package node

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"nudge/lang/diag"
)

func parse(t testing.TB, text string) *Map {
	t.Helper()
	var list diag.List
	m := Parse("f.yaml", []byte(text), &list)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAccessors(t *testing.T) {
	var list diag.List
	m := Parse("f.yaml", []byte("a: text\nb: 7\nc: true\nd: { e: [1, x] }\nf: 1d12h\nextra: 1\nfs: 1\n"), &list)
	if m.Str("a") != "text" || m.Int("b") != 7 || !m.Bool("c") || m.Duration("f") != 36*time.Hour {
		t.Error("a value is read wrong")
	}
	if d := m.Child("d"); len(d.List("e")) != 2 || d.List("e")[1].Str() != "x" {
		t.Error("a list is read wrong")
	}
	if m.Str("no") != "" || m.Child("no").Str("x") != "" || m.Text("no") != nil || m.List("no") != nil || m.Child("no").Keys() != nil {
		t.Error("an absent key is not empty")
	}
	m.Child("no").Close()
	if len(list) != 0 {
		t.Fatal(list)
	}
	m.Close()
	want := `f.yaml:6:1: unknown key "extra" (allowed here: a, b, c, f, d, no)
f.yaml:7:1: unknown key "fs" (did you mean "f"? Allowed here: a, b, c, f, d, no)`
	if list.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", list.Error(), want)
	}
}

func TestWrongKinds(t *testing.T) {
	var list diag.List
	m := Parse("f.yaml", []byte("a: [1]\nb: x\nc: yes\nd: text\ne:\nf: 3 days\n"), &list)
	m.Str("a")
	m.Int("b")
	m.Bool("c")
	m.Child("d")
	m.Str("e")
	m.Duration("f")
	want := `f.yaml:1:4: a must be text, not a list
f.yaml:2:4: b must be a whole number, not "x"
f.yaml:3:4: c must be true or false, not "yes"
f.yaml:4:4: d must be a mapping, not "text"
f.yaml:5:1: e is empty; it must be text
f.yaml:6:4: f: unknown unit "days" in "3 days"; use w, d, h, m, s or ms (write 3d)`
	if list.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", list.Error(), want)
	}
}

// TestAt holds where the word "here" of each scalar is found in the file.
func TestAt(t *testing.T) {
	for text, want := range map[string]string{
		"a: x here":                   "f.yaml:1:6",
		"a:    here":                  "f.yaml:1:7",
		`a: "x here"`:                 "f.yaml:1:7",
		`a: 'x here'`:                 "f.yaml:1:7",
		"a: |\n  x\n   y here\n":      "f.yaml:3:6",
		"a: |-\n\n    here":           "f.yaml:3:5",
		"a: { b: ü here }":            "f.yaml:1:11",
		`a: "x\ty here"`:              "f.yaml:1:4", // escapes: the whole scalar
		`a: 'it''s here'`:             "f.yaml:1:4",
		"a: >\n  x\n  here\n":         "f.yaml:1:4",
		"a: x\n  here\n":              "f.yaml:1:4",
		"a:\n  - b: 1\n    c: z here": "f.yaml:3:10",
	} {
		value := parse(t, text).Get("a")
		for value.IsMap() || value.IsList() {
			if value.IsList() {
				value = value.List()[0]
				continue
			}
			entries := value.Map().Entries()
			value = entries[len(entries)-1].Value
		}
		scalar := value.Text()
		from := len([]rune(scalar.Value[:strings.Index(scalar.Value, "here")]))
		if got := scalar.At(from, from+4).String(); got != want {
			t.Errorf("%q: here is at %s, want %s", text, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	for code, text := range map[diag.Code]string{
		CodeTooLarge: "a: " + strings.Repeat("x", maxBytes),
		codeTooDeep:  "a: " + strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1),
		CodeSyntax:   "a: b\n---\nc: d\n",
		codeAlias:    "a: &x [*x]\n",
	} {
		var list diag.List
		Parse("f.yaml", []byte(text), &list)
		if len(list) == 0 || list[0].Code != code {
			t.Errorf("got %.200v, want code %s", list, code)
		}
	}
}

func TestDirectives(t *testing.T) {
	var list diag.List
	Parse("f.yaml", []byte("# about\n%TAG ! x\n---\na: 1\n"), &list)
	if want := "f.yaml:2:1: a line must not begin with % (remove a directive; indent the line of a text)"; list.Error() != want {
		t.Errorf("got %s, want %s", list.Error(), want)
	}
}

func TestKeysOfOneMistake(t *testing.T) {
	for what, text := range map[string]string{"unknown": strings.Repeat("a%d: 1\n", 300), "twice": strings.Repeat("a: 1\n", 300)} {
		for i := range 300 {
			text = strings.Replace(text, "%d", strconv.Itoa(i), 1)
		}
		var list diag.List
		m := Parse("f.yaml", []byte(text), &list)
		m.Allow("a")
		if m.Close(); len(list) != maxKeys {
			t.Errorf("%s: %d mistakes, want %d", what, len(list), maxKeys)
		}
	}
}

// TestExtractReadsBack holds that what Extract writes means the same.
func TestExtractReadsBack(t *testing.T) {
	m := parse(t, "a: { b: yes, c: , d: 'yes', e: 08:00-21:00, f: [1, 1.5, \"x\\x7f\\u2028ü\\n\", null, ~], g: 2026-03-05, h: 'it''s' }\n'on': |\n  two\n  lines\n")
	again := parse(t, m.Extract(func(string, string) bool { return true }))
	if m.Canonical() != again.Canonical() {
		t.Errorf("%s became %s", m.Canonical(), again.Canonical())
	}
}

func TestExtractAndCanonical(t *testing.T) {
	m := parse(t, "b: 1 # one\na: { z: 'x', y: \"1\" }\nsecret: hush\n")
	got := m.Extract(func(key, sub string) bool { return key != "secret" && sub != "z" })
	if want := "b: 1\na: {y: \"1\"}\n"; got != want {
		t.Errorf("extracted %q, want %q", got, want)
	}
	same := parse(t, "a:\n  y: '1'\n  z: x\nb: 1\nsecret: hush\n")
	if m.Canonical() != same.Canonical() {
		t.Errorf("%s and %s differ", m.Canonical(), same.Canonical())
	}
	if other := parse(t, "a: { y: 1, z: x }\nb: 1\nsecret: hush\n"); other.Canonical() == same.Canonical() {
		t.Error("a number and text are the same")
	}
}

// FuzzParse holds that no text makes the reading panic, and that every diagnostic
// lies inside of the file.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: b", "a: { b: c: d }", "? - a\n: b\n<<: [x]\n", "a: |\n\n  x", "a: !x y", "\t- x", "a: \"x\\n\"", "a: &b *b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var list diag.List
		m := Parse("f.yaml", []byte(text), &list)
		for _, e := range m.Entries() {
			if e.Value.IsText() {
				e.Value.Text().At(0, 3)
			}
		}
		m.Canonical()
		m.Close()
		lines := strings.Count(text, "\n") + 1
		for _, d := range list {
			if d.Span.Start.Line > lines+1 {
				t.Errorf("%v lies behind the %d lines of %q", d, lines, text)
			}
		}
		if err := diag.Render(discard{}, list, func(string) (string, bool) { return text, true }); err != nil {
			t.Error(err)
		}
	})
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
