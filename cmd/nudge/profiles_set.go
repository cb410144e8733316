package main

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/spf13/cobra"
)

const profilesSetHelp = `Set changes what is known of a person: what --data names is set, a null removes, and
opt_outs is the list of the categories that the person does not want. The rest stays,
unless --replace is given.`

const profilesSetExample = `  nudge profiles set ann --data '{"name": "Ann", "timezone": "Europe/Paris"}'
  nudge profiles set ann --data '{"plan": null, "opt_outs": ["offers"]}'
  nudge profiles set ann --replace --data @ann.json`

func newProfilesSet(flags *apiFlags) *cobra.Command {
	var (
		data    string
		replace bool
	)
	c := &cobra.Command{
		Use:     "set ID --data JSON",
		Short:   "Change what is known of a person",
		Long:    profilesSetHelp,
		Example: profilesSetExample,
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&data, "data", "", "a JSON object: as it is, @FILE, or - for standard in")
	c.Flags().BoolVar(&replace, "replace", false, "forget what --data does not name")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		raw, err := readData("--data", data, c.InOrStdin())
		if err != nil {
			return err
		}
		if raw == nil {
			return wrongUsage(errors.New(`say with --data what to set, for example --data '{"name": "Ann"}'`))
		}
		method := http.MethodPatch
		if replace {
			method = http.MethodPut
		}
		var profile map[string]json.RawMessage
		if err := a.call(c.Context(), method, profilePath(args[0]), raw, &profile); err != nil {
			return err
		}
		return showProfile(c.OutOrStdout(), profile, *output)
	}
	return c
}
