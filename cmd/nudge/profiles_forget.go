package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"nudge/client"
)

const profilesForgetHelp = `Forget ends all runs of a person and erases what is known about them, in past runs and in the
journal too. The number of runs and their outcomes stay. A message that the provider has
already cannot be called back. Forgetting cannot be undone.`

func newProfilesForget(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "forget ID",
		Short:   "End a person's runs and erase what is known about them",
		Long:    profilesForgetHelp,
		Example: "  nudge profiles forget ann",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	id := ""
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Answer, error) {
		id = args[0]
		return a.ForgetProfile(ctx, id)
	}, func(c *cobra.Command, answer *client.Answer) error {
		_, err := fmt.Fprintf(c.OutOrStdout(), "%s is forgotten; %s ended\n", id, plural(len(answer.Decisions), "run"))
		return err
	})
	return c
}
