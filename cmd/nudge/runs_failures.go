package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"nudge/client"
)

const failuresHelp = `Failures lists what went wrong with runs and messages, in groups by reason and place; those
whose newest run started last come first. What the rules hold back is no failure: opted_out, capped,
outbound. In a reason, # stands for any number.`

func newRunsFailures(flags *apiFlags) *cobra.Command {
	var q client.FailureQuery
	c := &cobra.Command{
		Use:     "failures",
		Short:   "List what went wrong with runs and messages, in groups",
		Long:    failuresHelp,
		Example: "  nudge runs failures\n  nudge runs failures --flow order_shipped\n  nudge runs list --failure 0a1b2c3d4e5f6071",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&q.Flow, "flow", "", "only runs of this flow")
	c.Flags().StringVar(&q.Version, "version", "", "only runs of this version")
	c.Flags().StringVar(&q.Status, "status", "", "failed, quarantined, expired or unsent")
	c.Flags().IntVar(&q.Limit, "limit", 0, "groups at most, up to 500 (default 100)")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.FailureList, error) {
		return a.Failures(ctx, q)
	}, func(c *cobra.Command, list *client.FailureList) error {
		if list.More {
			fmt.Fprintln(c.ErrOrStderr(), "there are more groups than are shown")
		}
		return failureGroups.write(c.OutOrStdout(), list.Groups)
	})
	return c
}

var failureGroups = listing[client.FailureGroup]{
	empty: "nothing went wrong", header: []string{"GROUP", "RUNS", "LAST", "WHAT", "WHERE", "WHY", "FOR EXAMPLE"},
	cells: func(g client.FailureGroup) []any {
		where := g.Flow + " " + g.Version
		if g.Step != "" {
			where += " " + g.Step
		}
		return []any{g.ID, g.Runs, g.Newest.At, g.What + " " + g.Status, where, g.Reason, g.Newest.Run}
	},
}
