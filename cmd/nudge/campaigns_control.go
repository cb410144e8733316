package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"nudge/client"
)

const campaignExample = "weekly_report@2026-03-09T09:00"

func newCampaignsPause(flags *apiFlags) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "pause CAMPAIGN",
		Short: "Pause a campaign",
		Long: "Pause stops a campaign from taking more people. Messages that wait for a sender still go\n" +
			"out; they are a few hundred at most.",
		Example: "  nudge campaigns pause " + campaignExample,
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&reason, "reason", "", "a note for the campaign's page")
	c.RunE = control(c, flags, "paused", func(ctx context.Context, a *client.Client, args []string) (*client.Campaign, error) {
		return a.PauseCampaign(ctx, args[0], reason)
	})
	return c
}

func newCampaignsResume(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "resume CAMPAIGN",
		Short: "Resume a campaign",
		Long: "Resume continues a campaign that is paused, or held because the store was restored\n" +
			"from a backup.",
		Example: "  nudge campaigns resume " + campaignExample,
		Args:    cobra.ExactArgs(1),
	}
	c.RunE = control(c, flags, "goes on", func(ctx context.Context, a *client.Client, args []string) (*client.Campaign, error) {
		return a.ResumeCampaign(ctx, args[0])
	})
	return c
}

func newCampaignsCancel(flags *apiFlags) *cobra.Command {
	var reason string
	var endRuns bool
	c := &cobra.Command{
		Use:   "cancel CAMPAIGN",
		Short: "Cancel a campaign",
		Long: "Cancel ends a campaign: it starts no more people, and cannot be resumed. Its live runs go\n" +
			"on, unless you give --end-runs.",
		Example: "  nudge campaigns cancel " + campaignExample,
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&reason, "reason", "", "a note for the campaign's page")
	c.Flags().BoolVar(&endRuns, "end-runs", false, "end its live runs too")
	c.RunE = control(c, flags, "cancelled", func(ctx context.Context, a *client.Client, args []string) (*client.Campaign, error) {
		return a.CancelCampaign(ctx, args[0], reason, endRuns)
	})
	return c
}

// control makes the body of a verb that changes a campaign and reports its new state.
func control(c *cobra.Command, flags *apiFlags, done string,
	change func(context.Context, *client.Client, []string) (*client.Campaign, error)) func(*cobra.Command, []string) error {
	return ask(flags, outputFlag(c), change, func(c *cobra.Command, campaign *client.Campaign) error {
		_, err := fmt.Fprintf(c.OutOrStdout(), "campaign %s %s\n", campaign.ID, done)
		return err
	})
}
