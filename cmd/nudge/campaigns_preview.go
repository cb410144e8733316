package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nudge/whatif/preview"
)

const previewHelp = `Preview tells what a campaign of a flow would do if it started now: how many people it
has, which rows cannot be read, what ten of the messages say, when they go out, and who
gets none and why. It reads the audience as it is now; nothing is kept and nothing is sent.`

func newCampaignsPreview(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "preview FLOW",
		Short:   "Tell what a campaign would do",
		Long:    previewHelp,
		Example: "  nudge campaigns preview flash_sale",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		p, err := previewOf(c.Context(), a, args[0])
		if err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), p)
		}
		return writePreview(c.OutOrStdout(), p)
	}
	return c
}

func previewOf(ctx context.Context, a *api, flow string) (*preview.Preview, error) {
	p := &preview.Preview{}
	return p, a.post(ctx, "/v1/campaigns/preview", map[string]string{"flow": flow}, p)
}

func writePreview(out io.Writer, p *preview.Preview) error {
	fmt.Fprintf(out, "%s: %s, %d cannot be read\n", p.Flow, plural(p.Rows+p.Bad, "row"), p.Bad)
	for _, b := range p.BadRows {
		fmt.Fprintf(out, "  line %d: %s\n", b.Line, b.What)
	}
	if p.Tried < p.Rows {
		fmt.Fprintf(out, "of the first %d:\n", p.Tried)
	}
	if err := writeOutcomes(out, p.Outcomes); err != nil {
		return err
	}
	if p.Takes != "" {
		fmt.Fprintf(out, "at its rate it takes %s\n", p.Takes)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, s := range p.Forecast {
		fmt.Fprintf(w, "  from %s\t%s\t%.1f a minute\n", s.From, plural(s.Messages, "message"), s.PerMinute)
	}
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	for _, s := range p.Samples {
		fmt.Fprintf(out, "to %s: %s\n", s.Profile, s.Text)
	}
	return nil
}
