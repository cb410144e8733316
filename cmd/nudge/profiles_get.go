package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"nudge/client"
)

func newProfilesGet(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "get ID",
		Short:   "Show what is known of a person",
		Example: "  nudge profiles get ann\n  nudge profiles get 'acme\\ann' -o json",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (client.Profile, error) {
		return a.Profile(ctx, args[0])
	}, textOf(writeProfile))
	return c
}

// writeProfile writes a person, sorted, one attribute on a line.
func writeProfile(w io.Writer, p client.Profile) error {
	_, err := fmt.Fprintf(w, "id: %s\n", p["id"])
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if name != "id" {
			_, err = fmt.Fprintf(w, "%s: %s\n", name, p[name])
		}
	}
	return err
}
