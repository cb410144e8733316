package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/audience"
	"nudge/client"
	"nudge/lang/shape"
)

const profilesImportHelp = `Import reads many people from a file and sends them to a running server: a CSV file with a
header, or JSON Lines. Each row has an id. A row sets the fields it names; everything else stays.

In a CSV file the columns are attributes, and opt_outs holds categories with commas or
spaces between them. An empty cell changes nothing. Cells are text, unless -C names a
project whose nudge.yaml declares its profiles: then a cell of a number holds a number,
of a boolean true or false, and of a list or map JSON.

A row with a mistake is shown with its line and is left out. Correct the file and import
all of it again.`

const profilesImportExample = `  nudge profiles import people.csv -C examples/welcome_series
  nudge profiles import people.jsonl
  psql -c "copy people to stdout csv header" | nudge profiles import - --format csv`

var importFormats = []string{"csv", "jsonl"}

func newProfilesImport(flags *apiFlags) *cobra.Command {
	var dir, kind string
	c := &cobra.Command{
		Use:     "import FILE",
		Short:   "Set what is known about many people, from a file",
		Long:    profilesImportHelp,
		Example: profilesImportExample,
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVarP(&dir, "project", "C", "", "the project's folder, for the types of the columns")
	c.Flags().StringVar(&kind, "format", "", "csv or jsonl; default: by the end of the file's name")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.client()
		if err != nil {
			return err
		}
		if kind, err = importFormat(kind, args[0]); err != nil {
			return err
		}
		known, err := profileShape(dir, c.ErrOrStderr())
		if err != nil {
			return err
		}
		return importFile(c, a, args[0], kind, known, *output)
	}
	return c
}

// importFormat returns the format of a file. Without a flag it follows from the file's
// name.
func importFormat(kind, name string) (string, error) {
	if kind == "" {
		kind = map[string]string{".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}[strings.ToLower(filepath.Ext(name))]
		if kind == "" {
			return "", wrongUsage(fmt.Errorf("%s: say with --format whether this is csv or jsonl", name))
		}
	}
	if !slices.Contains(importFormats, kind) {
		return "", wrongUsage(fmt.Errorf("--format %s: %s", kind, didYouMean(kind, importFormats)))
	}
	return kind, nil
}

// profileShape returns the attributes that the project in a folder declares, or nothing
// without a folder.
func profileShape(dir string, errs io.Writer) (*shape.Type, error) {
	if dir == "" {
		return shape.OpenMap(nil), nil
	}
	p, err := app.Load(dir, app.LocalSettings(os.LookupEnv), errs)
	if err != nil {
		return nil, err
	}
	return p.Profile, nil
}

func importFile(c *cobra.Command, a *client.Client, name, kind string, known *shape.Type, output format) error {
	file, err := openInput(c, name)
	if err != nil {
		return err
	}
	defer file.Close()
	p := newProgress(c.ErrOrStderr(), "profile", file)
	s := &stream{noun: "profile", progress: p, errs: c.ErrOrStderr()}
	text := withoutMark(p.through(file))
	if kind == "jsonl" {
		return s.follow(c, a.StreamProfiles(c.Context(), text), output)
	}
	rows, err := newRows(text, known)
	if err != nil {
		return wrongInput(fmt.Errorf("%s: %w", name, err))
	}
	return sendRows(c, a, s, rows, output)
}

// sendRows streams rows as lines of JSON. It adds empty lines, so that the line number in
// the stream equals the row's line number in the file.
func sendRows(c *cobra.Command, a *client.Client, s *stream, rows *rows, output format) error {
	lines, into := io.Pipe()
	defer lines.Close() // which ends the writing below
	go func() {
		into.CloseWithError(writeRows(into, rows, s.refuse))
	}()
	return s.follow(c, a.StreamProfiles(c.Context(), lines), output)
}

func writeRows(into io.Writer, rows *rows, refuse func(line int, why string)) error {
	out := bufio.NewWriter(into)
	at := 1
	for {
		line, profile, err := rows.next()
		var wrong *audience.RowError
		switch {
		case errors.Is(err, io.EOF):
			return out.Flush()
		case errors.As(err, &wrong):
			refuse(wrong.Line, wrong.Why)
			continue
		case err != nil:
			return err
		}
		out.Write(bytes.Repeat([]byte("\n"), line-at))
		at = line + 1
		out.Write(profile)
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
}
