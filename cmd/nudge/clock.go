package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nudge/client"
)

const clockHelp = `Clock shows the clock of nudge dev, and what happens by itself next. With an argument it changes
it. Everything that is due on the way happens at its own instant, and the messages of people
wait for nobody: a week passes in a moment.

  +6h, +3d   let so much time pass
  next       let time pass until the next thing that happens by itself
  hold, go   stop the clock, and let it run again

The clock never goes back: what jumped ahead stays ahead when dev is started again. Only nudge
dev and nudge demo have such a clock.`

func newClock() *cobra.Command {
	c := &cobra.Command{
		Use:     "clock [+DURATION|next|hold|go]",
		Short:   "Show the clock of nudge dev, or let time pass",
		Long:    clockHelp,
		Example: "  nudge clock\n  nudge clock +1d\n  nudge clock next",
		Args:    cobra.MaximumNArgs(1),
	}
	flags := addAPIFlags(c)
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.DevClock, error) {
		if len(args) == 0 {
			return a.DevClock(ctx)
		}
		switch word := args[0]; {
		case word == "next":
			return a.DevNext(ctx)
		case word == "hold" || word == "go":
			return a.DevHold(ctx, word == "hold")
		case len(word) > 1 && word[0] == '+':
			return a.DevJump(ctx, word[1:])
		}
		return nil, wrongUsage(errors.New("want +1h, +3d, next, hold or go"))
	}, textOf(writeClock))
	return c
}

func writeClock(out io.Writer, c *client.DevClock) error {
	state := ""
	switch {
	case c.Held:
		state = ", it stands still"
	case c.Speed != 1:
		state = fmt.Sprintf(", %g times as fast as real time", c.Speed)
	}
	fmt.Fprintf(out, "it is %s%s\n", c.Now, state)
	if c.Short {
		fmt.Fprintln(out, "so much happens on the way that the jump ended early; jump again")
	}
	if c.Next == nil {
		_, err := fmt.Fprintln(out, "nothing happens by itself")
		return err
	}
	what := map[string]string{"timer": "the timer of " + c.Next.Run, "schedule": "the schedule of " + c.Next.Flow, "person": "what a person does"}[c.Next.What]
	_, err := fmt.Fprintf(out, "next is %s, at %s\n", what, c.Next.At)
	return err
}
