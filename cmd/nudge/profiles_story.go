package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"nudge/client"
)

const profilesHistoryHelp = `History shows what happened to a person across all flows, newest first: events with what became of
them, messages, receipts, replies, opt-outs, runs, and campaigns that left them out with the reason.

A page has the lines of whole runs, with live runs on the first page.`

func newProfilesHistory(flags *apiFlags) *cobra.Command {
	var q client.HistoryQuery
	c := &cobra.Command{
		Use:     "history ID",
		Short:   "Show what happened to a person, across all flows",
		Long:    profilesHistoryHelp,
		Example: "  nudge profiles history ann\n  nudge profiles history ann --kind message,receipt",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&q.Kind, "kind", "", "only these kinds: event, reply, call, run, message, receipt, step, opt_out, campaign")
	c.Flags().StringVar(&q.Before, "before", "", "where the page begins, as the last page says")
	c.Flags().IntVar(&q.Limit, "limit", usualPage, "runs and single inputs on a page")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.HistoryPage, error) {
		return a.History(ctx, args[0], q)
	}, func(c *cobra.Command, page *client.HistoryPage) error {
		return historyList.page(c, page.History, page.Next)
	})
	return c
}

var historyList = listing[client.HistoryLine]{
	empty: "nothing is in their history", header: []string{"WHEN", "KIND", "FLOW", "RUN", "WHAT"},
	cells: func(l client.HistoryLine) []any { return []any{l.At, l.Kind, l.Flow, l.Run, l.Text} },
}

func newProfilesStanding(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "standing ID",
		Short:   "Show what may be sent to a person, and what comes next",
		Example: "  nudge profiles standing ann",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Standing, error) {
		return a.Standing(ctx, args[0])
	}, textOf(writeStanding))
	return c
}

func writeStanding(w io.Writer, s *client.Standing) error {
	fmt.Fprintf(w, "%s: it is %s there (%s)\n", s.Profile, s.LocalTime, s.TimeZone)
	if s.Held != "" {
		fmt.Fprintf(w, "nothing goes out to them: %s\n", s.Held)
	}
	fmt.Fprintln(w)
	if err := standingList.write(w, s.Categories); err != nil {
		return err
	}
	fmt.Fprintln(w)
	return nextList.write(w, s.Next)
}

var standingList = listing[client.CategoryStanding]{
	empty: "no category is known", header: []string{"CATEGORY", "OPTED OUT", "HOURS", "CAP"},
	cells: func(s client.CategoryStanding) []any {
		return []any{s.Category, optedOutText(s), hoursText(s), capsText(s)}
	},
}

func optedOutText(s client.CategoryStanding) string {
	switch {
	case s.Always:
		return "never"
	case !s.OptedOut:
		return "no"
	case s.OptedOutHow == "":
		return "yes"
	}
	return fmt.Sprintf("since %s %s", s.OptedOutSince, s.OptedOutHow)
}

func hoursText(s client.CategoryStanding) string {
	switch {
	case !s.Open && s.Opens.IsZero():
		return "never open"
	case !s.Open:
		return fmt.Sprintf("opens %s", s.Opens)
	case s.Closes.IsZero():
		return "any"
	}
	return fmt.Sprintf("open until %s", s.Closes)
}

func capsText(s client.CategoryStanding) string {
	var all []string
	for _, c := range s.Caps {
		text := fmt.Sprintf("%d of %s", c.Used, c.Cap)
		if !c.Frees.IsZero() {
			text += fmt.Sprintf(", next at %s", c.Frees)
		}
		all = append(all, text)
	}
	return cmp.Or(strings.Join(all, "; "), "none")
}

var nextList = listing[client.NextThing]{
	empty: "no run is live", header: []string{"NEXT", "WHAT", "FLOW", "STEP", "RUN"},
	cells: func(n client.NextThing) []any {
		at := any(n.At)
		if n.At.IsZero() {
			at = "when something comes"
		}
		return []any{at, n.What, n.Flow, n.Step, n.Run}
	},
}

const profilesExplainHelp = `Explain says why a person did or did not get the messages of a flow or of one campaign. The answer
comes from the history that a server keeps of the person, with the conditions that decided and what
they saw, as far as it is recorded. nudge explain replays a journal: it takes longer, and shows all
values that conditions saw.`

func newProfilesExplain(flags *apiFlags) *cobra.Command {
	var q client.ExplainQuery
	c := &cobra.Command{
		Use:     "explain ID",
		Short:   "Explain why a person did or did not get something",
		Long:    profilesExplainHelp,
		Example: "  nudge profiles explain ann --flow order_shipped\n  nudge profiles explain ann --campaign sale@2026-11-30T09:00:00.000Z",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&q.Flow, "flow", "", "the flow that is asked about")
	c.Flags().StringVar(&q.Campaign, "campaign", "", "the campaign that is asked about")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Explanation, error) {
		return a.Explain(ctx, args[0], q)
	}, textOf(func(w io.Writer, x *client.Explanation) error {
		fmt.Fprintf(w, "%s\n", x.Answer)
		if len(x.Lines) == 0 {
			return nil
		}
		fmt.Fprintln(w)
		if err := historyList.write(w, x.Lines); err != nil {
			return err
		}
		return writeConditions(w, x.Lines)
	}))
	return c
}

// writeConditions shows the conditions that decided, in the order of the lines.
func writeConditions(w io.Writer, lines []client.HistoryLine) error {
	title := "\nconditions that decided:\n"
	for _, l := range lines {
		for i := range l.Conditions {
			fmt.Fprintf(w, "%s  %s  %s\n", title, l.At, oneLine(conditionText(&l.Conditions[i])))
			title = ""
		}
	}
	return nil
}

const profilesExportHelp = `Export writes everything that a server has about a person, one JSON object a line: what is known,
their runs with messages and timelines, and every input, entry of the audit trail and notice that
names them. It is for people who ask what is stored about them. The audit trail says who exported
whom.`

func newProfilesExport(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "export ID",
		Short:   "Export everything about a person",
		Long:    profilesExportHelp,
		Example: "  nudge profiles export ann > ann.jsonl",
		Args:    cobra.ExactArgs(1),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.client()
		if err != nil {
			return err
		}
		for line, err := range a.ExportProfile(c.Context(), args[0]) {
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(c.OutOrStdout(), "%s\n", line); err != nil {
				return failed(err)
			}
		}
		return nil
	}
	return c
}

func newProfilesOptOut(flags *apiFlags) *cobra.Command {
	c := optCommand(flags, "opted out of", (*client.Client).OptOut)
	c.Use, c.Short = "opt-out ID...", "Opt people out of categories"
	c.Example = "  nudge profiles opt-out ann bob --category news\n  nudge profiles opt-out ann --category all"
	return c
}

func newProfilesOptIn(flags *apiFlags) *cobra.Command {
	c := optCommand(flags, "opted in to", (*client.Client).OptIn)
	c.Use, c.Short = "opt-in ID...", "Take back the opt-outs of people"
	c.Long = "Opt-in takes back opt-outs. Who opted out of all is in again only with --category all."
	c.Example = "  nudge profiles opt-in ann bob --category news"
	return c
}

// optCommand changes what people want of categories.
func optCommand(flags *apiFlags, did string, opt func(*client.Client, context.Context, []string, []string) ([]client.LineAnswer, error)) *cobra.Command {
	var categories []string
	c := &cobra.Command{Args: cobra.MinimumNArgs(1)}
	c.Flags().StringSliceVar(&categories, "category", nil, "a category, or all; it may be given several times")
	output := outputFlag(c)
	var ids []string
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) ([]client.LineAnswer, error) {
		ids = args
		return opt(a, ctx, args, categories)
	}, func(c *cobra.Command, answers []client.LineAnswer) error {
		done := 0
		for i, answer := range answers {
			if answer.Error == nil {
				done++
			} else {
				fmt.Fprintf(c.ErrOrStderr(), "%s: %s\n", ids[i], answer.Error.Detail)
			}
		}
		fmt.Fprintf(c.OutOrStdout(), "%d of %s %s %s\n", done, plural(len(answers), "profile"), did, strings.Join(categories, ", "))
		if done < len(answers) {
			return wrongInput(fmt.Errorf("%d could not be changed", len(answers)-done))
		}
		return nil
	})
	return c
}
