package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nudge/client"
)

const profilesListHelp = `List shows people by their IDs, shorter ones first. It finds them by the beginning of the ID, by a
field that profile in nudge.yaml marks search, or by a condition as an audience has one.

Each page looks at a limited number of people. So a page may be empty and still have a next one.`

func newProfilesList(flags *apiFlags) *cobra.Command {
	var q client.ProfileQuery
	c := &cobra.Command{
		Use:   "list",
		Short: "List people, and find them",
		Long:  profilesListHelp,
		Example: "  nudge profiles list --prefix ann\n  nudge profiles list --field email=ann@example.com\n" +
			"  nudge profiles list --if 'profile.plan == \"pro\"'",
		Args: cobra.NoArgs,
	}
	c.Flags().StringVar(&q.Prefix, "prefix", "", "only people whose ID begins so")
	c.Flags().StringVar(&q.Field, "field", "", "only people with this value of a searchable field: name=value")
	c.Flags().StringVar(&q.If, "if", "", "only people who meet this condition")
	c.Flags().StringVar(&q.After, "after", "", "only people behind this ID, as the last page says")
	c.Flags().IntVar(&q.Limit, "limit", usualPage, "people on a page")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.ProfilePage, error) {
		return a.Profiles(ctx, q)
	}, func(c *cobra.Command, page *client.ProfilePage) error {
		err := profileList.write(c.OutOrStdout(), page.Profiles)
		if page.Incomplete {
			fmt.Fprintln(c.ErrOrStderr(), "people may be missing: the field was marked lately, and its index is still being made")
		}
		if err == nil && page.Next != "" {
			fmt.Fprintf(c.ErrOrStderr(), "there may be more: add --after %s\n", page.Next)
		}
		return err
	})
	return c
}

var profileList = listing[client.Profile]{
	empty: "no people", header: []string{"PERSON", "OPTED OUT", "KNOWN"},
	cells: func(p client.Profile) []any {
		var known []string
		for _, name := range slices.Sorted(maps.Keys(p)) {
			if name != "id" && name != "opt_outs" {
				known = append(known, name+"="+string(p[name]))
			}
		}
		return []any{textOfJSON(p["id"]), strings.Join(textsOfJSON(p["opt_outs"]), ", "), strings.Join(known, " ")}
	},
}

// textOfJSON is a JSON text without its quotes; anything else as it is.
func textOfJSON(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return string(raw)
	}
	return text
}

func textsOfJSON(raw json.RawMessage) (texts []string) {
	if json.Unmarshal(raw, &texts) != nil {
		return []string{string(raw)}
	}
	return texts
}
