package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"nudge/engine"
)

func newRunsCancel(flags *apiFlags) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:     "cancel RUN",
		Short:   "End a run now",
		Long:    "Cancel ends a run now. A message that the provider has already cannot be called back.",
		Example: "  nudge runs cancel 01JCWZ7Q4N0000000000000001 --reason 'wrong address'",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&reason, "reason", "", "for the run's timeline")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		path, err := runPath(args[0])
		if err != nil {
			return err
		}
		var answer engine.Answer
		if err := a.post(c.Context(), path+"/cancel", map[string]string{"reason": reason}, &answer); err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), answer)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "run %s cancelled\n", args[0])
		return failed(err)
	}
	return c
}
