package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/server"
	"nudge/store"
)

// version is what this binary was built from.
type version struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Date     string `json:"date,omitempty"`     // of the commit
	Modified bool   `json:"modified,omitempty"` // built from a tree with changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Store    int    `json:"store_format"` // of the stores that it opens
	API      string `json:"api"`
}

func newVersion() *cobra.Command {
	c := &cobra.Command{
		Use:     "version",
		Short:   "Show the version of this program",
		Example: "  nudge version -o json",
		Args:    cobra.NoArgs,
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		v := builtFrom()
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), v)
		}
		_, err := fmt.Fprintln(c.OutOrStdout(), v)
		return failed(err)
	}
	return c
}

// builtFrom says what this binary was built from, and what it understands.
func builtFrom() version {
	b := app.BuildOf()
	return version{b.Version, b.Commit, b.Date, b.Modified, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, store.Format, "v" + server.APIVersion}
}

// String is the version on one line.
func (v version) String() string {
	text := "nudge " + v.Version
	if v.Commit != "" {
		text += ", commit " + v.Commit[:min(12, len(v.Commit))]
	}
	if v.Modified {
		text += " with changes"
	}
	if v.Date != "" {
		text += " of " + v.Date
	}
	return fmt.Sprintf("%s, %s %s, store format %d, API %s", text, v.Go, v.Platform, v.Store, v.API)
}
