package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nudge/lang/diag"
)

// format is how a verb writes its output.
type format string

const (
	asText   format = "text"
	asJSON   format = "json"
	asGitHub format = "github" // annotations of a workflow; of check only

	asMarkdown format = "markdown" // a comment on a pull request; of plan and backtest
)

// outputFlag adds -o to a verb.
func outputFlag(c *cobra.Command) *format { return outputFlagOf(c, asText, asJSON) }

// outputFlagOf adds -o to a verb that writes these formats. The first one is the default.
func outputFlagOf(c *cobra.Command, known ...format) *format {
	f := &formatFlag{known[0], known}
	c.Flags().VarP(f, "output", "o", f.words())
	return &f.format
}

// formatFlag is a format that a flag sets.
type formatFlag struct {
	format
	known []format
}

// String is the word for the format.
func (f *formatFlag) String() string { return string(f.format) }

// Type is what help calls the flag's value.
func (f *formatFlag) Type() string { return "format" }

// Set reads the word for a format.
func (f *formatFlag) Set(text string) error {
	if !slices.Contains(f.known, format(text)) {
		return fmt.Errorf("want %s", f.words())
	}
	f.format = format(text)
	return nil
}

// words returns the formats for the help text: text, json or github.
func (f *formatFlag) words() string {
	var words []string
	for _, known := range f.known {
		words = append(words, string(known))
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// writeJSON writes a value as a verb's output.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return failed(e.Encode(v))
}

// report shows the result of a verb, as JSON or as the text that show writes.
func report[T any](c *cobra.Command, output format, v T, show func(*cobra.Command, T) error) error {
	if output == asJSON {
		return writeJSON(c.OutOrStdout(), v)
	}
	return failed(show(c, v))
}

// textOf makes a show function from a function that only writes to standard output.
func textOf[T any](write func(io.Writer, T) error) func(*cobra.Command, T) error {
	return func(c *cobra.Command, v T) error { return write(c.OutOrStdout(), v) }
}

// listing describes how to show a list: a table, or a sentence if the list is empty.
type listing[T any] struct {
	empty  string        // the sentence
	header []string      // of the table's columns
	cells  func(T) []any // of one row
}

// write shows the items.
func (l listing[T]) write(out io.Writer, items []T) error {
	if len(items) == 0 {
		_, err := fmt.Fprintln(out, l.empty)
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(l.header, "\t"))
	for _, item := range items {
		var cells []string
		for _, cell := range l.cells(item) {
			cells = append(cells, oneLine(cell))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// page shows one page of a list, and how to get the next one.
func (l listing[T]) page(c *cobra.Command, items []T, next string) error {
	err := l.write(c.OutOrStdout(), items)
	if err == nil && next != "" {
		fmt.Fprintf(c.ErrOrStderr(), "there are more: add --before %s\n", next)
	}
	return err
}

func didYouMean(word string, known []string) string {
	return diag.DidYouMean(word, known, "there is")
}

// plural is a number with its noun: 1 flow, 2 flows.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "ry"); ok {
		return fmt.Sprintf("%d %sries", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, strings.TrimSuffix(noun, "s"))
}
