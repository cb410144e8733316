package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nudge/client"
)

const noticesHelp = `Nudge tells the endpoints of nudge.yaml what happens, by signed webhooks. What an endpoint has not
taken after ten attempts within about three days is given up, and kept for 30 days.`

func newNotices() *cobra.Command {
	c := group("notices", "List and retry what other systems did not take")
	c.Long = noticesHelp
	flags := addAPIFlags(c)
	c.AddCommand(newNoticesFailed(flags), newNoticesRetry(flags))
	return c
}

func newNoticesFailed(flags *apiFlags) *cobra.Command {
	var before string
	var limit int
	c := &cobra.Command{
		Use:     "failed",
		Short:   "List the notices that were given up, newest first",
		Example: "  nudge notices failed\n  nudge notices failed -o json",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&before, "before", "", "only notices before this place, as the last page says")
	c.Flags().IntVar(&limit, "limit", usualPage, "notices on a page")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.FailedPage, error) {
		return a.FailedNotices(ctx, before, limit)
	}, func(c *cobra.Command, page *client.FailedPage) error {
		return failedList.page(c, page.Notices, page.Next)
	})
	return c
}

var failedList = listing[client.FailedNotice]{
	empty: "every notice was taken, or is still tried", header: []string{"NOTICE", "ENDPOINT", "TYPE", "HAPPENED", "GIVEN UP", "ATTEMPTS", "WHY"},
	cells: func(n client.FailedNotice) []any {
		return []any{n.ID, n.Endpoint, n.Type, n.At, n.Failed, n.Attempts, n.Error}
	},
}

func newNoticesRetry(flags *apiFlags) *cobra.Command {
	var endpoint string
	c := &cobra.Command{
		Use:     "retry [NOTICE…]",
		Short:   "Try notices again that were given up",
		Example: "  nudge notices retry 01020304-1041-0\n  nudge notices retry --endpoint crm",
		Args:    cobra.ArbitraryArgs,
	}
	c.Flags().StringVar(&endpoint, "endpoint", "", "all that this endpoint did not take")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, ids []string) (*client.Retried, error) {
		if (len(ids) > 0) == (endpoint != "") {
			return nil, wrongUsage(errors.New("name either notices, or an endpoint with --endpoint"))
		}
		return a.RetryNotices(ctx, client.NoticeRetry{IDs: ids, Endpoint: endpoint})
	}, textOf(func(w io.Writer, r *client.Retried) error {
		_, err := fmt.Fprintf(w, "%s due now\n", plural(r.Notices, "notice"))
		return err
	}))
	return c
}
