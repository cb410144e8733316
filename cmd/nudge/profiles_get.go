package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"
)

func newProfilesGet(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "get ID",
		Short:   "Show what is known of a person",
		Example: "  nudge profiles get ann\n  nudge profiles get 'acme\\ann' -o json",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		var profile map[string]json.RawMessage
		if err := a.get(c.Context(), profilePath(args[0]), nil, &profile); err != nil {
			return err
		}
		return showProfile(c.OutOrStdout(), profile, *output)
	}
	return c
}

// showProfile writes a person, sorted, one attribute on a line.
func showProfile(w io.Writer, profile map[string]json.RawMessage, output format) error {
	if output == asJSON {
		return writeJSON(w, profile)
	}
	fmt.Fprintf(w, "id: %s\n", profile["id"])
	delete(profile, "id")
	for _, name := range slices.Sorted(maps.Keys(profile)) {
		if _, err := fmt.Fprintf(w, "%s: %s\n", name, profile[name]); err != nil {
			return failed(err)
		}
	}
	return nil
}
