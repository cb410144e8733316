package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nudge/client"
)

const jobsHelp = `A job is a long piece of work on a running server: it goes on by itself, shows its progress, and
may be stopped. What it has done by then stays done. The newest 1,000 that are over are kept.`

func newJobs() *cobra.Command {
	c := group("jobs", "List, follow and stop the long work of a running server")
	c.Long = jobsHelp
	flags := addAPIFlags(c)
	c.AddCommand(newJobsList(flags), newJobsShow(flags), newJobsStop(flags))
	return c
}

func newJobsList(flags *apiFlags) *cobra.Command {
	var q client.JobQuery
	c := &cobra.Command{
		Use:     "list",
		Short:   "List jobs, newest first",
		Example: "  nudge jobs list\n  nudge jobs list --state running -o json",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&q.Kind, "kind", "", "only jobs of this kind, for example 'retry runs'")
	c.Flags().StringVar(&q.State, "state", "", "waiting, running, stopped, done, failed or interrupted")
	c.Flags().StringVar(&q.Before, "before", "", "only jobs before this one, as the last page says")
	c.Flags().IntVar(&q.Limit, "limit", usualPage, "jobs on a page")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.JobPage, error) {
		return a.Jobs(ctx, q)
	}, func(c *cobra.Command, page *client.JobPage) error {
		return jobList.page(c, page.Jobs, page.Next)
	})
	return c
}

var jobList = listing[client.Job]{
	empty: "no jobs", header: []string{"JOB", "WHAT", "WHO", "ASKED", "STATE", "PROGRESS"},
	cells: func(j client.Job) []any {
		return []any{j.ID, j.Kind, j.By.Name, j.Asked, j.State, jobProgress(&j)}
	},
}

func newJobsShow(flags *apiFlags) *cobra.Command {
	var follow bool
	c := &cobra.Command{
		Use:     "show JOB",
		Short:   "Show a job, and follow it to its end",
		Example: "  nudge jobs show 01JCWZ7Q4N0000000000000001 --follow",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().BoolVar(&follow, "follow", false, "wait until the job is over")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Job, error) {
		if follow {
			return followJob(ctx, a, args[0], c.ErrOrStderr())
		}
		return a.Job(ctx, args[0])
	}, func(c *cobra.Command, j *client.Job) error { return showJob(c.OutOrStdout(), j) })
	return c
}

func newJobsStop(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "stop JOB",
		Short:   "Stop a job",
		Long:    "Stop stops a job. What it has done by then stays done.",
		Example: "  nudge jobs stop 01JCWZ7Q4N0000000000000001",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Job, error) {
		return a.StopJob(ctx, args[0])
	}, func(c *cobra.Command, j *client.Job) error {
		_, err := fmt.Fprintf(c.OutOrStdout(), "job %s stopped\n", j.ID)
		return err
	})
	return c
}

// followJob waits until a job is over, and shows its progress on a terminal. When ctx ends, only the command stops.
func followJob(ctx context.Context, a *client.Client, id string, errs io.Writer) (j *client.Job, err error) {
	for {
		if j, err = a.Job(ctx, id); err != nil {
			return nil, err
		}
		if j.Over() {
			clearLine(errs)
			return j, nil
		}
		if isTerminal(errs) {
			fmt.Fprint(errs, emptyLine, bar(int64(j.Progress.Done), int64(j.Progress.Total)), j.State, " ", jobProgress(j))
		}
		select {
		case <-time.After(followEvery):
		case <-ctx.Done():
			clearLine(errs)
			return j, ctx.Err()
		}
	}
}

// jobProgress is how far a job has come, in words.
func jobProgress(j *client.Job) string {
	p := &j.Progress
	text := fmt.Sprint(p.Done)
	if p.Total > 0 {
		text += fmt.Sprintf(" of %d", p.Total)
	}
	if p.Failed > 0 {
		text += fmt.Sprintf(", %d failed", p.Failed)
	}
	for _, reason := range slices.Sorted(maps.Keys(p.Skipped)) {
		text += fmt.Sprintf(", %d skipped: %s", p.Skipped[reason], reason)
	}
	return text
}

// showJob shows a job with its parameters and its result.
func showJob(w io.Writer, j *client.Job) error {
	fmt.Fprintf(w, "job %s: %s, asked for by %s at %s\n", j.ID, j.Kind, j.By.Name, j.Asked)
	if len(j.Params) > 0 {
		fmt.Fprintf(w, "with %s\n", oneLine(string(j.Params)))
	}
	state := j.State
	switch {
	case j.Stopping:
		state += ", and about to stop"
	case !j.Ended.IsZero():
		state += " at " + j.Ended.String()
	}
	_, err := fmt.Fprintf(w, "%s: %s\n", state, jobProgress(j))
	if j.Problem != "" {
		_, err = fmt.Fprintln(w, strings.TrimSuffix(oneLine(j.Problem)+"\n"+oneLine(j.Hint), "\n"))
	}
	if len(j.Result) > 0 {
		_, err = fmt.Fprintf(w, "result %s\n", indented(j.Result))
	}
	return err
}

// indented is JSON over several lines, or as it is if it is none.
func indented(raw json.RawMessage) string {
	var tree any
	if json.Unmarshal(raw, &tree) != nil {
		return string(raw)
	}
	out, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		return string(raw)
	}
	return string(out)
}
