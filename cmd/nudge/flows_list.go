package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nudge/server"
)

const flowsListHelp = `List shows the active version of every flow, older ones that runs are still on, and how
many runs each has started. With --all also versions that nobody is on any more.`

func newFlowsList(flags *apiFlags) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List flows with their numbers",
		Long:    flowsListHelp,
		Example: "  nudge flows list\n  nudge flows list --all -o json",
		Args:    cobra.NoArgs,
	}
	c.Flags().BoolVar(&all, "all", false, "old versions without live runs too")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		list := struct {
			Flows []server.Version `json:"flows"`
		}{}
		if err := a.get(c.Context(), "/v1/flows", nil, &list); err != nil {
			return err
		}
		if !all {
			list.Flows = slices.DeleteFunc(list.Flows, func(v server.Version) bool { return !v.Active && v.Live == 0 })
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), list)
		}
		return writeFlows(c.OutOrStdout(), list.Flows)
	}
	return c
}

func writeFlows(out io.Writer, versions []server.Version) error {
	if len(versions) == 0 {
		_, err := fmt.Fprintln(out, "no flows")
		return failed(err)
	}
	slices.SortFunc(versions, func(a, b server.Version) int {
		if c := strings.Compare(a.Flow, b.Flow); c != 0 || a.Active == b.Active {
			return c
		}
		if a.Active {
			return -1
		}
		return 1
	})
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FLOW\tVERSION\t\tSTARTED\tLIVE\tOUTCOMES")
	for _, v := range versions {
		state := "old"
		if v.Active {
			state = "active"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\n", v.Flow, v.Version, state, v.Started, v.Live, outcomes(v.Outcomes))
	}
	return failed(w.Flush())
}

// outcomes is how runs ended, by name: completed 3, returned 1.
func outcomes(counts map[string]uint64) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(words, ", ")
}
