package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"nudge/engine"
)

const profilesForgetHelp = `Forget ends all runs of a person and removes what is known of them, from what is past
too. How many runs there were and how they went stays in the numbers. A message that the
provider has already cannot be called back. There is no way to undo it.`

func newProfilesForget(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "forget ID",
		Short:   "End a person's runs and remove what is known",
		Long:    profilesForgetHelp,
		Example: "  nudge profiles forget ann",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		var answer engine.Answer
		if err := a.call(c.Context(), http.MethodDelete, profilePath(args[0]), nil, &answer); err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), answer)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s is forgotten; %s ended\n", args[0], plural(len(answer.Decisions), "run"))
		return failed(err)
	}
	return c
}
