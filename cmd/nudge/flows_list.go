package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nudge/client"
)

const flowsListHelp = `List shows the active version of every flow, older versions that still have live runs, and
how many runs each version has started. --all shows versions without live runs too.`

// flowPage is the list of flows as -o json writes it.
type flowPage struct {
	Flows []client.FlowVersion `json:"flows"`
}

func newFlowsList(flags *apiFlags) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List flows with their numbers",
		Long:    flowsListHelp,
		Example: "  nudge flows list\n  nudge flows list --all -o json",
		Args:    cobra.NoArgs,
	}
	c.Flags().BoolVar(&all, "all", false, "show old versions without live runs too")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (flowPage, error) {
		versions, err := a.Flows(ctx)
		if !all {
			versions = slices.DeleteFunc(versions, func(v client.FlowVersion) bool { return !v.Active && v.Live == 0 })
		}
		return flowPage{versions}, err
	}, func(c *cobra.Command, p flowPage) error {
		slices.SortFunc(p.Flows, activeFirst)
		return flowList.write(c.OutOrStdout(), p.Flows)
	})
	return c
}

// activeFirst orders versions by flow, with the active version of each flow first.
func activeFirst(a, b client.FlowVersion) int {
	if c := strings.Compare(a.Flow, b.Flow); c != 0 || a.Active == b.Active {
		return c
	}
	if a.Active {
		return -1
	}
	return 1
}

var flowList = listing[client.FlowVersion]{
	empty: "no flows", header: []string{"FLOW", "VERSION", "", "STARTED", "LIVE", "OUTCOMES"},
	cells: func(v client.FlowVersion) []any {
		state := "old"
		if v.Active {
			state = "active"
		}
		return []any{v.Flow, v.Version, state, v.Started, v.Live, outcomes(v.Outcomes)}
	},
}

// outcomes returns how many runs ended with each outcome: completed 3, returned 1.
func outcomes(counts map[string]uint64) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(words, ", ")
}
