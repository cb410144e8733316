package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nudge/client"
)

const flowsStatsHelp = `Stats shows what became of the runs of a flow: where they are, which lines, arms and exits
they took, what became of the messages, and how the arms of a split differ. It counts the runs
that started in a span, wherever they are now, so everybody is somewhere. Without a flow it
lists all that are active, with those who started in the last 14 days.

A message counts once a run, by the best that the step's messages came to. Of an arm only
messages after the split count. Differences are given with their interval of 95 %; with fewer
than 100 runs in an arm there are too few to tell. Who looks often finds differences by chance.`

func newFlowsStats(flags *apiFlags) *cobra.Command {
	var q client.CountsQuery
	c := &cobra.Command{
		Use:     "stats [FLOW]",
		Short:   "Show what became of the runs of a flow",
		Long:    flowsStatsHelp,
		Example: "  nudge flows stats\n  nudge flows stats order_shipped\n  nudge flows stats order_shipped --since 24h\n  nudge flows stats order_shipped --since all -o json",
		Args:    cobra.MaximumNArgs(1),
	}
	c.Flags().StringVar(&q.Version, "version", "", "of this version; the active one without it")
	c.Flags().StringVar(&q.Since, "since", "", "runs that started from then on: a duration such as 14d, a time such as 2026-11-01T00:00:00Z, or all (default 14d)")
	c.Flags().StringVar(&q.Until, "until", "", "runs that started before then")
	output := outputFlag(c)
	one := ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.FlowCounts, error) {
		return a.Counts(ctx, args[0], q)
	}, textOf(writeStats))
	all := ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) ([]client.FlowSums, error) {
		return allSums(ctx, a)
	}, textOf(flowSums.write))
	c.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == 1:
			return one(c, args)
		case q != client.CountsQuery{}:
			return wrongUsage(errors.New("--version, --since and --until go with a flow: name one"))
		}
		return all(c, args)
	}
	return c
}

// allSums reads the sums of all active flows, page by page.
func allSums(ctx context.Context, a *client.Client) (all []client.FlowSums, err error) {
	for after := ""; ; {
		page, err := a.AllCounts(ctx, after, 0)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Flows...)
		if after = page.Next; after == "" {
			return all, nil
		}
	}
}

var flowSums = listing[client.FlowSums]{
	empty: "no flow is active", header: []string{"FLOW", "STARTED IN 14 DAYS", "HERE NOW", "GOAL", "ENDED", "FAILED"},
	cells: func(f client.FlowSums) []any {
		return []any{f.Flow, f.Started, f.Here, f.Goal, f.Ended, f.Failed}
	},
}

// statsBar is the width of the longest bar, in characters.
const statsBar = 24

// writeStats shows counts.
func writeStats(out io.Writer, f *client.FlowCounts) error {
	state := "old"
	if f.Active {
		state = "active"
	}
	from := "in all"
	if !f.Since.IsZero() {
		from = "since " + f.Since.String()
	}
	n := &f.Counts
	all := n.Started + n.MovedIn
	fmt.Fprintf(out, "%s %s (%s): %d runs started %s\n", f.Flow, f.Version, state, n.Started, from)
	if n.MovedIn > 0 {
		fmt.Fprintf(out, "%d came from other versions\n", n.MovedIn)
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	part := func(name string, runs int64) {
		if runs != 0 {
			fmt.Fprintf(w, "  %s\t%d\t%s\t%s\n", name, runs, percent(runs, all), statBar(runs, all))
		}
	}
	part("here now", n.Here)
	for _, o := range n.Outcomes {
		name := o.Name
		if isGoal(f, o.Name) {
			name += " (goal)"
		}
		part(name, o.Runs)
	}
	part("moved on", n.MovedOut)
	part("left out", n.LeftOut)
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	if f.Elsewhere > 0 {
		fmt.Fprintf(out, "%d more are here that started at another time\n", f.Elsewhere)
	}
	for _, v := range f.Versions {
		if v.Version != f.Version && v.Started > 0 {
			fmt.Fprintf(out, "version %s has had %d runs, %d are live: --version %s\n", v.Version, v.Started, v.Live, v.Version)
		}
	}
	writeStatsSteps(out, n)
	for i := range n.Splits {
		if err := writeStatsSplit(out, &n.Splits[i]); err != nil {
			return failed(err)
		}
	}
	return nil
}

// isGoal reports whether an outcome is that of an exit that is the goal.
func isGoal(f *client.FlowCounts, outcome string) bool {
	return slices.ContainsFunc(f.Counts.Exits, func(e client.ExitCounts) bool { return e.Goal && e.As == outcome })
}

// writeStatsSteps shows the steps in their order, and the ways out of the flow.
func writeStatsSteps(out io.Writer, n *client.Counts) {
	most := int64(1)
	for _, s := range n.Steps {
		most = max(most, s.Came)
	}
	for _, s := range n.Steps {
		fmt.Fprintf(out, "\n%s (%s)  %d came", s.Step, s.Verb, s.Came)
		if s.Here != 0 {
			fmt.Fprintf(out, ", %d here", s.Here)
		}
		if s.Skipped != 0 {
			fmt.Fprintf(out, ", %d passed over", s.Skipped)
		}
		fmt.Fprintf(out, "  %s\n", statBar(s.Came, most))
		if s.Send != nil {
			writeStatsSend(out, s.Send, "  ")
		}
		for _, line := range slices.Concat(s.Lines, s.Ends, s.Arms) {
			if line.Taken != 0 {
				fmt.Fprintf(out, "  → %s %d\n", lineName(line), line.Taken)
			}
		}
	}
	for _, e := range n.Exits {
		if e.Taken == 0 {
			continue
		}
		var from []string
		for _, f := range e.From {
			from = append(from, fmt.Sprintf("%s %d", cmp.Or(f.Step, "the start"), f.Taken))
		}
		goal := ""
		if e.Goal {
			goal = " (goal)"
		}
		fmt.Fprintf(out, "\nleft by %s%s  %d: from %s\n", e.As, goal, e.Taken, strings.Join(from, ", "))
	}
}

// lineName is the outcome of a line, and its signal where that says more.
func lineName(l client.LineCount) string {
	switch {
	case l.As == "":
		return "no arm"
	case l.On == "" || l.On == l.As:
		return l.As
	}
	return fmt.Sprintf("%s (%s)", l.As, l.On)
}

// writeStatsSend shows what became of the messages of a step.
func writeStatsSend(out io.Writer, s *client.SendCounts, indent string) {
	row := func(name string, runs, of int64) {
		if runs != 0 || name == "sent" || name == "read" {
			fmt.Fprintf(out, "%s%-8s %6d  %6s  %s\n", indent, name, runs, percent(runs, of), statBar(runs, of))
		}
	}
	row("sent", s.Sent, s.Runs)
	row("read", s.Read, s.Sent)
	row("replied", s.Replied, s.Sent)
	row("goal", s.Goal, s.Sent)
	for _, status := range slices.Sorted(maps.Keys(s.Status)) {
		switch status {
		case "accepted", "sent", "delivered", "read", "unsent":
		default:
			fmt.Fprintf(out, "%s%-8s %6d\n", indent, status, s.Status[status])
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(s.Unsent)) {
		fmt.Fprintf(out, "%snot sent %6d  %s\n", indent, s.Unsent[reason], reason)
	}
	var times []string
	for _, r := range s.ReadIn {
		if within := "within " + r.Within; r.Within != "" {
			times = append(times, fmt.Sprintf("%d %s", r.Runs, within))
		} else {
			times = append(times, fmt.Sprintf("%d later", r.Runs))
		}
	}
	if len(times) > 0 {
		fmt.Fprintf(out, "%sread: %s\n", indent, strings.Join(times, ", "))
	}
}

// writeStatsSplit compares the arms of a split.
func writeStatsSplit(out io.Writer, s *client.SplitCounts) error {
	fmt.Fprintf(out, "\narms of %s\n", s.Step)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, a := range s.Arms {
		cells := []string{fmt.Sprintf("  %s\t%d runs", a.Arm, a.Runs), fmt.Sprintf("goal %d %s", a.Goal, percent(a.Goal, a.Runs))}
		for _, send := range a.Sends {
			cells = append(cells, fmt.Sprintf("%s read %d %s", send.Step, send.Read, percent(send.Read, send.Sent)))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, c := range s.Comparisons {
		what := c.What
		if c.Step != "" {
			what += " of " + c.Step
		}
		fmt.Fprintf(out, "  %s: %s\n", what, c.Says)
	}
	return nil
}

// percent is a share in percent with one decimal; a dash of nothing.
func percent(part, whole int64) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// statBar is a bar for a share. What is not nothing has at least a sliver.
func statBar(part, whole int64) string {
	if part <= 0 || whole <= 0 {
		return ""
	}
	eighths := max(1, int(math.Round(8*statsBar*min(1, float64(part)/float64(whole)))))
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return bar
}
