package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nudge/app"
)

// newMan returns the verb that writes the manual, for packages. cobra's own generator would take the help
// for Markdown, which joins its lists to paragraphs, and brings two libraries along.
func newMan() *cobra.Command {
	c := &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the manual pages of all verbs",
		Example: "  nudge man /usr/local/share/man/man1",
		Args:    cobra.ExactArgs(1),
		Hidden:  true,
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := os.MkdirAll(args[0], 0o777); err != nil {
			return failed(err)
		}
		return writeManual(args[0], c.Root())
	}
	return c
}

// writeManual writes the page of a verb, and those of the verbs below it.
func writeManual(dir string, c *cobra.Command) error {
	for _, verb := range documented(c) {
		if err := writeManual(dir, verb); err != nil {
			return err
		}
	}
	return failed(os.WriteFile(filepath.Join(dir, pageName(c)+".1"), []byte(manualPage(c)), 0o666))
}

// documented returns the verbs below a verb that have pages.
func documented(c *cobra.Command) (verbs []*cobra.Command) {
	for _, verb := range c.Commands() {
		if verb.IsAvailableCommand() {
			verbs = append(verbs, verb)
		}
	}
	return verbs
}

// pageName returns the name of a verb's page: nudge-runs-list.
func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// manualPage returns the page of a verb as man(7) has it.
func manualPage(c *cobra.Command) string {
	c.InitDefaultHelpFlag()
	name := pageName(c)
	day, _, _ := strings.Cut(app.BuildOf().Date, "T")
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 %s Nudge \"Nudge Manual\"\n.SH NAME\n%s \\- %s\n", macroArgument(strings.ToUpper(name)), `"`+day+`"`, escaped(name), escaped(c.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.nf\n%s\n.fi\n", escaped(c.UseLine()))
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, ".SH VERBS\n")
		for _, verb := range documented(c) {
			fmt.Fprintf(&b, ".TP\n.BR %s (1)\n%s\n", macroArgument(pageName(verb)), escaped(verb.Short))
		}
	}
	if c.Long != "" {
		fmt.Fprintf(&b, ".SH DESCRIPTION\n%s", manualText(c.Long))
	}
	writeFlags(&b, "OPTIONS", c.NonInheritedFlags())
	writeFlags(&b, "OPTIONS OF ALL VERBS BESIDE IT", c.InheritedFlags())
	if c.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n%s", manualText(c.Example))
	}
	if c.HasParent() {
		fmt.Fprintf(&b, ".SH SEE ALSO\n.BR %s (1)\n", macroArgument(pageName(c.Parent())))
	}
	return b.String()
}

// writeFlags writes a section with the flags of a verb.
func writeFlags(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		names := "--" + f.Name
		if f.Shorthand != "" {
			names = "-" + f.Shorthand + ", " + names
		}
		fmt.Fprintf(b, ".TP\n\\fB%s\\fR", escaped(names))
		if kind != "" {
			fmt.Fprintf(b, " \\fI%s\\fR", escaped(kind))
		}
		if !slices.Contains([]string{"", "0", "0s", "false", "[]"}, f.DefValue) && !strings.Contains(usage, "default") {
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(b, "\n%s\n", escaped(usage))
	})
}

// manualText is a help text: paragraphs are filled, and indented lines stay as they are.
func manualText(text string) string {
	var b strings.Builder
	within := false // lines that stay as they are
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if asIs := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"); line != "" && asIs != within {
			if within = asIs; asIs {
				b.WriteString(".nf\n")
			} else {
				b.WriteString(".fi\n")
			}
		}
		if line == "" {
			b.WriteString(".PP\n")
			continue
		}
		b.WriteString(escaped(line) + "\n")
	}
	if within {
		b.WriteString(".fi\n")
	}
	return b.String()
}

// escaped is a text that troff reads as it stands.
func escaped(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", "\\(ga", "^", `\(ha`, "~", `\(ti`).Replace(text)
	if strings.HasPrefix(text, ".") {
		return `\&` + text
	}
	return text
}

// macroArgument is an argument of a macro.
func macroArgument(text string) string { return `"` + escaped(text) + `"` }
