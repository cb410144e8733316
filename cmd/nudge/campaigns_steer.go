package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"nudge/server"
)

// newCampaignsSteer is a verb that does something with a campaign.
func newCampaignsSteer(flags *apiFlags, verb, short, done, long string) *cobra.Command {
	var reason string
	var endRuns bool
	c := &cobra.Command{
		Use:     verb + " CAMPAIGN",
		Short:   short,
		Long:    long,
		Example: "  nudge campaigns " + verb + " weekly_report@2026-03-09T09:00",
		Args:    cobra.ExactArgs(1),
	}
	body := map[string]any{}
	if verb != "resume" {
		c.Flags().StringVar(&reason, "reason", "", "for the campaign's page")
	}
	if verb == "cancel" {
		c.Flags().BoolVar(&endRuns, "end-runs", false, "end runs in flight, too")
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		body["reason"] = reason
		if endRuns {
			body["end_runs"] = true
		}
		var campaign server.Campaign
		if err := a.post(c.Context(), campaignPath(args[0])+"/"+verb, body, &campaign); err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), campaign)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "campaign %s %s\n", campaign.ID, done)
		return failed(err)
	}
	return c
}
