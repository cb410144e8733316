package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

const newHelp = `New makes a folder with a small project: a flow, its template, its tests, and settings with
which editors start nudge lsp. It passes nudge check and nudge test unchanged.`

//go:embed all:scaffold
var scaffold embed.FS

const scaffoldName = "my_project" // what stands for the project's name in its files

var projectName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

func newNew() *cobra.Command {
	return &cobra.Command{
		Use:     "new NAME",
		Short:   "Make a new project",
		Long:    newHelp,
		Example: "  nudge new shop\n  cd shop && nudge test",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			dir := args[0]
			name := filepath.Base(dir)
			if !projectName.MatchString(name) {
				return wrongUsage(fmt.Errorf("%q is no name for a project: names are made of a-z, 0-9 and _", name))
			}
			if found, err := os.ReadDir(dir); err == nil && len(found) > 0 {
				return wrongInput(fmt.Errorf("%s already exists and is not empty", dir))
			} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return wrongInput(err)
			}
			if err := makeProject(dir, name); err != nil {
				return failed(err)
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "%s is made; next: cd %s && nudge test\n", name, dir)
			return failed(err)
		},
	}
}

// makeProject writes the files of a new project, and the schemas that its editor
// settings name.
func makeProject(dir, name string) error {
	err := fs.WalkDir(scaffold, "scaffold", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := scaffold.ReadFile(file)
		if err != nil {
			return err
		}
		return writeNew(dir, strings.TrimPrefix(file, "scaffold/"), strings.ReplaceAll(string(text), scaffoldName, name))
	})
	for kind, schema := range schemas {
		err = errors.Join(err, writeNew(dir, path.Join(".schema", kind+".json"), string(schema())))
	}
	return err
}

func writeNew(dir, name, text string) error {
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}
