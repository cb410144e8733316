package main

import (
	"fmt"
	"net/url"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nudge/server"
)

func newSchedule() *cobra.Command {
	n := 10
	c := &cobra.Command{
		Use:     "schedule",
		Short:   "List the next firings of a running server's flows",
		Example: "  nudge schedule -n 20",
		Args:    cobra.NoArgs,
	}
	c.Flags().IntVarP(&n, "number", "n", n, "firings to list")
	flags := addAPIFlags(c)
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		list := struct {
			Campaigns []server.Upcoming `json:"firings"`
		}{[]server.Upcoming{}}
		if err := a.get(c.Context(), "/v1/schedule", url.Values{"n": {strconv.Itoa(n)}}, &list); err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), list)
		}
		if len(list.Campaigns) == 0 {
			_, err := fmt.Fprintln(c.OutOrStdout(), "no schedules")
			return failed(err)
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "AT\tFLOW\tSCHEDULE")
		for _, f := range list.Campaigns {
			fmt.Fprintf(w, "%s\t%s\t%s\n", f.At, f.Flow, f.Words)
		}
		return failed(w.Flush())
	}
	return c
}
