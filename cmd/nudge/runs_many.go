package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"nudge/client"
)

const manyHelp = `

Without RUN it is about all runs that the flags select. Without --expect it only says how many
there are, and shows a few. With that number in --expect a job begins on the server, unless the
number has grown by more than a tenth; nudge jobs follows and stops it.`

// many is a change of one run or of many.
type many struct {
	verb   string // what it does to runs, for example "retry"
	filter client.RunFilter
	expect int // as a count said; negative: only count
	follow bool
	reason string
	output *format
	flags  *apiFlags

	count func(*client.Client, context.Context, client.RunFilter) (*client.BulkCount, error)
	start func(*client.Client, context.Context, client.RunFilter, int, string) (*client.Job, error)
}

// command adds the flags of many runs to a command for one of them.
func (m *many) command(c *cobra.Command, flags *apiFlags, one func(*cobra.Command, []string) error) {
	c.Use += " | --flow FLOW…"
	c.Long += manyHelp
	c.Args = cobra.MaximumNArgs(1)
	why := c.Flags().Lookup("reason")
	filterFlagsBeside(c, &m.filter)
	c.Flags().IntVar(&m.expect, "expect", -1, "how many runs there are, as this command said without it: begin")
	c.Flags().BoolVar(&m.follow, "follow", false, "wait until the job is over")
	m.flags = flags
	c.RunE = func(c *cobra.Command, args []string) error {
		some := m.filter != (client.RunFilter{})
		switch {
		case len(args) == 1 && some, len(args) == 0 && !some:
			return wrongUsage(errors.New("name either one run, or by flags which runs"))
		case len(args) == 1:
			return one(c, args)
		}
		m.reason = why.Value.String()
		server, err := m.flags.client()
		if err != nil {
			return err
		}
		if m.expect < 0 {
			return m.look(c, server)
		}
		return m.begin(c, server)
	}
}

// look says how many runs there are.
func (m *many) look(c *cobra.Command, server *client.Client) error {
	count, err := m.count(server, c.Context(), m.filter)
	if err != nil {
		return err
	}
	return report(c, *m.output, count, func(c *cobra.Command, count *client.BulkCount) error {
		out := c.OutOrStdout()
		fmt.Fprintf(out, "%s to %s, as of %s\n", plural(count.Runs, "run"), m.verb, count.At)
		for _, why := range slices.Sorted(maps.Keys(count.Skipped)) {
			fmt.Fprintf(out, "not %s: %s\n", plural(count.Skipped[why], "more"), why)
		}
		if count.Runs == 0 {
			return nil
		}
		fmt.Fprintln(out, "for example:")
		if err := runList.write(out, count.Examples); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.ErrOrStderr(), "to begin, add --expect %d\n", count.Runs)
		return err
	})
}

// begin begins the job.
func (m *many) begin(c *cobra.Command, server *client.Client) error {
	job, err := m.start(server, c.Context(), m.filter, m.expect, m.reason)
	if err == nil && m.follow {
		job, err = followJob(c.Context(), server, job.ID, c.ErrOrStderr())
	}
	if err != nil {
		return err
	}
	return report(c, *m.output, job, func(c *cobra.Command, j *client.Job) error { return m.show(c.OutOrStdout(), j) })
}

func (m *many) show(w io.Writer, j *client.Job) error {
	if !j.Over() {
		_, err := fmt.Fprintf(w, "job %s begins; nudge jobs show %s --follow\n", j.ID, j.ID)
		return err
	}
	return showJob(w, j)
}
