package main

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nudge/server"
)

// runPage is one page of runs as the API gives it.
type runPage struct {
	Runs []server.Run `json:"runs"`
	Next string       `json:"next,omitempty"`
}

func newRunsList(flags *apiFlags) *cobra.Command {
	given := map[string]*string{}
	limit := 50
	c := &cobra.Command{
		Use:     "list",
		Short:   "List runs, newest first",
		Example: "  nudge runs list --flow order_shipped --status live\n  nudge runs list --profile ann -o json",
		Args:    cobra.NoArgs,
	}
	for name, help := range map[string]string{
		"flow":    "only of this flow",
		"profile": "only of this person",
		"status":  "live or ended",
		"outcome": "only those that ended so",
		"before":  "only those that started before this run, as the last page says",
	} {
		given[name] = c.Flags().String(name, "", help)
	}
	c.Flags().IntVar(&limit, "limit", limit, "runs on a page")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		query := url.Values{"limit": {strconv.Itoa(limit)}}
		for name, value := range given {
			if *value != "" {
				query.Set(name, *value)
			}
		}
		page := runPage{Runs: []server.Run{}}
		if err := a.get(c.Context(), "/v1/runs", query, &page); err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), page)
		}
		if page.Next != "" {
			defer fmt.Fprintf(c.ErrOrStderr(), "there are more: add --before %s\n", page.Next)
		}
		return writeRuns(c.OutOrStdout(), page.Runs)
	}
	return c
}

func writeRuns(out io.Writer, runs []server.Run) error {
	if len(runs) == 0 {
		_, err := fmt.Fprintln(out, "no runs")
		return failed(err)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tFLOW\tPERSON\tKEY\tSTARTED\tSTATUS\tWHERE")
	for _, r := range runs {
		where := r.Step
		if r.Outcome != "" {
			where = r.Outcome
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Flow, r.Profile, r.Key, r.Started, r.Status, where)
	}
	return failed(w.Flush())
}
