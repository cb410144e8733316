package main

import "github.com/spf13/cobra"

func newCampaigns() *cobra.Command {
	c := group("campaigns", "Preview, start and control the campaigns of a running server")
	flags := addAPIFlags(c)
	c.AddCommand(
		newCampaignsPreview(flags), newCampaignsStart(flags), newCampaignsList(flags), newCampaignsShow(flags),
		newCampaignsPause(flags), newCampaignsResume(flags), newCampaignsCancel(flags),
	)
	return c
}
