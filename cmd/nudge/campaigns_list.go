package main

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nudge/server"
)

// campaignPage is one page of campaigns as the API gives it.
type campaignPage struct {
	Campaigns []server.Campaign `json:"campaigns"`
	Next      string            `json:"next,omitempty"`
}

func newCampaignsList(flags *apiFlags) *cobra.Command {
	var flow, before string
	limit := 50
	c := &cobra.Command{
		Use:     "list",
		Short:   "List campaigns, newest first",
		Example: "  nudge campaigns list --flow weekly_report",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&flow, "flow", "", "only of this flow")
	c.Flags().StringVar(&before, "before", "", "only those before this campaign, as the last page says")
	c.Flags().IntVar(&limit, "limit", limit, "campaigns on a page")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		query := url.Values{"limit": {strconv.Itoa(limit)}}
		if flow != "" {
			query.Set("flow", flow)
		}
		if before != "" {
			query.Set("before", before)
		}
		page := campaignPage{Campaigns: []server.Campaign{}}
		if err := a.get(c.Context(), "/v1/campaigns", query, &page); err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), page)
		}
		if page.Next != "" {
			defer fmt.Fprintf(c.ErrOrStderr(), "there are more: add --before %s\n", page.Next)
		}
		return writeCampaigns(c.OutOrStdout(), page.Campaigns)
	}
	return c
}

func writeCampaigns(out io.Writer, campaigns []server.Campaign) error {
	if len(campaigns) == 0 {
		_, err := fmt.Fprintln(out, "no campaigns")
		return failed(err)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CAMPAIGN\tSTATUS\tTAKEN\tAUDIENCE\tLIVE\tWHY")
	for _, c := range campaigns {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\n", c.ID, c.Status, c.Taken, c.Audience, c.Live, c.Reason)
	}
	return failed(w.Flush())
}
