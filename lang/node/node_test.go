package node

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// TestOffsets holds that Offset finds each character again where At says that it is, and no other place.
func TestOffsets(t *testing.T) {
	for text, exact := range map[string]bool{"a: üx here\nb: 1": true, "a: 'x y' # z": true, "a: |\n  x\n\n   üy\n": true, "a: |\n  x\nb: 1\n": true, "a: >\n  x\n  y\n": false, `a: "x\ty"`: false} {
		value := parse(t, text).Text("a")
		if value.Exact() != exact {
			t.Errorf("%q is exact: %v, want %v", text, value.Exact(), exact)
		}
		end := len([]rune(strings.TrimRight(value.Value, "\n")))
		for i := range end + 1 {
			at := value.At(i, i+1)
			if got, ok := value.Offset(at.Start); ok != exact || ok && got != i {
				t.Errorf("%q: character %d is at %s, and there is %d, %v", text, i, at, got, ok)
			}
			if exact && (at.End.Line != at.Start.Line || at.End.Column != at.Start.Column+1) {
				t.Errorf("%q: character %d is from %v to %v", text, i, at.Start, at.End)
			}
		}
		for _, p := range []diag.Pos{{Line: 1, Column: 1}, {Line: 1, Column: 40}, {Line: 9, Column: 1}} {
			if got, ok := value.Offset(p); ok {
				t.Errorf("%q: %v is character %d", text, p, got)
			}
		}
		if at := value.At(len([]rune(value.Value))+1, 99); at != value.Span {
			t.Errorf("%q: behind the text is %s, want the whole", text, at)
		}
	}
}

// TestCut: a comment may have ended a text without quotes, and no other.
func TestCut(t *testing.T) {
	m := parse(t, "a: x # y\nb: 'x' # y\nc: x\nd: |\n  x # y\ne: x#y\n")
	for key, want := range map[string]bool{"a": true, "b": false, "c": false, "d": false, "e": false} {
		if got := m.Text(key).Cut(); got != want {
			t.Errorf("%s may be cut: %v, want %v", key, got, want)
		}
	}
}

// TestPlacesOfErrors: an error about a key stands at the key; one about a key that is not there, at the mapping.
func TestPlacesOfErrors(t *testing.T) {
	var list diag.List
	m := Parse("f.yaml", []byte("a: 1\nb: { c: 1 }\n"), &list)
	m.Errorf("b", CodeBadValue, "", "one")
	m.Child("b").Errorf("d", CodeBadValue, "", "two")
	(*Map)(nil).Errorf("a", CodeBadValue, "", "never")
	if want := "f.yaml:2:1: one\nf.yaml:2:4: two"; list.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", list.Error(), want)
	}
	var none *Map
	if none.Span() != (diag.Span{}) || none.Value() != nil || none.Entries() != nil || none.Canonical() != "" || none.Extract(nil) != "" || none.Has("a") {
		t.Error("no mapping has something")
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]string{
		"72h": "0 days and 72h0m0s", "1w3d": "10 days and 0s", "1d12h": "1 days and 12h0m0s", "90m1s5ms": "0 days and 1h30m1.005s", "36500d": "36500 days and 0s", "1000000s": "0 days and 277h46m40s",
		"36501d": "a duration must not be longer than 36500 days", "876000h": "0 days and 876000h0m0s", "876001h": "a duration must not be longer than 36500 days", "1000001s": "a duration must not be longer than 36500 days",
		"123456789012345678901234567890h": "a duration must not be longer than 36500 days",
		"-1h":                             `"-1h" is not a duration: it cannot be negative`, "1h30": `"1h30" is not a duration: 30 has no unit`, "5": `"5" is not a duration: write a number and its unit`, "h": `"h" is not a duration: write a number and its unit`,
		"1.5h": `"1.5h" is not a duration: its numbers must be whole`, "1 h": `a duration has no spaces, but "1 h" has one`, "1x": `unknown unit "x" in "1x"; use w, d, h, m, s or ms`,
		"1h1d": `the units in "1h1d" must go from large to small, each at most once`, "1h1h": `the units in "1h1h" must go from large to small, each at most once`,
		"0s": `"0s" is not a duration: it must be longer than zero`, "": `"" is not a duration: it must be longer than zero`,
	} {
		days, clock, err := ParseDuration(text)
		got := fmt.Sprintf("%d days and %v", days, clock)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
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

// TestUnfit: files that the parser must not see.
func TestUnfit(t *testing.T) {
	for text, want := range map[string]string{
		"a: \xff":       "f.yaml: the file is not UTF-8 text (save it as UTF-8)",
		"a: b\rc":       `f.yaml: the file has line breaks that most editors ignore (end lines with \n; inside quotes, write such characters as \u2028)`,
		"a: b\r":        `f.yaml: the file has line breaks that most editors ignore (end lines with \n; inside quotes, write such characters as \u2028)`,
		"a: 'b\u2028c'": `f.yaml: the file has line breaks that most editors ignore (end lines with \n; inside quotes, write such characters as \u2028)`,
		"a: b\r\n":      "", "": "", "# nothing\n": "",
		"a: b\r\n%x":                            "f.yaml:2:1: a line must not begin with % (remove a directive; indent the line of a text)",
		"a: " + strings.Repeat("x", maxBytes-3): "",
		"a: " + strings.Repeat("x", maxBytes-2): "f.yaml: the file has 1048577 bytes; the limit is 1048576 (split the file)",
		"a: " + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1): "",
		"a: " + strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1): "f.yaml:1:68: nested more than 64 levels deep",
	} {
		var list diag.List
		readable := Readable("f.yaml", []byte(text), &list)
		if list.Error() != want || readable != (want == "") {
			t.Errorf("%.40q: %s, want %s", text, list.Error(), want)
		}
	}
}

// TestSpans holds which characters are marked for a value.
func TestSpans(t *testing.T) {
	for text, want := range map[string]string{
		"a: word # c": "word", "a: two words": "two words", `a: "é \" b" # c`: `"é \" b"`, "a: 'it''s' # c": "'it''s'", "a: '' # c": "''", `a: "x` + "\n  y\"": `"x`,
		"a: 'x\n  y'": "'x", "a: x\n  y": "x", "a: [1, 2]": "[", "a: { b: 1 }": "{", "a:\n  bé: 1\n  c: 2": "bé", "a:\n  - 1": "-", "a: |\n  x": "|", "a:": "a", "'a':  # c": "'a'",
	} {
		span := parse(t, text).Get("a").Span()
		line := []rune(strings.Split(text, "\n")[span.Start.Line-1])
		if got := string(line[span.Start.Column-1 : span.End.Column-1]); got != want || span.End.Line != span.Start.Line {
			t.Errorf("%q: marked is %q, want %q", text, got, want)
		}
	}
}

// TestMeantKeys: a key of another tool, a misspelt one, and one that belongs a level higher.
func TestMeantKeys(t *testing.T) {
	var list diag.List
	m := Parse("f.yaml", []byte("delay: 1h\nafterr: 1h\nif: x\nxyz: 1\n"), &list)
	m.Allow("after", "max_delay")
	m.Close("if", "as")
	want := `f.yaml:1:1: unknown key "delay" (write "after" instead. Allowed here: after, max_delay)
f.yaml:2:1: unknown key "afterr" (did you mean "after"? Allowed here: after, max_delay)
f.yaml:3:1: unknown key "if" (move it one level out, so that it is a key of the step. Allowed here: after, max_delay)
f.yaml:4:1: unknown key "xyz" (allowed here: after, max_delay)`
	if list.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", list.Error(), want)
	}
	for key, means := range map[string]bool{"delay": true, "afterr": true, "xyz": false, "when": false} {
		if got := MeansKey(key, []string{"after"}); got != means {
			t.Errorf("%s means after: %v", key, got)
		}
	}
}

// TestMapsAsText: a mapping that lacks its colon.
func TestMapsAsText(t *testing.T) {
	for text, want := range map[string]string{
		"- wait 1h": `f.yaml:1:6: this must be a mapping, not "wait 1h" (write wait: 1h)`, "- wait:1h": `f.yaml:1:6: this must be a mapping, not "wait:1h" (write wait: 1h)`,
		"- wait": `f.yaml:1:6: this must be a mapping, not "wait" (write wait: and its value)`, "- waiting": `f.yaml:1:6: this must be a mapping, not "waiting"`,
		"- other": `f.yaml:1:6: this must be a mapping, not "other"`, "- [1]": "f.yaml:1:6: this must be a mapping, not a list", "- send: x": "",
	} {
		var list diag.List
		got := Parse("f.yaml", []byte("a: ["+text[1:]+"]\n"), &list).List("a")[0].MapOf("send", "wait")
		if list.Error() != want || (got == nil) != (want != "") {
			t.Errorf("%s: %s, want %s", text, list.Error(), want)
		}
	}
}

// TestWrongValues: each accessor tells of a value that it cannot read, and then has nothing.
func TestWrongValues(t *testing.T) {
	const text = "a: [1]\nb: 1.5\nc: 12345678901234567890\nd: '7'\ne: { x: 1 }\nf: # 1h\ng: [1h]\nh: 1h\ni: true\nj: 'true'\nk: FALSE\nl:\nm: ~\n"
	for name, read := range map[string]struct {
		keys string
		read func(*Map, string) any
		none any
		want string
	}{
		"numbers": {"abcd", func(m *Map, key string) any { return m.Int(key) }, 0,
			"f.yaml:1:4: a must be a whole number, not a list\nf.yaml:2:4: b must be a whole number, not \"1.5\"\nf.yaml:3:4: c must be a whole number, not \"12345678901234567890\"\nf.yaml:4:4: d must be a whole number, not \"7\""},
		"yes or no": {"aj", func(m *Map, key string) any { return m.Bool(key) }, false, "f.yaml:1:4: a must be true or false, not a list\nf.yaml:10:4: j must be true or false, not \"true\""},
		"durations": {"fglm", func(m *Map, key string) any { return m.Duration(key) }, time.Duration(0),
			"f.yaml:6:1: f is empty; it must be a duration (everything after # is a comment; put quotes around the text if the # belongs to it)\nf.yaml:7:4: g must be a duration, not a list\nf.yaml:12:1: l is empty; it must be a duration (for example 90m, 72h or 3d)\nf.yaml:13:1: m is empty; it must be a duration (for example 90m, 72h or 3d)"},
		"mappings": {"am", func(m *Map, key string) any { return m.Child(key).Keys() }, []*Text(nil), "f.yaml:1:4: a must be a mapping, not a list\nf.yaml:13:1: m is empty; it must be a mapping"},
		"lists":    {"he", func(m *Map, key string) any { return m.List(key) }, []*Value(nil), "f.yaml:5:4: e must be a list, not a mapping\nf.yaml:8:4: h must be a list, not \"1h\""},
	} {
		var list diag.List
		m := Parse("f.yaml", []byte(text), &list)
		for _, key := range read.keys {
			if got := read.read(m, string(key)); !cmp.Equal(got, read.none) {
				t.Errorf("%s: %c is %v", name, key, got)
			}
		}
		list.Sort()
		if list.Error() != read.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, list.Error(), read.want)
		}
		if !m.Bool("i") || m.Bool("k") || m.Duration("h") != time.Hour {
			t.Errorf("%s: a value is read wrong", name)
		}
	}
}

// TestLiterals holds what YAML reads in a scalar.
func TestLiterals(t *testing.T) {
	m := parse(t, "a: text\nb: 7\nc: -1.5\nd: TRUE\ne: false\nf: ~\ng: 2026-03-05\nh: '7'\ni: 12345678901234567890\nj: 0x10\nk: [1]\nl: 1e3\n")
	for key, want := range map[string]any{
		"a": "text", "b": 7, "c": -1.5, "d": true, "e": false, "f": nil, "g": "2026-03-05", "h": "7", "i": "12345678901234567890", "j": "0x10", "k": nil, "l": 1000.0, "z": nil,
	} {
		if got := m.Get(key).Literal(); got != want {
			t.Errorf("%s is %v (%T), want %v", key, got, got, want)
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
	// Versions of flows are hashes of this text, so it must never change.
	if got, want := parse(t, "b: 1\na: { z: x, y: '1' }\nc: [ p, null ]\n").Canonical(), `{"a":{"y":!!str "1","z":!!str "x",},"b":!!int "1","c":[!!str "p",!!null "null",],}`; got != want {
		t.Errorf("canonical: %s, want %s", got, want)
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
