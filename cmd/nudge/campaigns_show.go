package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nudge/server"
)

func newCampaignsShow(flags *apiFlags) *cobra.Command {
	follow := false
	c := &cobra.Command{
		Use:     "show CAMPAIGN",
		Short:   "Tell how far a campaign is and where its people stand",
		Example: "  nudge campaigns show weekly_report@2026-03-09T09:00",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "wait until everybody was taken into it")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		var campaign server.Campaign
		if follow {
			campaign, err = followCampaign(c.Context(), a, args[0], c.ErrOrStderr())
		} else {
			err = a.get(c.Context(), campaignPath(args[0]), nil, &campaign)
		}
		if err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), campaign)
		}
		return writeCampaign(c.OutOrStdout(), &campaign)
	}
	return c
}

// writeCampaign tells what a campaign is and where its people stand.
func writeCampaign(out io.Writer, c *server.Campaign) error {
	fmt.Fprintf(out, "campaign %s, %s\n", c.ID, c.Status)
	if c.Reason != "" {
		fmt.Fprintf(out, "%s\n", c.Reason)
	}
	if c.Missed > 1 {
		fmt.Fprintf(out, "it stands for %d firings, the last at %s\n", c.Missed, c.Until)
	}
	fmt.Fprintf(out, "version %s, begun %s\n", c.Version, c.Begun)
	fmt.Fprintf(out, "%d of %d rows taken, %d runs live\n", c.Taken, c.Audience, c.Live)
	if err := writeOutcomes(out, c.Outcomes); err != nil {
		return err
	}
	for _, b := range c.BadRows {
		fmt.Fprintf(out, "line %d: %s\n", b.Line, b.What)
	}
	return nil
}

// writeOutcomes lists how many people stand where, the most first.
func writeOutcomes[N int | uint64](out io.Writer, outcomes map[string]N) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	order := slices.SortedFunc(maps.Keys(outcomes), func(a, b string) int {
		return cmp.Or(cmp.Compare(outcomes[b], outcomes[a]), cmp.Compare(a, b))
	})
	for _, what := range order {
		fmt.Fprintf(w, "  %s\t%d\n", what, outcomes[what])
	}
	return failed(w.Flush())
}
