package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"nudge/client"
)

const flowsShowHelp = `Show shows one version of a flow on a running server: what starts it, its steps in order with the
lines and arms that lead on, how a run can end, the events that it names, and its versions with
when each was active. --files prints the files that it was made of instead.`

func newFlowsShow(flags *apiFlags) *cobra.Command {
	var version string
	var files bool
	c := &cobra.Command{
		Use:     "show FLOW",
		Short:   "Show a flow",
		Long:    flowsShowHelp,
		Example: "  nudge flows show order_shipped\n  nudge flows show order_shipped --version 3f1376086c6c2f22 --files",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&version, "version", "", "this version; the active one without it")
	c.Flags().BoolVar(&files, "files", false, "print the files that it was made of")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.FlowDetail, error) {
		return a.Flow(ctx, args[0], version)
	}, textOf(func(out io.Writer, f *client.FlowDetail) error {
		if files {
			return writeFlowFiles(out, f.Files)
		}
		return writeFlow(out, f)
	}))
	return c
}

// writeFlow shows a flow.
func writeFlow(out io.Writer, f *client.FlowDetail) error {
	state := "old"
	if f.Active {
		state = "active"
	}
	fmt.Fprintf(out, "%s %s (%s), started by %s\n", f.Flow, f.Version, state, strings.Join(f.Triggers, " or "))
	if f.About != "" {
		fmt.Fprintln(out, oneLine(f.About))
	}
	for _, l := range f.Exits {
		fmt.Fprintf(out, "  ends at any time by %s: %s\n", oneLine(l.Words), goalName(l.As, l.Goal))
	}
	for i := range f.Steps {
		s := &f.Steps[i]
		fmt.Fprintf(out, "%s  %s  %s:%d\n", s.Step, oneLine(s.Words), s.At.File, s.At.Line)
		for _, l := range s.Lines {
			fmt.Fprintf(out, "  %s: %s → %s\n", l.As, oneLine(l.Words), cmp.Or(l.Then, "end"))
		}
		for _, a := range s.Arms {
			fmt.Fprintf(out, "  %s → %s\n", strings.TrimSpace(a.As+" "+oneLine(a.If)), cmp.Or(a.Then, "end"))
		}
	}
	var ends []string
	for _, o := range f.Outcomes {
		ends = append(ends, goalName(o.Name, o.Goal))
	}
	fmt.Fprintf(out, "ends as %s\n", strings.Join(ends, ", "))
	for _, e := range f.Events {
		fmt.Fprintf(out, "event %s (%s) %s\n", e.Type, strings.Join(e.Uses, ", "), fieldNames(e.Fields))
	}
	fmt.Fprintln(out)
	return flowVersionList.write(out, f.Versions)
}

func goalName(as string, goal bool) string {
	if goal {
		return as + " (goal)"
	}
	return as
}

// fieldNames are the fields of an event with their types.
func fieldNames(fields []client.FlowField) string {
	var names []string
	for _, f := range fields {
		names = append(names, f.Path+": "+f.Type)
	}
	return strings.Join(names, ", ")
}

var flowVersionList = listing[client.VersionOfFlow]{
	header: []string{"VERSION", "", "SINCE", "BY", "UNTIL", "STARTED", "LIVE"},
	cells: func(v client.VersionOfFlow) []any {
		state := "old"
		if v.Active {
			state = "active"
		}
		return []any{v.Version, state, timeOrNothing(v.Since), v.By, timeOrNothing(v.Until), v.Started, v.Live}
	},
}

func timeOrNothing(t client.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.String()
}

// writeFlowFiles prints files one after the other. Of those that messages carry there are only the names.
func writeFlowFiles(out io.Writer, files []client.FlowFile) error {
	for _, f := range files {
		text := f.Text
		if text == "" {
			text = fmt.Sprintf("# %d bytes\n", f.Bytes)
		}
		if _, err := fmt.Fprintf(out, "# %s\n%s\n", f.Name, strings.TrimRight(text, "\n")); err != nil {
			return err
		}
	}
	return nil
}
