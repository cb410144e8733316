package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"nudge/client"
)

func newRunsCancel(flags *apiFlags) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:     "cancel RUN",
		Short:   "End a run now, or many",
		Long:    "Cancel ends a run now. A message that the provider already has cannot be called back.",
		Example: "  nudge runs cancel 01JCWZ7Q4N0000000000000001 --reason 'wrong address'\n  nudge runs cancel --flow sale --status live\n  nudge runs cancel --flow sale --status live --expect 1200 --reason 'the offer has changed'",
	}
	c.Flags().StringVar(&reason, "reason", "", "a note for the run's timeline")
	output := outputFlag(c)
	run := ""
	one := ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (answer *client.Answer, err error) {
		if run, err = runID(args[0]); err != nil {
			return nil, err
		}
		return a.CancelRun(ctx, run, reason)
	}, func(c *cobra.Command, _ *client.Answer) error {
		_, err := fmt.Fprintf(c.OutOrStdout(), "run %s cancelled\n", run)
		return err
	})
	m := &many{verb: "cancel", output: output, count: (*client.Client).CountCancel, start: (*client.Client).CancelRuns}
	m.command(c, flags, one)
	return c
}
