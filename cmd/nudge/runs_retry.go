package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"nudge/client"
)

const retryHelp = `Retry lets a run go on that has failed: at the step at which it failed, or at the send whose message
failed or expired. The run belongs to the active version of its flow then: by a migration of that
version for the step, or else at the step with the same id. A message keeps its number, and an
attempt that may have gone out is not made again.`

func newRunsRetry(flags *apiFlags) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:     "retry RUN",
		Short:   "Try a failed run again, or many",
		Long:    retryHelp,
		Example: "  nudge runs retry 01JCWZ7Q4N0000000000000001 --reason 'the template is fixed'\n  nudge runs retry --failure 0a1b2c3d4e5f6071\n  nudge runs retry --failure 0a1b2c3d4e5f6071 --expect 41 --follow",
	}
	c.Flags().StringVar(&reason, "reason", "", "a note for the run's timeline")
	output := outputFlag(c)
	run := ""
	one := ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (answer *client.Answer, err error) {
		if run, err = runID(args[0]); err != nil {
			return nil, err
		}
		return a.RetryRun(ctx, run, reason)
	}, func(c *cobra.Command, answer *client.Answer) error {
		did := "goes on"
		for _, d := range answer.Decisions {
			if d.Run == run && d.Reason != "" {
				did = string(d.Did) + " " + d.Reason
				break
			}
		}
		_, err := fmt.Fprintf(c.OutOrStdout(), "run %s %s\n", run, did)
		return err
	})
	m := &many{verb: "retry", output: output, count: (*client.Client).CountRetry, start: (*client.Client).RetryRuns}
	m.command(c, flags, one)
	return c
}
