package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nudge/client"
)

const eventsTypesHelp = `Types lists the types of events that arrived, the one that arrived last first: when and from
which token, and how many of the last 24 hours started a run, matched one, led to nothing, were
duplicates or were refused. It lists types that no flow uses, too, with the nearest that one does.

With a TYPE it shows the counts of that type by hour and by day, and the last event that was taken.
Events that a flow emitted are counted by themselves: they arrived from nowhere.`

func newEventsTypes(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "types [TYPE]",
		Short:   "Show what arrives: the types of events, when, and what became of them",
		Long:    eventsTypesHelp,
		Example: "  nudge events types\n  nudge events types order.shipped\n  nudge events types order.shipped -o json",
		Args:    cobra.MaximumNArgs(1),
	}
	output := outputFlag(c)
	all := ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.EventTypes, error) {
		return a.EventTypes(ctx, "", 0)
	}, textOf(writeEventTypes))
	one := ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.EventType, error) {
		return a.EventType(ctx, args[0])
	}, textOf(writeEventType))
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 1 {
			return one(c, args)
		}
		return all(c, args)
	}
	return c
}

var eventTypeList = listing[client.EventType]{
	empty:  "no event has arrived yet",
	header: []string{"TYPE", "LAST", "FROM", "24 HOURS", "STARTED", "MATCHED", "NOTHING", "DUPLICATE", "REFUSED", "EMITTED", "NOTE"},
	cells: func(t client.EventType) []any {
		return []any{t.Type, lastOf(&t), t.From, spark(t.ByHour), t.Day.Started, t.Day.Matched, t.Day.Nothing, t.Day.Duplicate, t.Day.Refused, t.Day.Emitted, noteOf(&t)}
	},
}

func writeEventTypes(w io.Writer, all *client.EventTypes) error {
	types := slices.Clone(all.Types)
	slices.SortStableFunc(types, func(a, b client.EventType) int { return b.Last.Compare(a.Last.Time) })
	err := eventTypeList.write(w, types)
	if r := all.Rest; err == nil && r != nil {
		_, err = fmt.Fprintf(w, "\nof types that are not known, or beyond the first 1,000: %s\n", countsText(r))
	}
	return err
}

// lastOf is when an event of a type came last; of one that only flows emit, when that was.
func lastOf(t *client.EventType) string {
	if t.Last.IsZero() {
		return t.LastEmitted.String()
	}
	return t.Last.String()
}

// noteOf says what is odd about a type.
func noteOf(t *client.EventType) string {
	switch {
	case t.Used:
		return ""
	case t.DidYouMean != "":
		return "no flow uses it; did you mean " + t.DidYouMean + "?"
	}
	return "no flow uses it"
}

// sparks are the heights of a line of numbers.
var sparks = []rune(" ▁▂▃▄▅▆▇█")

// spark draws numbers in one line. The highest fills it, and any but zero can be seen.
func spark(numbers []uint64) string {
	most := slices.Max(append([]uint64{1}, numbers...))
	var b strings.Builder
	for _, n := range numbers {
		height := n * uint64(len(sparks)-1) / most
		if n > 0 {
			height = max(height, 1)
		}
		b.WriteRune(sparks[height])
	}
	return b.String()
}

// countsText is what became of events, without what became of none.
func countsText(c *client.EventCounts) string {
	var parts []string
	for _, x := range []struct {
		word string
		n    uint64
	}{{"started", c.Started}, {"matched", c.Matched}, {"nothing", c.Nothing}, {"duplicate", c.Duplicate}, {"refused", c.Refused}, {"emitted", c.Emitted}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.word))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "none")
}

var spanList = listing[client.EventSpan]{
	empty: "none", header: []string{"SINCE", "STARTED", "MATCHED", "NOTHING", "DUPLICATE", "REFUSED", "EMITTED"},
	cells: func(s client.EventSpan) []any {
		return []any{s.At.UTC().Format(time.DateTime), s.Started, s.Matched, s.Nothing, s.Duplicate, s.Refused, s.Emitted}
	},
}

func writeEventType(w io.Writer, t *client.EventType) error {
	fmt.Fprintf(w, "%s, last %s", oneLine(t.Type), lastOf(t))
	if t.From != "" {
		fmt.Fprintf(w, " from %s", oneLine(t.From))
	}
	fmt.Fprintf(w, "\n%s since %s\n", countsText(&t.Totals), cmp.Or(t.First, t.LastEmitted))
	if note := noteOf(t); note != "" {
		fmt.Fprintln(w, note)
	}
	if p := t.Payload; p != nil {
		fmt.Fprintf(w, "\nlast payload, %s: %s", p.At, p.Verdict)
		if p.Profile != "" {
			fmt.Fprintf(w, ", for %s", oneLine(p.Profile))
		}
		fmt.Fprintf(w, "\n%s\n", oneLine(cmp.Or(string(p.Data), p.Text, "no data")))
		if p.Text != "" {
			fmt.Fprintf(w, "… of %s\n", plural(p.Bytes, "byte"))
		}
	}
	fmt.Fprintln(w, "\nby hour, UTC")
	if err := spanList.write(w, t.Hours); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nby day, UTC")
	return spanList.write(w, t.Days)
}
