package main

import (
	"errors"

	"github.com/spf13/cobra"
)

const profilesSetHelp = `Set changes what is known about a person. It sets what --data names, and a null removes an
attribute. opt_outs lists the categories that the person does not want. Everything else
stays, unless you give --replace.`

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
		Short:   "Change what is known about a person",
		Long:    profilesSetHelp,
		Example: profilesSetExample,
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&data, "data", "", "a JSON object: JSON, @FILE, or - for standard input")
	c.Flags().BoolVar(&replace, "replace", false, "forget everything that --data does not name")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.client()
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
		change := a.SetProfile
		if replace {
			change = a.ReplaceProfile
		}
		profile, err := change(c.Context(), args[0], raw)
		if err != nil {
			return err
		}
		return report(c, *output, profile, textOf(writeProfile))
	}
	return c
}
