package main

import (
	"net/url"

	"github.com/spf13/cobra"
)

func newCampaigns() *cobra.Command {
	c := group("campaigns", "Preview, start and steer the campaigns of a running server")
	flags := addAPIFlags(c)
	c.AddCommand(
		newCampaignsPreview(flags), newCampaignsStart(flags), newCampaignsList(flags), newCampaignsShow(flags),
		newCampaignsSteer(flags, "pause", "Take no more people into a campaign", "paused",
			"Pause takes no more people into a campaign. Messages that wait for a sender still go\n"+
				"out; they are a few hundred at most."),
		newCampaignsSteer(flags, "resume", "Let a campaign go on", "goes on",
			"Resume lets a campaign go on that is paused, or held because the store was restored\n"+
				"from a backup."),
		newCampaignsSteer(flags, "cancel", "End a campaign", "cancelled",
			"Cancel takes no more people into a campaign. Runs in flight go on, unless --end-runs\n"+
				"is given."),
	)
	return c
}

// campaignPath is the path of one campaign in the API.
func campaignPath(id string) string { return "/v1/campaigns/" + url.PathEscape(id) }
