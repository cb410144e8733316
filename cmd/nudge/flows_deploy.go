package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/server"
)

const flowsDeployHelp = `Deploy makes the flows of a folder the active ones of a running server, all of them at
once. Runs that are under way stay on the version that they began with. A flow that is
not in the folder starts no new runs.

The project is checked here first; one with errors is not sent. Of nudge.yaml only what
concerns the flows is deployed: account, listen, webhooks and tokens are the server's
own. A server that has a project on its disk goes back to that one when it is reloaded
or started again.`

func newFlowsDeploy(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "deploy [DIR]",
		Short:   "Make the flows of a folder the active ones",
		Long:    flowsDeployHelp,
		Example: "  nudge flows deploy\n  nudge flows deploy examples/hello --server http://nudge.internal:8080",
		Args:    cobra.MaximumNArgs(1),
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		p, err := app.Load(dirArgument(args), app.LocalSettings(os.LookupEnv), c.ErrOrStderr())
		if err != nil {
			return err
		}
		files, err := app.Deployable(p)
		if err != nil {
			return err
		}
		var deployed server.Deployed
		if err := a.post(c.Context(), "/v1/flows", map[string]any{"files": files}, &deployed); err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), deployed)
		}
		return showDeployed(c, &deployed)
	}
	return c
}

func showDeployed(c *cobra.Command, d *server.Deployed) error {
	changed := 0
	for _, f := range d.Flows {
		word := "as it was"
		if f.New {
			changed++
			word = "new"
		}
		fmt.Fprintf(c.OutOrStdout(), "%s %s %s\n", f.Flow, f.Version, word)
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%s active, %d changed\n", plural(len(d.Flows), "flow"), changed)
	return failed(err)
}
