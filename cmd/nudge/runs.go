package main

import (
	"github.com/spf13/cobra"

	"nudge/engine"
)

func newRuns() *cobra.Command {
	c := group("runs", "List, explain, cancel and retry the runs of a running server")
	flags := addAPIFlags(c)
	c.AddCommand(newRunsList(flags), newRunsFailures(flags), newRunsShow(flags), newRunsExplain(flags), newRunsCancel(flags), newRunsRetry(flags))
	return c
}

// runID reads the ID of a run as the API takes it.
func runID(text string) (string, error) {
	id, err := engine.ParseRunID(text)
	return id.String(), wrongUsage(err)
}
