package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pageBlock is a block of the page about testing: a file, a failure or commands.
var pageBlock = regexp.MustCompile("(?s)(<!-- fails -->\n)?```(yaml|text|console)\n(.*?)```")

// TestTestingPage follows docs/testing.md like a reader: it writes the files from the page
// in their order, and compares the output of nudge test with the page.
func TestTestingPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	dir, latest, checked := t.TempDir(), "", 0
	blocks := pageBlock.FindAllStringSubmatch(string(text), -1)
	for _, m := range blocks {
		fails, kind, body := m[1] != "", m[2], m[3]
		switch kind {
		case "yaml":
			head, file, _ := strings.Cut(body, "\n")
			latest = strings.TrimPrefix(head, "# ")
			path := filepath.Join(dir, latest)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(file), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		case "text":
			if got := said(t, 1, "test", dir, "--run", latest); !fails || got != body {
				t.Errorf("the page shows\n%s\nand nudge test says\n%s", body, got)
			}
		case "console":
			command, want, _ := strings.Cut(body, "\n")
			args := strings.Fields(strings.TrimPrefix(command, "$ nudge "))
			if got := said(t, 0, append(args, dir)...); got != want {
				t.Errorf("the page shows\n%s\nand %s says\n%s", want, command, got)
			}
		}
		checked++
	}
	if got := said(t, 0, "test", dir, "--cover"); !strings.Contains(got, "13 tests: 13 passed") || strings.Contains(got, "never tested") {
		t.Errorf("all files of the page together: %s", got)
	}
	if n := strings.Count(string(text), "```") / 2; n != len(blocks) || checked < 3 {
		t.Errorf("of %d blocks %d were read and %d checked", n, len(blocks), checked)
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
