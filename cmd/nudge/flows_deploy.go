package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/client"
)

const flowsDeployHelp = `Deploy makes the flows of a folder the active ones of a running server, all at once. Live
runs stay on the version that they began with. A flow that is not in the folder starts no
new runs.

The project is checked here first; a project with errors is not sent. Of nudge.yaml, only the
settings of flows are deployed: the server keeps its own account, listen, webhooks and
tokens. A server that has a project on its disk returns to that one when it is reloaded or
restarted.

With --target the server is one of those that nudge.yaml names under targets.

With --propose nothing changes yet: the project is kept as a proposal, which somebody approves
with nudge deploys approve. With deploys: { second_person: true } in nudge.yaml of the server,
there is no other way, and it must be somebody else. With --watch the server backtests the
proposal each hour until then (nudge deploys watch). If the flows are the active ones already,
nothing is proposed.`

func newFlowsDeploy(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "deploy [DIR]",
		Short: "Make the flows of a folder the active ones",
		Long:  flowsDeployHelp,
		Example: "  nudge flows deploy\n  nudge flows deploy --target staging\n  nudge flows deploy examples/hello --server http://nudge.internal:8080\n" +
			"  nudge flows deploy --propose --watch 7d --note 'remind earlier'",
		Args: cobra.MaximumNArgs(1),
	}
	f := &proposalFlags{}
	f.add(c)
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		dir := dirArgument(args)
		a, err := flags.in(dir).client()
		if err == nil {
			err = f.read()
		}
		if err == nil && !f.propose {
			err = mayDeploy(flags)
		}
		if err != nil {
			return err
		}
		p, err := app.Load(dir, app.LocalSettings(os.LookupEnv), c.ErrOrStderr())
		if err != nil {
			return err
		}
		if f.propose {
			return f.run(c, a, p, *output)
		}
		deployed, err := a.Deploy(c.Context(), p.Deployable())
		if err != nil {
			return err
		}
		return report(c, *output, deployed, textOf(writeDeployed))
	}
	return c
}

// mayDeploy refuses a deploy without a proposal to a target that takes only those.
func mayDeploy(flags *apiFlags) error {
	t, err := flags.named()
	if err != nil || t == nil || !t.Propose {
		return err
	}
	return wrongInput(fmt.Errorf("flows get to %s by proposals only (targets: { %s: { propose: true } } in nudge.yaml): add --propose", t.Name, t.Name))
}

func writeDeployed(out io.Writer, d *client.Deployed) error {
	changed := 0
	for _, f := range d.Flows {
		word := "unchanged"
		if f.New {
			changed++
			word = "new"
		}
		fmt.Fprintf(out, "%s %s %s\n", f.Flow, f.Version, word)
	}
	_, err := fmt.Fprintf(out, "%s active, %d changed\n", plural(len(d.Flows), "flow"), changed)
	return err
}
