package main

import (
	"encoding/json"
	"errors"
	"net/url"

	"github.com/spf13/cobra"

	"nudge/engine"
)

const flowsRunHelp = `Run calls a flow for a person, whatever its triggers are. The flow's entry decides as it
does for a trigger: where it lets no run start, the answer says why.`

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
	c.Flags().StringVar(&key, "key", "", "the run's key, by which later events find it")
	c.Flags().StringVar(&data, "data", "", "what the run starts with, a JSON object: as it is, @FILE, or - for standard in")
	c.Flags().StringVar(&id, "id", "", "makes the call safe to repeat")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
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
		call := map[string]any{"profile": profile, "key": key, "id": id}
		if raw != nil {
			call["data"] = json.RawMessage(raw)
		}
		var answer engine.Answer
		if err := a.post(c.Context(), "/v1/flows/"+url.PathEscape(args[0])+"/runs", call, &answer); err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), answer)
		}
		return writeAnswer(c.OutOrStdout(), "call of "+args[0], &answer)
	}
	return c
}
