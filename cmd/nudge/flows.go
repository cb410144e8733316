package main

import "github.com/spf13/cobra"

func newFlows() *cobra.Command {
	c := group("flows", "List, show, deploy and call the flows of a running server")
	flags := addAPIFlags(c)
	c.AddCommand(newFlowsList(flags), newFlowsShow(flags), newFlowsDeploy(flags), newFlowsRun(flags), newFlowsStats(flags))
	return c
}
