package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/whatif/prove"
)

const proveHelp = `Prove explores everything that can happen to a run of each flow: every outcome of every
wait, receipt, reply, timeout, split and fetch. It tries a condition both ways where nobody
can know the answer beforehand. It shows the most and the fewest messages of a run, the
longest life, every ending, unreachable steps, and flows that start each other.

If a promise can be broken (promises: in a flow, at_most: of a category), prove shows the
shortest story that breaks it, as a test for nudge test, and exits with 1.

With --stories it also shows the shortest story of every ending.`

func newProve() *cobra.Command {
	c := &cobra.Command{
		Use:   "prove [DIR]",
		Short: "Show the limits of what a flow can do, over everything that can happen",
		Long:  proveHelp,
		Example: "  nudge prove\n  nudge prove examples/order_shipped --stories\n" +
			"  nudge prove --flow dunning -o json",
		Args: cobra.MaximumNArgs(1),
	}
	only := c.Flags().String("flow", "", "show only the flow with this `NAME`")
	stories := c.Flags().Bool("stories", false, "show the shortest story of every ending")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		p, err := app.Load(dirArgument(args), app.AllSettings(os.LookupEnv), c.ErrOrStderr())
		if err != nil {
			return err
		}
		if *only != "" && p.Flow(*only) == nil {
			return wrongUsage(fmt.Errorf("there is no flow %q; %s", *only, didYouMean(*only, flowNames(p))))
		}
		proof := proveProject(p, prove.Options{Stories: true, Only: *only}, c.ErrOrStderr())
		if *output == asJSON {
			err = writeJSON(c.OutOrStdout(), proof)
		} else {
			err = failed(writeProof(c.OutOrStdout(), proof, *stories))
		}
		if err == nil && proof.Broken() {
			return wrongInput(errShown)
		}
		return err
	}
	return c
}

// proveProject proves the flows of a project, with progress on a terminal.
func proveProject(p *app.Project, o prove.Options, errs io.Writer) *prove.Proof {
	shown := newProgress(errs, "flow", nil)
	o.Begins = func(flow string, n, all int) { shown.part("proving "+flow, n, all) }
	defer shown.clear()
	return prove.ProjectWith(p.Project, o)
}

func flowNames(p *app.Project) []string {
	var names []string
	for _, f := range p.Flows {
		names = append(names, f.Name)
	}
	return names
}
