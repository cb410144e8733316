package main

import (
	"context"

	"github.com/spf13/cobra"

	"nudge/client"
)

func newCampaignsList(flags *apiFlags) *cobra.Command {
	var q client.CampaignQuery
	c := &cobra.Command{
		Use:     "list",
		Short:   "List campaigns, newest first",
		Example: "  nudge campaigns list --flow weekly_report",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&q.Flow, "flow", "", "only campaigns of this flow")
	c.Flags().StringVar(&q.Before, "before", "", "only campaigns before this one, as the last page says")
	c.Flags().IntVar(&q.Limit, "limit", usualPage, "campaigns on a page")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.CampaignPage, error) {
		return a.Campaigns(ctx, q)
	}, func(c *cobra.Command, page *client.CampaignPage) error {
		return campaignList.page(c, page.Campaigns, page.Next)
	})
	return c
}

var campaignList = listing[client.Campaign]{
	empty: "no campaigns", header: []string{"CAMPAIGN", "STATUS", "TAKEN", "AUDIENCE", "LIVE", "WHY"},
	cells: func(c client.Campaign) []any {
		return []any{c.ID, c.Status, c.Taken, c.Audience, c.Live, c.Reason}
	},
}
