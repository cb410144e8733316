package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// explainedHead begins the page of all diagnostics.
const explainedHead = `# Diagnostics

Every message of Nudge about a project ends with a code in brackets. This page explains
each code; ` + "`nudge check --explain CODE`" + ` shows the same text. A project with an error
does not load. A warning points at something that works, but probably not as intended. Codes
that begin with test- are about the files of tests, and make only nudge test fail.

The examples are parts of a flow, without the parts that every flow has. A line
` + "`# FILE`" + ` begins another file of the project.
`

// example is an indented block of a plain explanation.
var example = regexp.MustCompile(`(?m)(^    .*\n|^\n)*^    .*\n`)

// TestExplainedPage holds docs/diagnostics.md against what nudge check --explain says.
func TestExplainedPage(t *testing.T) {
	const file = "../../docs/diagnostics.md"
	var page strings.Builder
	page.WriteString(explainedHead)
	for _, code := range explainableCodes() {
		var text strings.Builder
		if err := explainCode(&text, code); err != nil {
			t.Fatal(err)
		}
		says, _ := strings.CutPrefix(text.String(), code+"\n\n")
		page.WriteString("\n## " + code + "\n\n" + example.ReplaceAllStringFunc(says, fenced))
	}
	if *update {
		if err := os.WriteFile(file, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), page.String()); diff != "" {
		t.Errorf("%s is not what the explanations say; run the test with -update (-file +explained):\n%s", file, diff)
	}
}

// fenced makes a YAML block of an indented one. The blank lines before it stay.
func fenced(block string) string {
	body := strings.TrimLeft(block, "\n")
	before := block[:len(block)-len(body)]
	return before + "```yaml\n" + strings.TrimPrefix(strings.ReplaceAll("\n"+body, "\n    ", "\n"), "\n") + "```\n"
}

// declaredCode is a constant that holds the code of a diagnostic.
var declaredCode = regexp.MustCompile(`(?m)^\s*[cC]ode[A-Z]\w*(?:\s+diag\.Code)?\s+= "([a-z][a-z-]+)"`)

// TestEveryCodeIsExplained finds the codes in the sources of all rooms.
func TestEveryCodeIsExplained(t *testing.T) {
	explained := map[string]bool{}
	for _, code := range explainableCodes() {
		explained[code] = true
	}
	found := 0
	err := filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), "diag.") {
			return err
		}
		for _, m := range declaredCode.FindAllStringSubmatch(string(text), -1) {
			found++
			if !explained[m[1]] {
				t.Errorf("%s: nothing explains the code %s", path, m[1])
			}
		}
		return nil
	})
	if err != nil || found < 70 {
		t.Errorf("found %d codes, error %v", found, err)
	}
}
