package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"nudge/client"
)

// filterFlags adds the flags that select runs.
func filterFlags(c *cobra.Command, f *client.RunFilter) {
	filterFlagsBeside(c, f)
	c.Flags().StringVar(&f.Reason, "reason", "", "only runs with a message that has this reason, or that failed for it")
}

// filterFlagsBeside adds the flags that select runs beside a --reason of another meaning.
func filterFlagsBeside(c *cobra.Command, f *client.RunFilter) {
	text := func(into *string, name, help string) { c.Flags().StringVar(into, name, "", help) }
	text(&f.Flow, "flow", "only runs of this flow")
	text(&f.Version, "version", "only runs of this version")
	text(&f.Profile, "profile", "only runs of this person")
	text(&f.Key, "key", "only runs with this key")
	text(&f.Status, "status", "live or ended")
	text(&f.Outcome, "outcome", "only runs with this outcome")
	text(&f.Step, "step", "only runs that stand at this step, or ended there; with --message-status: whose message of this step is so")
	text(&f.Line, "line", "only runs in which a wait ended with this outcome; STEP/OUTCOME for one wait")
	text(&f.Arm, "arm", "only runs that took this arm; STEP/ARM for one branch or split")
	text(&f.MessageStatus, "message-status", "only runs with a message of this status")
	text(&f.Failure, "failure", "only runs of this group, as nudge runs failures names it")
	text(&f.Campaign, "campaign", "only runs of this campaign")
	c.Flags().Var(&timeFlag{&f.StartedFrom}, "started-from", "only runs that started then or later, for example 2026-11-30T09:00:00Z")
	c.Flags().Var(&timeFlag{&f.StartedBefore}, "started-before", "only runs that started before")
	c.Flags().Var(&timeFlag{&f.EndedFrom}, "ended-from", "only runs that ended then or later")
	c.Flags().Var(&timeFlag{&f.EndedBefore}, "ended-before", "only runs that ended before")
}

// timeFlag is a flag whose value is an instant.
type timeFlag struct{ at *client.Time }

func (f *timeFlag) String() string {
	if f.at == nil || f.at.IsZero() {
		return ""
	}
	return f.at.String()
}

func (f *timeFlag) Set(text string) error {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return errors.New("want a time in RFC 3339, such as 2026-11-30T09:00:00Z")
	}
	*f.at = client.Time{Time: t}
	return nil
}

func (f *timeFlag) Type() string { return "time" }
