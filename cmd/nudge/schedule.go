package main

import (
	"context"

	"github.com/spf13/cobra"

	"nudge/client"
)

// schedule is the list of campaigns to come as -o json writes it.
type schedule struct {
	Firings []client.Upcoming `json:"firings"`
}

func newSchedule() *cobra.Command {
	n := 10
	c := &cobra.Command{
		Use:     "schedule",
		Short:   "List the next campaigns of a running server's schedules",
		Example: "  nudge schedule -n 20",
		Args:    cobra.NoArgs,
	}
	c.Flags().IntVarP(&n, "number", "n", n, "campaigns to list")
	flags := addAPIFlags(c)
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (schedule, error) {
		upcoming, err := a.Schedule(ctx, n)
		return schedule{append([]client.Upcoming{}, upcoming...)}, err
	}, func(c *cobra.Command, s schedule) error {
		return scheduleList.write(c.OutOrStdout(), s.Firings)
	})
	return c
}

var scheduleList = listing[client.Upcoming]{
	empty: "no schedules", header: []string{"AT", "FLOW", "SCHEDULE"},
	cells: func(u client.Upcoming) []any { return []any{u.At, u.Flow, u.Words} },
}
