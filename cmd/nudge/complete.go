package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/client"
)

// completeTime is how long a shell waits for names from the server.
const completeTime = time.Second

// maxCompleted is how many runs or campaigns a shell offers, the newest.
const maxCompleted = 50

// names returns what a shell offers for an argument: a name, and behind a tab what it is about.
type names func(context.Context, *client.Client) ([]cobra.Completion, error)

// offers has the names for the words of usage lines, and in lower case for flags.
var offers = map[string]names{"FLOW": servedFlows, "RUN": newestRuns, "CAMPAIGN": newestCampaigns}

// completeFromServer lets shells complete the names of targets, flows, runs and campaigns for every verb that talks to a
// server. It follows from the usage lines and flags of the verbs, so a new verb has it too.
func completeFromServer(c *cobra.Command) {
	for _, verb := range c.Commands() {
		completeFromServer(verb)
	}
	if c.Flag("server") == nil {
		return
	}
	if c.PersistentFlags().Lookup("target") != nil {
		// It fails only for a flag that is not there.
		_ = c.RegisterFlagCompletionFunc("target", completeTargets)
	}
	var places []names // by the position of the argument
	for _, word := range strings.Fields(c.Use)[1:] {
		if word == "|" || strings.HasPrefix(word, "-") {
			break
		}
		places = append(places, offers[strings.Trim(word, "[]…")])
	}
	if slices.ContainsFunc(places, func(n names) bool { return n != nil }) {
		c.ValidArgsFunction = func(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) >= len(places) {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return offer(c, places[len(args)])
		}
	}
	for word, n := range offers {
		if flag := strings.ToLower(word); c.LocalFlags().Lookup(flag) != nil {
			// It fails only for a flag that is not there.
			_ = c.RegisterFlagCompletionFunc(flag, func(c *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
				return offer(c, n)
			})
		}
	}
}

// completeTargets offers the names of targets.
func completeTargets(c *cobra.Command, args []string, _ string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	if !strings.Contains(c.Use, "[DIR]") {
		args = nil
	}
	targets, err := app.Targets(dirArgument(args))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for i := range targets {
		all = append(all, targets[i].Name)
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}

// offer asks the server for names. Without an answer there are none: a shell must not show errors between
// two words, and not wait.
func offer(c *cobra.Command, n names) ([]cobra.Completion, cobra.ShellCompDirective) {
	if n == nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	value := func(flag string) string { return c.Flag(flag).Value.String() }
	flags := &apiFlags{server: value("server"), token: value("token"), ca: value("ca"), target: value("target")}
	server, err := flags.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(context.Background(), completeTime)
	defer cancel()
	all, err := n(ctx, server)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func servedFlows(ctx context.Context, server *client.Client) (all []cobra.Completion, err error) {
	versions, err := server.Flows(ctx)
	for i := range versions {
		all = append(all, versions[i].Flow)
	}
	slices.Sort(all)
	return slices.Compact(all), err
}

func newestRuns(ctx context.Context, server *client.Client) (all []cobra.Completion, err error) {
	page, err := server.Runs(ctx, client.RunQuery{Limit: maxCompleted})
	if err != nil {
		return nil, err
	}
	for i := range page.Runs {
		r := &page.Runs[i]
		about := strings.Fields(r.Flow + " for " + r.Profile + ", " + cmp.Or(r.Outcome, r.Status)) // on one line, whatever the ID of the person has
		all = append(all, cobra.CompletionWithDesc(r.ID, strings.Join(about, " ")))
	}
	return all, nil
}

func newestCampaigns(ctx context.Context, server *client.Client) (all []cobra.Completion, err error) {
	page, err := server.Campaigns(ctx, client.CampaignQuery{Limit: maxCompleted})
	if err != nil {
		return nil, err
	}
	for i := range page.Campaigns {
		all = append(all, cobra.CompletionWithDesc(page.Campaigns[i].ID, page.Campaigns[i].Status))
	}
	return all, nil
}
