package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/flows"
	"nudge/whatif/backtest"
)

const backtestHelp = `Backtest plays what really happened in the last days again: the events, replies and receipts,
in virtual time, once with the deployed flows and once with the flows of the folder. It
shows the difference in messages. It sends nothing.

It knows how people reacted to messages that the deployed flows sent too. New messages count
as unread; --receipts like-others gives them what others did with the same template.

It reads the journal of the running server. With --store it reads a data folder whose server
has stopped, or a copy of one.

With -o markdown the report is a comment for a pull request, as that of nudge plan is. It names
no people.`

const backtestExample = `  nudge backtest --since 7d
  nudge backtest shop --since 2026-11-01 --receipts like-others
  nudge backtest --store data -o json
  nudge backtest --target production -o markdown`

// backtestFlags are the flags of nudge backtest.
type backtestFlags struct {
	api      *apiFlags
	store    string
	since    string
	receipts string
	people   int
	output   *format
}

func newBacktest() *cobra.Command {
	c := &cobra.Command{
		Use:     "backtest [DIR]",
		Short:   "Show what edited flows would have sent",
		Long:    backtestHelp,
		Example: backtestExample,
		Args:    cobra.MaximumNArgs(1),
	}
	f := &backtestFlags{api: addAPIFlags(c), output: outputFlagOf(c, asText, asJSON, asMarkdown)}
	flags := c.Flags()
	flags.StringVar(&f.store, "store", "", "read the journal of this data folder instead of the server's")
	flags.StringVar(&f.since, "since", "7d", "how far back: a duration such as 7d, a date, an instant, or all")
	flags.StringVar(&f.receipts, "receipts", string(backtest.Unread), "what people did with messages that were never sent: unread or like-others")
	flags.IntVar(&f.people, "people", 20, "people to show, those with the most differences first")
	c.RunE = func(c *cobra.Command, args []string) error { return runBacktest(c, dirArgument(args), f) }
	return c
}

func runBacktest(c *cobra.Command, dir string, f *backtestFlags) error {
	o, err := f.options(time.Now())
	if err != nil {
		return err
	}
	p, err := app.Load(dir, app.LocalSettings(os.LookupEnv), c.ErrOrStderr())
	if err != nil {
		return err
	}
	o.Zone = p.Zone
	f.api.in(dir)
	from, err := f.journals(c)
	if err != nil {
		return err
	}
	defer from.Close()
	bar := newProgress(c.ErrOrStderr(), "input", nil)
	o.Progress = bar.shared()
	report, err := backtest.Run(c.Context(), from.sources(), p.Bundles(), o)
	bar.clear()
	switch {
	case errors.Is(err, backtest.ErrNothing):
		return wrongInput(fmt.Errorf("%w; --since all takes everything", err))
	case err != nil:
		return failed(err)
	}
	switch *f.output {
	case asJSON:
		return writeJSON(c.OutOrStdout(), report)
	case asMarkdown:
		return failed(writeBacktestComment(c.OutOrStdout(), report, p.Zone, p.Name, f.api.target))
	}
	return writeBacktest(c.OutOrStdout(), report, p.Zone, f.people)
}

// options returns the options that the flags give, at an instant.
func (f *backtestFlags) options(now time.Time) (o backtest.Options, err error) {
	o.Assume = backtest.Assumption(f.receipts)
	if o.Assume != backtest.Unread && o.Assume != backtest.LikeOthers {
		return o, wrongUsage(fmt.Errorf("--receipts %q: want unread or like-others", f.receipts))
	}
	o.Since, err = since(f.since, now)
	return o, err
}

// since returns the instant that a text names.
func since(text string, now time.Time) (time.Time, error) {
	if text == "all" {
		return time.Time{}, nil
	}
	if d, err := flows.ParseDuration(text); err == nil {
		return now.AddDate(0, 0, -d.Days).Add(-d.Clock), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, wrongUsage(fmt.Errorf("--since %q: want a duration such as 7d, a date such as 2026-11-01, or all", text))
}

// journals opens the journals that the flags name.
func (f *backtestFlags) journals(c *cobra.Command) (*journals, error) {
	// The worlds allocate much garbage; collecting it rarely halves the time.
	debug.SetGCPercent(400)
	return openJournals(c, f.api, f.store, ofAll)
}
