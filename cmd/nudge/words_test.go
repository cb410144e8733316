package main

import (
	"bytes"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// goWords are texts of the standard library, which mean nothing to a user.
var goWords = regexp.MustCompile(`strconv|(^|: )json: |\bEOF\b|regexp:|invalid character|invalid syntax|unexpected end of JSON|slog: |in operand|dial tcp`)

// The error texts for a wrong command line or a wrong file use our own words, and the exit
// code matches their kind.
func TestOwnWords(t *testing.T) {
	dir := writeProject(t, map[string]string{
		"flows/a.yaml": "flow: a\ntrigger: { event: e }\nsteps: [ { send: { body: hi } } ]\n", "half.json": `{"a": `, "list.json": "[1]",
		"wrong.json": "{\n  \"a\": nope\n}", "marked.json": "\ufeff{}", "event.json": `{"type": 7}`, "more.json": `{"typ": "e"}`, "empty.json": "",
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := "http://" + nobody.Addr().String()
	nobody.Close()
	for _, test := range []struct {
		want string
		code int
		args []string
	}{
		{"--limit \"x\": want a whole number", exitUsage, []string{"runs", "list", "--limit", "x"}},
		{"want a whole number", exitUsage, []string{"schedule", "-n", "99999999999999999999"}},
		{"--yes \"perhaps\": want true or false", exitUsage, []string{"campaigns", "start", "a", "--yes=perhaps"}},
		{"--log-level \"loud\": want debug, info, warn or error", exitUsage, []string{"serve", "--log-level", "loud"}},
		{"it ends too early", exitInput, []string{"events", "send", "e", "--data", "@" + at("half.json"), "--server", server}},
		{"it is a JSON array", exitInput, []string{"events", "send", "e", "--data", "@" + at("list.json"), "--server", server}},
		{`line 2, column 9 is not JSON from "ope" on`, exitInput, []string{"events", "send", "e", "--data", "@" + at("wrong.json"), "--server", server}},
		{"it is empty", exitInput, []string{"events", "send", "e", "--data", "@" + at("empty.json"), "--server", server}},
		{"no such file", exitInput, []string{"events", "send", "e", "--data", "@" + at("none.jsonl"), "--server", server}},
		{"no server at", exitFailed, []string{"events", "send", "e", "--data", "@" + at("marked.json"), "--server", server}},
		{"type must not be a JSON number", exitInput, []string{"simulate", "a", "-C", dir, "-f", at("event.json")}},
		{`unknown field "typ"`, exitInput, []string{"simulate", "a", "-C", dir, "-f", at("more.json")}},
		{"want a duration", exitUsage, []string{"backtest", dir, "--since", "soon"}},
		{"the regular expression is wrong", exitUsage, []string{"test", dir, "--run", "("}},
		{"is no report", exitInput, []string{"bench", "curve", at("half.json")}},
		{"is not a run ID", exitUsage, []string{"runs", "show", "x"}},
	} {
		t.Run(strings.Join(test.args[:2], " ")+": "+test.want, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(test.args, strings.NewReader(""), &out, &errs)
			said := strings.ReplaceAll(errs.String(), dir, "")
			if code != test.code || !strings.Contains(said, test.want) {
				t.Errorf("exits with %d and says %q, want %d and %q", code, said, test.code, test.want)
			}
			if words := goWords.FindString(said); words != "" {
				t.Errorf("it says %q: %s", words, said)
			}
		})
	}
}
