package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
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
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.CampaignDetail, error) {
		if follow {
			if _, err := followCampaign(ctx, a, args[0], c.ErrOrStderr()); err != nil {
				return nil, err
			}
		}
		return a.CampaignDetail(ctx, args[0])
	}, textOf(func(out io.Writer, c *client.CampaignDetail) error {
		return errors.Join(writeCampaign(out, &c.Campaign), writeCampaignDetail(out, c))
	}))
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

// writeCampaignDetail shows who did what with a campaign, its pace, its wave and whom it left out.
func writeCampaignDetail(out io.Writer, c *client.CampaignDetail) error {
	s := c.Started
	fmt.Fprintf(out, "started by %s at %s\n", map[string]string{"schedule": "its schedule", "event": "the event " + s.Event, "operator": cmp.Or(s.By, "an operator")}[s.How], s.At)
	for _, a := range c.Actions {
		fmt.Fprintf(out, "%s by %s at %s", a.Did, a.By, a.At)
		if a.Reason != "" {
			fmt.Fprintf(out, ": %s", oneLine(a.Reason))
		}
		fmt.Fprintln(out)
	}
	if p := c.Pace; p != nil {
		fmt.Fprintf(out, "%.0f rows a minute", p.PerMinute)
		if p.Rate != "" {
			fmt.Fprintf(out, ", at most %s", p.Rate)
		}
		if !p.Ends.IsZero() {
			fmt.Fprintf(out, "; the last one at about %s", p.Ends)
		}
		fmt.Fprintln(out)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	most := 0
	for _, h := range c.Wave {
		most = max(most, h.People)
	}
	for _, h := range c.Wave {
		fmt.Fprintf(w, "  from %s\t%d\t%s\n", h.From, h.People, strings.Repeat("█", 30*h.People/max(most, 1)))
	}
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	for _, l := range c.LeftOut {
		if len(l.Examples) > 0 {
			fmt.Fprintf(out, "left out: %s, for example %s\n", l.Reason, oneLine(strings.Join(l.Examples, ", ")))
		}
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
