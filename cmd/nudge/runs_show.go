package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nudge/server"
)

func newRunsShow(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "show RUN",
		Short:   "Tell a run's story",
		Example: "  nudge runs show 01JCWZ7Q4N0000000000000001",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		path, err := runPath(args[0])
		if err != nil {
			return err
		}
		var r server.Run
		if err := a.get(c.Context(), path, nil, &r); err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), r)
		}
		writeRun(c.OutOrStdout(), &r)
		return nil
	}
	return c
}

// writeRun tells what a run is, where it stands and how it came there.
func writeRun(w io.Writer, r *server.Run) {
	fmt.Fprintf(w, "run %s of %s for %s", r.ID, r.Flow, r.Profile)
	if r.Key != "" {
		fmt.Fprintf(w, ", key %s", r.Key)
	}
	fmt.Fprintf(w, "\nversion %s\n", r.Version)
	switch {
	case r.Outcome != "":
		fmt.Fprintf(w, "ended %s: %s\n", r.Ended, r.Outcome)
	case r.HeldUntil != 0:
		fmt.Fprintf(w, "held at %s until %s\n", r.Step, r.HeldUntil)
	case r.Deadline != 0:
		fmt.Fprintf(w, "%s at %s until %s\n", r.Status, r.Step, r.Deadline)
	default:
		fmt.Fprintf(w, "%s at %s\n", r.Status, r.Step)
	}
	fmt.Fprintln(w)
	for _, e := range r.Timeline {
		fmt.Fprintf(w, "%s  %s\n", e.At, e.Text)
	}
}
