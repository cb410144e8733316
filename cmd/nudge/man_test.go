package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// Every verb that help shows has a page, and no page is about another one.
func TestManual(t *testing.T) {
	dir, root := t.TempDir(), newRoot()
	if err := writeManual(dir, root); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil {
		t.Fatal(err)
	}
	verbs := 0
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		verbs++
		page, err := os.ReadFile(filepath.Join(dir, strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"))
		if err != nil || !strings.Contains(string(page), "\n.SH NAME\n") {
			t.Errorf("%s has no page: %v", c.CommandPath(), err)
		}
		for _, verb := range c.Commands() {
			if verb.IsAvailableCommand() {
				visit(verb)
			}
		}
	}
	visit(root)
	if len(pages) != verbs || verbs < 80 {
		t.Errorf("%d verbs have %d pages", verbs, len(pages))
	}
}

// A page keeps what troff would read otherwise: dashes, backslashes, dots and columns.
func TestManualPage(t *testing.T) {
	c := &cobra.Command{
		Use: "try NAME", Short: "Try it", Run: func(*cobra.Command, []string) {},
		Long:    "Try tries 'it' -- here:\n\n  \\s   one\n.no macro\n\nThe end.",
		Example: "  nudge try ~ann",
	}
	c.Flags().DurationP("for", "f", time.Second, "how long it tries, as a `TIME`")
	c.Flags().Bool("not", false, "try nothing")
	root := &cobra.Command{Use: "nudge"}
	root.AddCommand(c)
	root.PersistentFlags().String("ca", "", "a file")
	_, got, _ := strings.Cut(manualPage(c), "\n") // the first line has the date of the build
	const want = `.SH NAME
nudge\-try \- Try it
.SH SYNOPSIS
.nf
nudge try NAME [flags]
.fi
.SH DESCRIPTION
Try tries \(aqit\(aq \-\- here:
.PP
.nf
  \es   one
.fi
\&.no macro
.PP
The end.
.SH OPTIONS
.TP
\fB\-f, \-\-for\fR \fITIME\fR
how long it tries, as a TIME (default 1s)
.TP
\fB\-h, \-\-help\fR
help for try
.TP
\fB\-\-not\fR
try nothing
.SH OPTIONS OF ALL VERBS BESIDE IT
.TP
\fB\-\-ca\fR \fIstring\fR
a file
.SH EXAMPLES
.nf
  nudge try \(tiann
.fi
.SH SEE ALSO
.BR "nudge" (1)
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
