package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"nudge/client"
)

// usualPage is how many items a page of a list has.
const usualPage = 50

func newRunsList(flags *apiFlags) *cobra.Command {
	var q client.RunQuery
	c := &cobra.Command{
		Use:     "list",
		Short:   "List runs, newest first",
		Example: "  nudge runs list --flow order_shipped --status live\n  nudge runs list --profile ann -o json\n  nudge runs list --quarantined",
		Args:    cobra.NoArgs,
	}
	filterFlags(c, &q.RunFilter)
	c.Flags().BoolVar(&q.Quarantined, "quarantined", false, "the runs whose records were damaged")
	c.Flags().StringVar(&q.Before, "before", "", "only runs that started before this one, as the last page says")
	c.Flags().IntVar(&q.Limit, "limit", usualPage, "runs on a page")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.RunPage, error) {
		return a.Runs(ctx, q)
	}, func(c *cobra.Command, page *client.RunPage) error {
		if q.Quarantined {
			return lostList.page(c, page.Runs, page.Next)
		}
		if page.Next != "" && len(page.Runs) < q.Limit {
			fmt.Fprintf(c.ErrOrStderr(), "looked at %d runs, back to %s\n", page.Looked, page.Until)
		}
		return runList.page(c, page.Runs, page.Next)
	})
	return c
}

var lostList = listing[client.Run]{
	empty: "no runs are in quarantine", header: []string{"RUN", "FLOW", "PERSON", "STARTED", "QUARANTINED", "WHY"},
	cells: func(r client.Run) []any {
		return []any{r.ID, cmp.Or(r.Flow, "?"), cmp.Or(r.Profile, "?"), r.Started, r.Quarantined, r.Reason}
	},
}

var runList = listing[client.Run]{
	empty: "no runs", header: []string{"RUN", "FLOW", "PERSON", "KEY", "STARTED", "STATUS", "WHERE"},
	cells: func(r client.Run) []any {
		return []any{r.ID, r.Flow, r.Profile, r.Key, r.Started, r.Status, cmp.Or(r.Outcome, r.Step)}
	},
}
