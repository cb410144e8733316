package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nudge/client"
	"nudge/flows"
)

const deploysWatchHelp = `Watch backtests a proposal at once and then each hour, until somebody approves or withdraws it,
another deploy makes it stale, or 14 days have passed; watch it again for 14 more. Each backtest is
a job of the server. nudge deploys show says what the newest one found out, and how that differs
from the one before.`

func newDeploysWatch(flags *apiFlags) *cobra.Command {
	var of client.BacktestOf
	c := &cobra.Command{
		Use:     "watch ID",
		Short:   "Backtest a proposal each hour",
		Long:    deploysWatchHelp,
		Example: "  nudge deploys watch 12\n  nudge deploys watch 12 --days 30 --receipts like-others",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().IntVar(&of.Days, "days", 7, "how far back each backtest goes")
	c.Flags().StringVar(&of.Receipts, "receipts", "unread", "what people do with messages that were never sent: unread or like-others")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Deploy, error) {
		return a.WatchDeploy(ctx, args[0], of)
	}, textOf(func(out io.Writer, d *client.Deploy) error {
		_, err := fmt.Fprintf(out, "proposal %s is watched\n%s\n", d.ID, watchedText(d.Watch))
		return err
	}))
	return c
}

func newDeploysUnwatch(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "unwatch ID",
		Short:   "Stop watching a proposal",
		Example: "  nudge deploys unwatch 12",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Deploy, error) {
		return a.UnwatchDeploy(ctx, args[0])
	}, textOf(func(out io.Writer, d *client.Deploy) error {
		_, err := fmt.Fprintf(out, "proposal %s is not watched\n", d.ID)
		return err
	}))
	return c
}

// wholeDays reads a duration that is a number of days; 0 for an empty text.
func wholeDays(flag, text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	d, err := flows.ParseDuration(text)
	if err == nil && (d.Days < 1 || d.Clock != 0) {
		err = errors.New("want whole days, such as 7d")
	}
	if err != nil {
		return 0, wrongUsage(fmt.Errorf("%s %q: %w", flag, text, err))
	}
	return d.Days, nil
}

// watchedText says how a proposal is watched.
func watchedText(w *client.Watch) string {
	text := fmt.Sprintf("watched: each hour until %s, over the last %s", w.Until, plural(w.Days, "day"))
	switch {
	case w.Next.IsZero():
		text = fmt.Sprintf("watched until %s, and no longer", w.Until)
	case w.Asked.IsZero():
		text += "; the first backtest begins now"
	default:
		text += fmt.Sprintf("; next at %s", w.Next)
	}
	if w.Problem != "" {
		text += fmt.Sprintf("\n  the last one %s: %s", w.State, oneLine(w.Problem))
	}
	return text
}

// writeEarlier says what a backtest found out that the one before it had not.
func writeEarlier(out io.Writer, was *client.Backtested, before, after, differ int) {
	fmt.Fprintf(out, "  since the backtest at %s: %d → %d messages now, %d → %d with it; %d → %d people with a difference\n",
		was.Done, was.Before.Messages, before, was.After.Messages, after, was.Differ, differ)
}
