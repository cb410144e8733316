package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nudge/client"
)

func newRunsShow(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "show RUN",
		Short:   "Show what has happened to a run",
		Example: "  nudge runs show 01JCWZ7Q4N0000000000000001",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Run, error) {
		id, err := runID(args[0])
		if err != nil {
			return nil, err
		}
		return a.Run(ctx, id)
	}, textOf(writeRun))
	return c
}

// writeRun shows what a run is, where it stands and what has happened to it.
func writeRun(w io.Writer, r *client.Run) error {
	if !r.Quarantined.IsZero() {
		_, err := fmt.Fprintf(w, "run %s of %s for %s\nquarantined %s: %s\n", r.ID, cmp.Or(r.Flow, "?"), oneLine(cmp.Or(r.Profile, "?")), r.Quarantined, r.Reason)
		return err
	}
	fmt.Fprintf(w, "run %s of %s for %s", r.ID, r.Flow, oneLine(r.Profile))
	if r.Key != "" {
		fmt.Fprintf(w, ", key %s", oneLine(r.Key))
	}
	fmt.Fprintf(w, "\nversion %s\n", r.Version)
	if r.Trace != "" {
		fmt.Fprintf(w, "trace %s\n", r.Trace)
	}
	switch {
	case r.Outcome != "":
		fmt.Fprintf(w, "ended %s: %s\n", r.Ended, r.Outcome)
	case !r.HeldUntil.IsZero():
		fmt.Fprintf(w, "held at %s until %s\n", r.Step, r.HeldUntil)
	case !r.Deadline.IsZero():
		fmt.Fprintf(w, "%s at %s until %s\n", r.Status, r.Step, r.Deadline)
	default:
		fmt.Fprintf(w, "%s at %s\n", r.Status, r.Step)
	}
	_, err := fmt.Fprintln(w)
	for _, e := range r.Timeline {
		_, err = fmt.Fprintf(w, "%s  %s\n", e.At, oneLine(e.Text))
	}
	return err
}
