package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/client"
)

// proposalFlags are the flags of nudge flows deploy that are about a proposal.
type proposalFlags struct {
	propose, replace bool
	note, watch      string
	days             int // that watch says; 0: it is not watched
}

// add adds the flags to the verb.
func (f *proposalFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.propose, "propose", false, "propose it, for somebody to approve")
	c.Flags().BoolVar(&f.replace, "replace", false, "withdraw the older open proposals of the same token; with --propose")
	c.Flags().StringVar(&f.watch, "watch", "", "backtest it each hour over the last `DAYS`, for example 7d; with --propose")
	c.Flags().StringVar(&f.note, "note", "", "why, for the person who approves it; with --propose")
}

// read holds that the flags fit together.
func (f *proposalFlags) read() (err error) {
	if f.propose {
		f.days, err = wholeDays("--watch", f.watch)
		return err
	}
	for name, given := range map[string]bool{"--note": f.note != "", "--watch": f.watch != "", "--replace": f.replace} {
		if given {
			err = wrongUsage(errors.New(name + " is for a proposal; add --propose"))
		}
	}
	return err
}

// unchangedState is the state of a proposal that was not made, because there is nothing to propose. Only this verb has it.
const unchangedState = "unchanged"

// run proposes a project. When its flows are the active ones already, there is nothing to do, as with a deploy.
func (f *proposalFlags) run(c *cobra.Command, a *client.Client, p *app.Project, output format) error {
	d, err := a.ProposeDeploy(c.Context(), p.Deployable(), f.note)
	if problem := (*client.Problem)(nil); errors.As(err, &problem) && problem.Kind() == client.KindUnchanged {
		return report(c, output, &client.Deploy{State: unchangedState, Changes: []client.FlowChange{}}, func(c *cobra.Command, _ *client.Deploy) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), problem.Detail)
			return err
		})
	}
	if err == nil && f.replace {
		err = withdrawOlder(c.Context(), a, d)
	}
	if err == nil && f.days > 0 {
		id := d.ID
		if d, err = a.WatchDeploy(c.Context(), id, client.BacktestOf{Days: f.days}); err != nil {
			return fmt.Errorf("proposal %s is open, and not watched: %w", id, err)
		}
	}
	if err != nil {
		return err
	}
	return report(c, output, d, writeProposed)
}

func writeProposed(c *cobra.Command, d *client.Deploy) error {
	out := c.OutOrStdout()
	if err := writeChanges(out, d.Changes); err != nil {
		return err
	}
	if d.Watch != nil {
		fmt.Fprintln(out, watchedText(d.Watch))
	}
	there := ""
	if target := c.Flag("target"); target != nil && target.Value.String() != "" {
		there = " --target " + target.Value.String()
	}
	_, err := fmt.Fprintf(out, "proposal %s is open; somebody approves it with nudge deploys approve %s%s\n", d.ID, d.ID, there)
	return err
}

// withdrawOlder withdraws the other open proposals of whoever has made one.
func withdrawOlder(ctx context.Context, a *client.Client, newest *client.Deploy) error {
	for before := ""; ; {
		page, err := a.Deploys(ctx, before, mostOnPage)
		if err != nil {
			return err
		}
		for i := range page.Deploys {
			d := &page.Deploys[i]
			if (d.State == "open" || d.State == "stale") && d.By.Name == newest.By.Name && d.ID != newest.ID {
				if _, err := a.WithdrawDeploy(ctx, d.ID); err != nil {
					return fmt.Errorf("proposal %s is open; the older proposal %s could not be withdrawn: %w", newest.ID, d.ID, err)
				}
			}
		}
		if before = page.Next; before == "" {
			return nil
		}
	}
}

// mostOnPage is the most that a page of a list has.
const mostOnPage = 500
