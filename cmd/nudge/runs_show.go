package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nudge/client"
)

func newRunsShow(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "show RUN",
		Short:   "Show what has happened to a run, and what it waits for",
		Example: "  nudge runs show 01JCWZ7Q4N0000000000000001",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Run, error) {
		id, err := runID(args[0])
		if err != nil {
			return nil, err
		}
		return a.Run(ctx, id)
	}, textOf(writeRun))
	return c
}

// writeRun shows what a run is, where it stands and what has happened to it.
func writeRun(w io.Writer, r *client.Run) error {
	if !r.Quarantined.IsZero() {
		_, err := fmt.Fprintf(w, "run %s of %s for %s\nquarantined %s: %s\n", r.ID, cmp.Or(r.Flow, "?"), oneLine(cmp.Or(r.Profile, "?")), r.Quarantined, r.Reason)
		return err
	}
	fmt.Fprintf(w, "run %s of %s for %s", r.ID, r.Flow, oneLine(r.Profile))
	if r.Key != "" {
		fmt.Fprintf(w, ", key %s", oneLine(r.Key))
	}
	fmt.Fprintf(w, "\nversion %s\n", r.Version)
	if r.Trace != "" {
		fmt.Fprintf(w, "trace %s\n", r.Trace)
	}
	switch {
	case r.Outcome != "":
		fmt.Fprintf(w, "ended %s: %s\n", r.Ended, r.Outcome)
	case !r.HeldUntil.IsZero():
		fmt.Fprintf(w, "held at %s until %s\n", r.Step, r.HeldUntil)
	case !r.Deadline.IsZero():
		fmt.Fprintf(w, "%s at %s until %s\n", r.Status, r.Step, r.Deadline)
	default:
		fmt.Fprintf(w, "%s at %s\n", r.Status, r.Step)
	}
	writeWaits(w, r)
	_, err := fmt.Fprintln(w)
	for _, e := range r.Timeline {
		_, err = fmt.Fprintf(w, "%s  %s\n", e.At, oneLine(e.Text))
		for _, c := range e.Conditions {
			_, err = fmt.Fprintf(w, "%26s%s\n", "", oneLine(conditionText(&c)))
		}
	}
	if sent := slices.IndexFunc(r.Messages, func(m client.Message) bool { return m.Content != nil }); sent >= 0 {
		fmt.Fprintf(w, "\nmessages, rendered again from version %s and what is known now:\n", r.Version)
	}
	for _, m := range r.Messages {
		if m.Content != nil {
			_, err = fmt.Fprintf(w, "%d %s, %s: %s\n", m.Number, m.Step, m.Status, oneLine(contentText(m.Content)))
		}
	}
	return err
}

// writeWaits shows what a live run waits for, and what would follow.
func writeWaits(w io.Writer, r *client.Run) {
	if r.Wakes != nil {
		at := ""
		if !r.Wakes.At.IsZero() {
			at = " at " + r.Wakes.At.String()
		}
		fmt.Fprintf(w, "next%s: %s\n", at, oneLine(r.Wakes.What))
	}
	if len(r.Waits) > 0 {
		fmt.Fprintln(w, "waits for:")
	}
	for _, x := range r.Waits {
		line := x.Place + ": " + x.For
		if !x.At.IsZero() {
			line += " (" + x.At.String() + ")"
		}
		if x.Condition != "" {
			line += ", if " + x.Condition
			if x.Holds != nil && !*x.Holds {
				line += " (false now" + sawText(x.Sees) + ")"
			}
		}
		follows := cmp.Or(x.Then, "the run ends")
		if x.Outcome != "" {
			follows = x.Outcome + ", " + follows
		}
		if x.GoesOn {
			follows += ", and waits on"
		}
		fmt.Fprintf(w, "  %s → %s\n", oneLine(line), oneLine(follows))
	}
}

func conditionText(c *client.Condition) string {
	text := fmt.Sprintf("if %s is %t", c.Text, c.Holds) + sawText(c.Saw)
	if len(c.Unknown) > 0 {
		text += "; not recorded: " + strings.Join(c.Unknown, ", ")
	}
	return text
}

// sawText is what a condition saw, in words.
func sawText(values []client.Value) (text string) {
	for i, v := range values {
		if i == 0 {
			text = ": "
		} else {
			text += ", "
		}
		text += v.Path + " is " + cmp.Or(v.Value, "absent")
	}
	return text
}

// contentText is what a message says, in a line.
func contentText(c *client.Content) string {
	switch {
	case c.Problem != "":
		return "cannot be rendered again: " + c.Problem
	case c.Template != "":
		return "template " + c.Template
	}
	var parts []string
	for _, text := range []string{c.Title, c.Body} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	for _, p := range c.Parts {
		parts = append(parts, "["+p.Type+"] "+cmp.Or(p.URL, p.Data))
	}
	return strings.Join(parts, " · ")
}
