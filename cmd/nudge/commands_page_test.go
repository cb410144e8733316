package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// commandsHead begins the page of all commands.
const commandsHead = `# Commands

Every verb of the command line, as ` + "`nudge VERB --help`" + ` shows it. Output goes to standard output, and talk to standard
error; with ` + "`-o json`" + ` programs can read the output. The exit code is 0 if all is well, 1 if the input is wrong, 2 if the usage is
wrong, and 3 if a server or a disk failed. Verbs that ask a running server take the flags ` + "`--target`, `--server`, `--token` and `--ca`" + ` too.
`

// TestCommandsPage holds docs/commands.md to the help of every verb.
func TestCommandsPage(t *testing.T) {
	const file = "../../docs/commands.md"
	var page strings.Builder
	page.WriteString(commandsHead)
	for _, verb := range documented(newRoot()) {
		if err := describe(&page, verb); err != nil {
			t.Fatal(err)
		}
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
		t.Errorf("%s is not what the help says; run the test with -update (-file +help):\n%s", file, diff)
	}
}

// describe writes the help of a verb, and of the verbs below it.
func describe(page *strings.Builder, c *cobra.Command) error {
	var help bytes.Buffer
	c.SetOut(&help)
	if err := c.Help(); err != nil {
		return err
	}
	text, _, _ := strings.Cut(help.String(), "\nGlobal Flags:\n")
	text, _, _ = strings.Cut(text, "\nUse \"")
	page.WriteString("\n## " + c.CommandPath() + "\n\n```text\n" + strings.TrimSpace(withoutBlanks(text)) + "\n```\n")
	for _, verb := range documented(c) {
		if err := describe(page, verb); err != nil {
			return err
		}
	}
	return nil
}

// withoutBlanks is a text without blanks at the ends of lines.
func withoutBlanks(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return strings.Join(lines, "\n")
}
