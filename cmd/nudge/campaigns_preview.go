package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nudge/client"
)

const previewHelp = `Preview shows what a campaign of a flow would do if it started now: how many people it
has, which rows cannot be read, ten of its messages, when they go out, and who gets none
and why. For a flow that an event starts for its audience, --data is the data of that
event. It reads the audience as it is now. It keeps nothing and sends nothing.

It tries the first 10,000 people. With --all it tries up to 200,000, as a job of the server that
it follows; nudge jobs show has the result later, too.`

func newCampaignsPreview(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "preview FLOW",
		Short:   "Show what a campaign would do",
		Long:    previewHelp,
		Example: "  nudge campaigns preview flash_sale\n  nudge campaigns preview incident --data '{\"id\":\"I1\",\"service\":\"db\"}'",
		Args:    cobra.ExactArgs(1),
	}
	all := c.Flags().Bool("all", false, "try everybody, as a job of the server")
	data := c.Flags().String("data", "", "the data of the event: JSON, @FILE, or - for standard input")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Preview, error) {
		raw, err := readData("--data", *data, c.InOrStdin())
		if err != nil {
			return nil, err
		}
		what := client.CampaignPreview{Flow: args[0], Data: raw}
		if *all {
			return previewAll(ctx, a, what, c.ErrOrStderr())
		}
		return a.PreviewCampaign(ctx, what)
	}, textOf(writePreview))
	return c
}

// previewAll begins a job that previews a campaign, and waits for its result.
func previewAll(ctx context.Context, a *client.Client, what client.CampaignPreview, errs io.Writer) (*client.Preview, error) {
	job, err := a.StartPreview(ctx, what)
	if err == nil {
		job, err = followJob(ctx, a, job.ID, errs)
	}
	if err != nil {
		return nil, err
	}
	if len(job.Result) == 0 {
		return nil, wrongInput(errors.New(strings.TrimSuffix(fmt.Sprintf("job %s: %s %s; %s", job.ID, job.State, job.Problem, job.Hint), " ; ")))
	}
	p := new(client.Preview)
	if err := json.Unmarshal(job.Result, p); err != nil {
		return nil, failed(fmt.Errorf("the result of job %s: %w", job.ID, err))
	}
	return p, nil
}

// nobody is the text for a campaign without people.
const nobody = "the audience is empty: nobody gets a message"

func writePreview(out io.Writer, p *client.Preview) error {
	fmt.Fprintf(out, "%s: %s, %d cannot be read\n", p.Flow, plural(p.Rows+p.Bad, "row"), p.Bad)
	for _, b := range p.BadRows {
		fmt.Fprintf(out, "  line %d: %s\n", b.Line, b.What)
	}
	if p.Rows == 0 {
		fmt.Fprintln(out, nobody)
	}
	if p.Tried < p.Rows {
		fmt.Fprintf(out, "of the first %d:\n", p.Tried)
	}
	if err := writeOutcomes(out, p.Outcomes); err != nil {
		return err
	}
	if p.Takes != "" {
		fmt.Fprintf(out, "at its rate it takes %s\n", p.Takes)
	}
	if !p.Last.IsZero() {
		fmt.Fprintf(out, "the last message goes out at %s\n", p.Last)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, s := range p.Forecast {
		fmt.Fprintf(w, "  from %s\t%s\t%.1f a minute\n", s.From, plural(s.Messages, "message"), s.PerMinute)
	}
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	for _, outcome := range slices.Sorted(maps.Keys(p.Examples)) {
		fmt.Fprintf(out, "%s, for example %s\n", outcome, oneLine(strings.Join(p.Examples[outcome], ", ")))
	}
	for _, s := range p.Samples {
		fmt.Fprintf(out, "to %s%s: %s\n", oneLine(s.Profile), likeIt(&s), oneLine(s.Text))
	}
	return nil
}

// likeIt says which messages a sample stands for.
func likeIt(s *client.Sample) string {
	var words []string
	if s.Locale != "" {
		words = append(words, s.Locale)
	}
	if len(s.Absent) > 0 {
		words = append(words, "without "+strings.Join(s.Absent, ", "))
	}
	words = append(words, plural(s.Messages, "message")+" like it")
	return " (" + oneLine(strings.Join(words, "; ")) + ")"
}
