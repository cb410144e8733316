package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// What a terminal would obey is written so that people see it, in whatever pieces it comes.
// Everything else stays as it is.
func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain\ttext\n":               "plain\ttext\n",
		"Grüße, 안녕 👩‍👩‍👧":             "Grüße, 안녕 👩‍👩‍👧",
		"red \x1b[31m and \x1b]0;t\a": `red \u001b[31m and \u001b]0;t\u0007`,
		"back\b and over\r":           `back\u0008 and over\u000d`,
		"C1 \u009b31m \u0085":         `C1 \u009b31m \u0085`,
		"user\u202etxt.exe\u2066":     `user\u202etxt.exe\u2066`,
		"not UTF-8 \xff\xc3":          `not UTF-8 \xff`,
		"delete \x7f, nothing \x00":   `delete \u007f, nothing \u0000`,
		"line\u2028end":               `line\u2028end`,
		"ours \x1b" + "[31m\x1b":      `ours \u001b[31m\u001b`,
		escape("[1m") + "bold":        "\x1b[1mbold",
	} {
		var whole, pieces bytes.Buffer
		io.WriteString(written(&whole), text)
		v := written(&pieces)
		for i := range len(text) {
			if !strings.HasPrefix(text, "\x1b"+secret) { // a sequence of ours is written in one piece
				v.Write([]byte(text[i : i+1]))
			}
		}
		if whole.String() != want {
			t.Errorf("%q becomes %q, want %q", text, whole.String(), want)
		}
		if got := pieces.String(); got != want && got != "" {
			t.Errorf("%q in pieces becomes %q, want %q", text, got, want)
		}
	}
}

// FuzzVisible holds that nothing a terminal obeys comes through, and that text without it does.
func FuzzVisible(f *testing.F) {
	f.Add([]byte("a\x1b[2Jb"), 1)
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		var out bytes.Buffer
		v := written(&out)
		cut = min(max(cut, 0), len(text))
		v.Write(text[:cut])
		v.Write(text[cut:])
		if i := bytes.IndexFunc(out.Bytes(), obeyed); i >= 0 {
			t.Errorf("%q becomes %q", text, out.Bytes())
		}
		if utf8.Valid(text) && bytes.IndexFunc(text, obeyed) < 0 && !bytes.Equal(out.Bytes(), text) {
			t.Errorf("%q becomes %q", text, out.Bytes())
		}
	})
}

// A cell of a table cannot look like a further row.
func TestCellsAreOneLine(t *testing.T) {
	var out bytes.Buffer
	list := listing[string]{header: []string{"RUN", "KEY"}, cells: func(key string) []any { return []any{1, key} }}
	if err := list.write(&out, []string{"a\n2  forged", "b\tc"}); err != nil {
		t.Fatal(err)
	}
	if want := "RUN  KEY\n1    a\\n2  forged\n1    b\\tc\n"; out.String() != want {
		t.Errorf("the table is\n%s, want\n%s", &out, want)
	}
}

// The program writes through it: here the text of a message that somebody's name is in.
func TestOutputIsVisible(t *testing.T) {
	dir := t.TempDir()
	for file, text := range map[string]string{
		"nudge.yaml":    "project: shop\n",
		"flows/hi.yaml": "flow: hi\ntrigger: { event: signed_up }\ndata: { name: string }\nsteps: [ { id: hi, send: { body: \"Hello {{ data.name }}\" } } ]\n",
		"tests/hi.yaml": "flow: hi\npeople: { ann: {} }\ntests:\n  - name: a bad name\n    start: 2026-03-02 10:00 UTC\n    story:\n      - { event: signed_up, data: { name: \"\\e[2J\" } }\n      - expect: hi\n",
	} {
		path := filepath.Join(dir, file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if text := said(t, 0, "test", dir, "-v"); strings.Contains(text, "\x1b") || !strings.Contains(text, `Hello \u001b[2J`) {
		t.Errorf("the program says %q", text)
	}
}

// said is what nudge writes to standard out.
func said(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(args, strings.NewReader(""), &out, &errs); got != code {
		t.Errorf("%v exits with %d, want %d: %s%s", args, got, code, errs.String(), out.String())
	}
	return out.String()
}
