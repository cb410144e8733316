package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"nudge/docs/pagetest"
)

// Every verb has a line about it and an example.
func TestHelp(t *testing.T) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Name() == "completion" || c.Hidden {
			return
		}
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: its line is %q", c.CommandPath(), c.Short)
		}
		if !strings.HasPrefix(c.Example, "  nudge ") {
			t.Errorf("%s: its example is %q", c.CommandPath(), c.Example)
		}
		for line := range strings.Lines(c.Long + "\n" + c.Example) {
			if line := strings.TrimRight(line, "\n"); len([]rune(line)) > 100 {
				t.Errorf("%s: a line of its help is too long: %s", c.CommandPath(), line)
			}
		}
		for _, verb := range c.Commands() {
			visit(verb)
		}
	}
	visit(newRoot())
}

// Every command that a help text, a page or a message quotes can be typed as it stands: its
// verb is there, and so are its flags.
func TestQuotedCommands(t *testing.T) {
	quotes := append(commandsOfHelp(newRoot()), commandsOfPages(t)...)
	quotes = append(quotes, commandsOfMessages(t)...)
	seen := map[string]int{}
	for _, q := range quotes {
		seen[q.kind]++
		if err := q.check(); err != nil {
			t.Errorf("%s: %s: %v", q.place, q.text, err)
		}
	}
	for kind, least := range map[string]int{"help": 50, "block": 30, "inline": 50, "message": 20} {
		if seen[kind] < least {
			t.Errorf("only %d commands of the kind %s were found: the test does not see them", seen[kind], kind)
		}
	}
}

// quotedCommand is a command line that somebody may copy.
type quotedCommand struct {
	place, kind string
	text        string // from the verb on
}

// whole reports whether the text is a whole command line, with all its arguments.
func (q quotedCommand) whole() bool { return q.kind == "help" || q.kind == "block" }

// check finds the verb and the flags of the command line.
func (q quotedCommand) check() error {
	c := newRoot()
	words := shellWords(q.text)
	for len(words) > 0 {
		verb := verbOf(c, words[0])
		if verb == nil {
			break
		}
		c, words = verb, words[1:]
	}
	if c.HasAvailableSubCommands() && c.Args == nil || c.Parent() == nil {
		return fmt.Errorf("there is no such verb")
	}
	if onlyGroups := c.HasAvailableSubCommands() && c.Args(c, make([]string, 99)) == nil; onlyGroups && q.kind != "message" && len(words) > 0 && !strings.HasPrefix(words[0], "-") {
		return unknownVerb(c, words[0])
	}
	var args []string
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		if !strings.HasPrefix(word, "-") || word == "-" {
			if !q.whole() && !regexp.MustCompile(`^[A-Z@{./'"<\d]`).MatchString(word) && q.kind == "message" {
				return nil // prose goes on
			}
			args = append(args, word)
			continue
		}
		name, _, given := strings.Cut(strings.TrimLeft(word, "-"), "=")
		name = strings.TrimRight(name, ".,;:)")
		flag := c.Flag(name)
		if !strings.HasPrefix(word, "--") {
			flag = c.Flags().ShorthandLookup(name[:1])
			if flag == nil {
				flag = c.InheritedFlags().ShorthandLookup(name[:1])
			}
		}
		if flag == nil {
			return fmt.Errorf("%s has no flag %s", c.CommandPath(), word)
		}
		if !given && flag.NoOptDefVal == "" && len(words) > 0 {
			words = words[1:]
		}
	}
	if q.whole() && c.Args != nil && !strings.Contains(q.text, "…") && !strings.Contains(q.text, "...") {
		return c.Args(c, args)
	}
	return nil
}

func verbOf(c *cobra.Command, name string) *cobra.Command {
	for _, verb := range c.Commands() {
		if verb.Name() == strings.TrimRight(name, ".,;:)") {
			return verb
		}
	}
	return nil
}

// shellWords are the words of a command line up to where another command begins.
func shellWords(text string) (words []string) {
	for _, m := range regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+('[^']*'|"[^"]*")?`).FindAllString(text, -1) {
		if regexp.MustCompile(`^([|;&#>]|2>)`).MatchString(m) {
			break
		}
		words = append(words, m)
	}
	return words
}

func commandsOfHelp(c *cobra.Command) (all []quotedCommand) {
	for line := range strings.Lines(strings.ReplaceAll(c.Long+"\n"+c.Example, "\\\n", " ")) {
		if _, text, ok := strings.Cut(line, "nudge "); ok && regexp.MustCompile(`^  +(\S.* (\||&&) )?nudge `).MatchString(line) {
			text, _, _ = strings.Cut(text, "   ") // what it does stands beside it
			all = append(all, quotedCommand{"help of " + c.CommandPath(), "help", text})
		}
	}
	for _, verb := range c.Commands() {
		if verb.Name() != "completion" {
			all = append(all, commandsOfHelp(verb)...)
		}
	}
	return all
}

// commandsOfPages are those of the pages for users and contributors.
func commandsOfPages(t *testing.T) (all []quotedCommand) {
	t.Helper()
	pages, err := pagetest.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, pagetest.Page{Name: "CONTRIBUTING.md", Text: readFileOf(t, root+"CONTRIBUTING.md")})
	for _, p := range pages {
		for _, b := range p.Blocks() {
			if b.Language != "sh" && b.Language != "console" {
				continue
			}
			for _, command := range commandsOf(b) {
				if m := nudgeCommand.FindStringSubmatch(command); m != nil {
					all = append(all, quotedCommand{p.Name, "block", m[1]})
				}
			}
		}
		for _, c := range p.InlineCode() {
			if text, ok := strings.CutPrefix(c.Text, "nudge "); ok && text != "shop" { // the usual name of a webhook
				all = append(all, quotedCommand{p.Name, "inline", text})
			}
		}
	}
	return all
}

func readFileOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// commandsOfMessages are those in the texts that the program writes: in hints, say.
func commandsOfMessages(t *testing.T) (all []quotedCommand) {
	t.Helper()
	quote := regexp.MustCompile(`(?:^|[ :;(])nudge ([a-z]+(?: -?-?[A-Za-z%'@][^;:,()\n]*)?)`)
	files := token.NewFileSet()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || d.Name() == "simtest" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING || strings.Contains(literal.Value, "\n  nudge ") {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				return true
			}
			for _, m := range quote.FindAllStringSubmatch(text, -1) {
				if root := verbOf(newRoot(), strings.Fields(m[1])[0]); root != nil {
					all = append(all, quotedCommand{files.Position(literal.Pos()).String(), "message", m[1]})
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
