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
wait, receipt, reply, timeout, split and fetch, and every condition both ways where nobody
can know it beforehand. It tells the most and the fewest messages a person can get, the
longest life, every ending, steps that nothing leads to, and flows that start each other.

A promise that can be broken (promises: in a flow, at_most: of a category) is shown with
the shortest story of it, as a test that nudge test can play. It exits with 1 then.

With --stories it tells the shortest story of every ending too.`

func newProve() *cobra.Command {
	c := &cobra.Command{
		Use:   "prove [DIR]",
		Short: "Show the most that a flow can do, over everything that can happen",
		Long:  proveHelp,
		Example: "  nudge prove\n  nudge prove examples/order_shipped --stories\n" +
			"  nudge prove --flow dunning -o json",
		Args: cobra.MaximumNArgs(1),
	}
	only := c.Flags().String("flow", "", "only the flow of this `NAME`")
	stories := c.Flags().Bool("stories", false, "tell the shortest story of every ending")
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
