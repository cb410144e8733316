package main

import (
	"errors"

	"github.com/spf13/cobra"

	"nudge/client"
)

const flowsRunHelp = `Run calls a flow for a person, whatever its triggers are. The flow's entry applies as it
does to a trigger: if it lets no run start, the answer says why.`

const flowsRunExample = `  nudge flows run hello --profile ann --data '{"name": "Ann"}'
  nudge flows run order_shipped --profile ann --key 7 --data @order.json --id call-7`

func newFlowsRun(flags *apiFlags) *cobra.Command {
	var profile, key, data, id string
	c := &cobra.Command{
		Use:     "run FLOW --profile ID",
		Short:   "Call a flow for a person",
		Long:    flowsRunHelp,
		Example: flowsRunExample,
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&profile, "profile", "", "the person")
	c.Flags().StringVar(&key, "key", "", "key of the run, by which later events find it")
	c.Flags().StringVar(&data, "data", "", "what the run starts with, a JSON object: JSON, @FILE, or - for standard input")
	c.Flags().StringVar(&id, "id", "", "an id that makes it safe to call again")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.client()
		if err != nil {
			return err
		}
		if profile == "" {
			return wrongUsage(errors.New("name the person with --profile"))
		}
		raw, err := readData("--data", data, c.InOrStdin())
		if err != nil {
			return err
		}
		answer, err := a.CallFlow(c.Context(), args[0], client.Call{ID: id, Profile: profile, Key: key, Data: raw})
		if err != nil {
			return err
		}
		return report(c, *output, answer, showAnswer("call of "+args[0]))
	}
	return c
}
