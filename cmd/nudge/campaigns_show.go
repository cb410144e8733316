package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nudge/client"
)

func newCampaignsShow(flags *apiFlags) *cobra.Command {
	follow := false
	c := &cobra.Command{
		Use:     "show CAMPAIGN",
		Short:   "Show a campaign's progress",
		Example: "  nudge campaigns show " + campaignExample,
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "wait until the campaign has started for everybody")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Campaign, error) {
		if follow {
			return followCampaign(ctx, a, args[0], c.ErrOrStderr())
		}
		return a.Campaign(ctx, args[0])
	}, textOf(writeCampaign))
	return c
}

// writeCampaign shows a campaign and the counts of its people.
func writeCampaign(out io.Writer, c *client.Campaign) error {
	fmt.Fprintf(out, "campaign %s, %s\n", c.ID, c.Status)
	if c.Reason != "" {
		fmt.Fprintf(out, "%s\n", c.Reason)
	}
	if c.Missed > 1 {
		fmt.Fprintf(out, "it stands for %d firings, the last at %s\n", c.Missed, c.Until)
	}
	fmt.Fprintf(out, "version %s, begun %s\n", c.Version, c.Begun)
	fmt.Fprintf(out, "%d of %d rows taken, %d runs live\n", c.Taken, c.Audience, c.Live)
	if c.Status == "finished" && c.Audience == 0 {
		fmt.Fprintln(out, nobody)
	}
	if err := writeOutcomes(out, c.Outcomes); err != nil {
		return err
	}
	for _, b := range c.BadRows {
		fmt.Fprintf(out, "line %d: %s\n", b.Line, b.What)
	}
	return nil
}

// writeOutcomes lists the counts of people by outcome, largest first.
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
