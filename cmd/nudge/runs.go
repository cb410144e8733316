package main

import (
	"github.com/spf13/cobra"

	"nudge/engine"
)

func newRuns() *cobra.Command {
	c := group("runs", "Look at the runs of a running server")
	flags := addAPIFlags(c)
	c.AddCommand(newRunsList(flags), newRunsShow(flags), newRunsExplain(flags), newRunsCancel(flags))
	return c
}

// runPath is the path of one run in the API.
func runPath(text string) (string, error) {
	id, err := engine.ParseRunID(text)
	if err != nil {
		return "", wrongUsage(err)
	}
	return "/v1/runs/" + id.String(), nil
}
