package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"nudge/flows/diag"
)

// format is how a verb writes its output.
type format string

const (
	asText format = "text"
	asJSON format = "json"
)

// outputFlag adds -o to a verb.
func outputFlag(c *cobra.Command) *format {
	f := asText
	c.Flags().VarP(&f, "output", "o", "text or json")
	return &f
}

// String is the word for the format.
func (f *format) String() string { return string(*f) }

// Type is what help calls the flag's value.
func (f *format) Type() string { return "format" }

// Set reads the word for a format.
func (f *format) Set(text string) error {
	if text != string(asText) && text != string(asJSON) {
		return fmt.Errorf("want text or json")
	}
	*f = format(text)
	return nil
}

// writeJSON writes a value as a verb's output.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return failed(e.Encode(v))
}

func didYouMean(word string, known []string) string {
	return diag.DidYouMean(word, known, "there is")
}

// plural is a number with its noun: 1 flow, 2 flows.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, strings.TrimSuffix(noun, "s"))
}
