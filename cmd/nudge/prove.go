package main

import (
	"fmt"
	"os"
	"slices"

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
		proof := prove.Project(p.Project)
		if *only != "" {
			proof.Flows = slices.DeleteFunc(proof.Flows, func(r *prove.Report) bool { return r.Flow != *only })
		}
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

func flowNames(p *app.Project) []string {
	var names []string
	for _, f := range p.Flows {
		names = append(names, f.Name)
	}
	return names
}
