package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"nudge/client"
)

const healthHelp = `Health says what stops messages on a running server: the outbound mode and the kill switch,
accounts that take nothing, timers that are late, webhooks that do not come, the disk, and times
of schedules that were missed. What needs somebody comes first; then the exit code is 1.

With --ready or --live it asks one question and needs no token, for probes of a service manager or a
container: exit code 0 for yes, and 1 for no or no answer within --timeout.

  --ready   the server takes requests: its store answers, its disk has room, its engine moves
  --live    the process answers`

// probeTimeout is how long a probe waits for the answer if --timeout does not say.
const probeTimeout = 2 * time.Second

func newHealth() *cobra.Command {
	c := &cobra.Command{
		Use:     "health",
		Short:   "Say what stops messages on a running server",
		Long:    healthHelp,
		Example: "  nudge health\n  nudge health -o json\n  nudge health --ready --server https://nudge.internal:8080 --ca ca.pem",
		Args:    cobra.NoArgs,
	}
	flags := addAPIFlags(c)
	output := outputFlag(c)
	var ready, live bool
	var timeout time.Duration
	c.Flags().BoolVar(&ready, "ready", false, "only ask whether the server takes requests")
	c.Flags().BoolVar(&live, "live", false, "only ask whether the process answers")
	c.Flags().DurationVar(&timeout, "timeout", probeTimeout, "how long --ready and --live wait")
	c.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case ready && live:
			return wrongUsage(errors.New("ask either --ready or --live"))
		case ready:
			return probe(c, flags, *output, "ready", timeout)
		case live:
			return probe(c, flags, *output, "healthy", timeout)
		}
		needs := 0
		err := ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.Health, error) {
			h, err := a.Health(ctx)
			if err == nil {
				needs = len(h.Needs)
			}
			return h, err
		}, textOf(writeHealth))(c, args)
		if err == nil && needs > 0 {
			return wrongInput(errShown)
		}
		return err
	}
	return c
}

// probed is a question that the server answered with yes.
type probed struct {
	Is string `json:"is"` // ready or healthy
}

// probe asks whether the server is ready, or healthy. A server that is not there is an answer too: no.
func probe(c *cobra.Command, flags *apiFlags, output format, is string, timeout time.Duration) error {
	server, err := flags.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context(), timeout)
	defer cancel()
	ask := server.Ready
	if is == "healthy" {
		ask = server.Healthy
	}
	if err := ask(ctx); err != nil {
		return wrongInput(err)
	}
	return report(c, output, probed{is}, textOf(func(w io.Writer, p probed) error {
		_, err := fmt.Fprintln(w, p.Is)
		return err
	}))
}

// writeHealth shows what needs somebody, and then the rest.
func writeHealth(out io.Writer, h *client.Health) error {
	if len(h.Needs) == 0 {
		fmt.Fprintln(out, "nothing needs you")
	}
	for _, n := range h.Needs {
		fmt.Fprintf(out, "NEEDS YOU: %s%s\n", n.Detail, ago(", for ", h.At, n.Since))
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(what, text string, values ...any) { fmt.Fprintf(w, "%s\t%s\n", what, fmt.Sprintf(text, values...)) }
	row("outbound", "%s", outboundWords(h.Outbound))
	for i := range h.Accounts {
		row("account "+h.Accounts[i].Account, "%s", accountWords(h.At, &h.Accounts[i]))
	}
	for _, hook := range h.Webhooks {
		row("webhooks", "%s: %s", hook.Channel, agoOr("last one ", client.Time{Time: time.Now()}, hook.Heard, "none since the start"))
	}
	q := h.Queues
	row("queues", "%d commands, %d results, %d receipts and replies, %d events; the oldest of the last step had waited %d ms", q.Commands, q.Results, q.Inbound, q.Events, q.WaitedMS)
	row("timers", "%s", timerWords(h))
	row("store", "%s", storeWords(&h.Store))
	for _, m := range h.Missed {
		row("missed", "%s of %s, the last at %s: %s", plural(m.Times, "time"), m.Flow, m.Last, m.Reason)
	}
	if m := h.Migrations; m != nil {
		row("migrations", "under way since %s; %s offered to new versions", m.Since, plural(m.Offered, "run"))
	}
	reload := "read " + h.Reload.At.String()
	if h.Reload.Error != "" {
		reload = "failed " + h.Reload.At.String() + ": " + h.Reload.Error
	}
	row("project", "%s", reload)
	row("process", "started %s", h.Started)
	return failed(w.Flush())
}

func outboundWords(o client.HealthOutbound) string {
	switch {
	case o.Killed:
		return "the kill switch is on; the mode is " + o.Mode
	case o.Mode == "only":
		return "only to " + plural(o.Only, "profile")
	}
	return o.Mode
}

func accountWords(now client.Time, a *client.HealthAccount) string {
	words := []string{"takes messages"}
	if a.Held {
		words = []string{"held since " + a.Since.String() + ": " + a.Why + "; next try " + a.Next.String()}
	}
	words = append(words, plural(a.Waiting, "message")+" waiting",
		agoOr("last accepted ", now, a.Posted, "none accepted yet"), agoOr("last news ", now, a.Heard, "no news yet"))
	return strings.Join(words, ", ")
}

func timerWords(h *client.Health) string {
	if h.Timers.Overdue == 0 {
		return "none overdue"
	}
	more := ""
	if h.Timers.More {
		more = " and more"
	}
	return fmt.Sprintf("%d%s overdue, the oldest since %s", h.Timers.Overdue, more, h.Timers.Oldest)
}

func storeWords(s *client.HealthStore) string {
	text := fmt.Sprintf("file %s, %s of it free", mebibytes(s.FileBytes), mebibytes(s.FreeBytes))
	if s.DiskBytes != nil {
		text += fmt.Sprintf("; disk %s left, nothing new is taken below %s", mebibytes(*s.DiskBytes), mebibytes(s.DiskLeast))
	}
	return text
}

// agoOr says how long ago something was, or a text for never.
func agoOr(before string, now, at client.Time, never string) string {
	if at.IsZero() {
		return never
	}
	return before + now.Sub(at.Time).Round(time.Second).String() + " ago"
}

// ago says how long something has lasted, if that is known.
func ago(before string, now, at client.Time) string {
	if at.IsZero() {
		return ""
	}
	return before + now.Sub(at.Time).Round(time.Second).String()
}
