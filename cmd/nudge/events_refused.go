package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"nudge/client"
)

const eventsRefusedHelp = `Refused lists the events that the server did not take, newest first: when, from which token, why
and in which field, and the beginning of what was sent. The last 1,000 are kept, ten in a second
at most; further ones are only counted. What somebody sends without a token is not among them.`

func newEventsRefused(flags *apiFlags) *cobra.Command {
	var q client.RefusedQuery
	c := &cobra.Command{
		Use:     "refused",
		Short:   "List the events that were refused, newest first",
		Long:    eventsRefusedHelp,
		Example: "  nudge events refused\n  nudge events refused --type order.shipped --from shop\n  nudge events refused -o json",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&q.Type, "type", "", "only events of this type")
	c.Flags().StringVar(&q.From, "from", "", "only events that the token of this name sent")
	c.Flags().StringVar(&q.Code, "code", "", "only those with this code of the problem, for example shape")
	c.Flags().StringVar(&q.Before, "before", "", "only refusals before this one, as the last page says")
	c.Flags().IntVar(&q.Limit, "limit", usualPage, "refusals on a page")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.RefusedPage, error) {
		return a.RefusedEvents(ctx, q)
	}, func(c *cobra.Command, page *client.RefusedPage) error {
		return refusedList.page(c, page.Refused, page.Next)
	})
	return c
}

var refusedList = listing[client.RefusedEvent]{
	empty: "no event was refused", header: []string{"WHEN", "FROM", "TYPE", "PERSON", "CODE", "FIELD", "WHY", "SENT"},
	cells: func(x client.RefusedEvent) []any {
		why := x.Detail
		if x.More > 0 {
			why += fmt.Sprintf(" (and %d more about then)", x.More)
		}
		sent := x.Body
		if x.Cut {
			sent += "…"
		}
		return []any{x.At, x.From, x.Type, x.Profile, x.Code, x.Field, why, sent}
	},
}
