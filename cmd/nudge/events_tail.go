package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"nudge/client"
)

const eventsTailHelp = `Tail shows each event as it arrives: when, its type, the person whom it names, what became of it,
and which token sent it. It begins with the last ten that the server remembers since it started.

If the connection is lost, tail connects again and goes on where it was. It says so if the server
has started anew or has sent faster than tail could read, so that events are missing here.`

func newEventsTail(flags *apiFlags) *cobra.Command {
	t := tail{query: client.LiveQuery{Topics: []string{"arrivals"}}}
	c := &cobra.Command{
		Use:     "tail",
		Short:   "Follow the events that arrive",
		Long:    eventsTailHelp,
		Example: "  nudge events tail\n  nudge events tail --type order.shipped\n  nudge events tail --last 100 --count 100 -o json",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&t.query.Type, "type", "", "only events of this type")
	c.Flags().IntVar(&t.query.Last, "last", usualTail, "how many that came before to begin with")
	c.Flags().IntVar(&t.count, "count", 0, "end after so many; 0: never")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		a, err := flags.client()
		if err != nil {
			return err
		}
		if t.count < 0 || t.query.Last < 0 {
			return wrongUsage(errors.New("--last and --count must not be negative"))
		}
		t.out, t.errs, t.output = c.OutOrStdout(), c.ErrOrStderr(), *output
		return t.follow(c.Context(), a)
	}
	return c
}

// usualTail is how many events a tail begins with.
const usualTail = 10

// tail follows the events that arrive.
type tail struct {
	query     client.LiveQuery
	count     int // end after so many; 0: never
	shown     int
	output    format
	out, errs io.Writer
}

// againAfter is how long a tail waits before it connects again.
const againAfter = time.Second

// follow shows events until there were enough or ctx ends. It connects again if it had a connection.
func (t *tail) follow(ctx context.Context, a *client.Client) error {
	for connected := false; ; {
		err := t.read(ctx, a)
		var problem *client.Problem
		var broken *client.AnswerError
		connected = connected || err == nil || errors.As(err, &broken)
		switch {
		case ctx.Err() != nil || t.enough():
			return nil
		case errors.As(err, &problem) && !problem.Temporary(), err != nil && !connected:
			return err
		case err != nil:
			fmt.Fprintf(t.errs, "nudge: %v; trying again\n", err)
		}
		t.query.Last = 0
		select {
		case <-time.After(againAfter):
		case <-ctx.Done():
			return nil
		}
	}
}

func (t *tail) enough() bool { return t.count > 0 && t.shown >= t.count }

// read shows the events of one connection.
func (t *tail) read(ctx context.Context, a *client.Client) error {
	for e, err := range a.Live(ctx, t.query) {
		if err == nil {
			err = t.show(&e)
		}
		if err != nil || t.enough() {
			return err
		}
	}
	return nil
}

// show shows one event.
func (t *tail) show(e *client.LiveEvent) error {
	switch e.Name {
	case "arrival":
		t.query.After = e.ID
		t.shown++
		if t.output == asJSON {
			_, err := fmt.Fprintf(t.out, "%s\n", e.Data)
			return failed(err)
		}
		var x client.Arrival
		if err := json.Unmarshal(e.Data, &x); err != nil {
			return failed(err)
		}
		return failed(t.line(&x))
	case "dropped":
		var n struct{ Lines int }
		if err := json.Unmarshal(e.Data, &n); err != nil {
			return failed(err)
		}
		fmt.Fprintf(t.errs, "nudge: %s came too fast, and are not here\n", plural(n.Lines, "event"))
	case "gap":
		fmt.Fprintln(t.errs, "nudge: the server has started anew; what came before is not here")
	}
	return nil
}

// line shows an event in one line.
func (t *tail) line(x *client.Arrival) error {
	text := fmt.Sprintf("%s  %-9s  %s", x.At, x.Verdict, oneLine(cmp.Or(x.Type, "-")))
	if x.Profile != "" {
		text += " for " + oneLine(x.Profile)
	}
	if x.From != "" {
		text += " from " + oneLine(x.From)
	}
	if x.Code != "" {
		text += ": " + oneLine(x.Code)
	}
	_, err := fmt.Fprintln(t.out, text)
	return err
}
