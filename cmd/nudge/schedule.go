package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"nudge/client"
)

const scheduleHelp = `Schedule lists the next campaigns of a running server's schedules, with how many rows the last
campaign of each flow had. With --from or --to it lists those of a range, and before them the
campaigns that were due in it. A day is that of UTC.`

// schedule is the list of campaigns to come as -o json writes it.
type schedule struct {
	Firings   []client.Upcoming `json:"firings"`
	Campaigns []client.Campaign `json:"campaigns,omitempty"`
	More      bool              `json:"more,omitempty"`
}

func newSchedule() *cobra.Command {
	n, from, to := 10, "", ""
	c := &cobra.Command{
		Use:     "schedule",
		Short:   "List the next campaigns of a running server's schedules",
		Long:    scheduleHelp,
		Example: "  nudge schedule -n 20\n  nudge schedule --from 2027-03-01 --to 2027-04-01",
		Args:    cobra.NoArgs,
	}
	c.Flags().IntVarP(&n, "number", "n", n, "campaigns to list")
	c.Flags().StringVar(&from, "from", "", "the first `DAY` or instant of a range; default now")
	c.Flags().StringVar(&to, "to", "", "the `DAY` or instant behind the range; default a month after its first")
	flags := addAPIFlags(c)
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (schedule, error) {
		if from == "" && to == "" {
			upcoming, err := a.Schedule(ctx, n)
			return schedule{Firings: append([]client.Upcoming{}, upcoming...)}, err
		}
		first, last, err := rangeOf(from, to, time.Now())
		if err != nil {
			return schedule{}, err
		}
		calendar, err := a.Calendar(ctx, first, last)
		if err != nil {
			return schedule{}, err
		}
		return schedule(*calendar), nil
	}, func(c *cobra.Command, s schedule) error {
		if len(s.Campaigns) > 0 {
			if err := campaignList.write(c.OutOrStdout(), s.Campaigns); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout())
		}
		err := scheduleList.write(c.OutOrStdout(), s.Firings)
		if s.More {
			fmt.Fprintln(c.ErrOrStderr(), "there are more: name a shorter range")
		}
		return err
	})
	return c
}

// rangeOf reads the days or instants of a range.
func rangeOf(from, to string, now time.Time) (first, last time.Time, err error) {
	read := func(text string, usual time.Time) time.Time {
		if text == "" {
			return usual
		}
		for _, layout := range []string{time.DateOnly, time.RFC3339} {
			if t, failed := time.Parse(layout, text); failed == nil {
				return t
			}
		}
		err = wrongUsage(fmt.Errorf("%q is neither a day such as 2027-03-01 nor an instant such as 2027-03-01T09:00:00Z", text))
		return usual
	}
	first = read(from, now)
	last = read(to, first.AddDate(0, 1, 0))
	if err == nil && !last.After(first) {
		err = wrongUsage(errors.New("--to must be after --from"))
	}
	return first, last, err
}

var scheduleList = listing[client.Upcoming]{
	empty: "no schedules", header: []string{"AT", "FLOW", "SCHEDULE", "LAST AUDIENCE"},
	cells: func(u client.Upcoming) []any {
		last := ""
		if u.Last != "" {
			last = fmt.Sprint(u.LastAudience)
		}
		return []any{u.At, u.Flow, u.Words, last}
	},
}
