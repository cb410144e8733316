package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/whatif/plan"
)

const planHelp = `Plan shows what a deploy of a folder's flows would do to the people in flows, and changes
nothing: which versions change and why, where live runs stand, which of them a migration
moves, and what each would still get under the old and under the new version. To find what
is ahead of a run, plan plays it to its end in virtual time: once with a person who never
reads, and once with a person who reads everything.

A deploy by itself moves nobody. Only declared migrations move people. Without
them, the plan shows what { from: STEP, to: same } would do.

Plan asks the running server. With --store it reads a data folder whose server has stopped.
It exits with 4 when the deploy would move or end somebody's run.

With -o markdown the plan is a comment for a pull request. Its first line is a mark that readers
do not see; a job finds its own comment by it, to replace it.`

func newPlan() *cobra.Command {
	var dataDir string
	c := &cobra.Command{
		Use:     "plan [DIR]",
		Short:   "Show what a deploy would do to people in flows",
		Long:    planHelp,
		Example: "  nudge plan\n  nudge plan shop --store shop/data -o json\n  nudge plan --target production -o markdown",
		Args:    cobra.MaximumNArgs(1),
	}
	flags := addAPIFlags(c)
	c.Flags().StringVar(&dataDir, "store", "", "read this data folder instead of asking the server")
	output := outputFlagOf(c, asText, asJSON, asMarkdown)
	c.RunE = func(c *cobra.Command, args []string) error {
		p, err := app.Load(dirArgument(args), app.LocalSettings(os.LookupEnv), c.ErrOrStderr())
		if err != nil {
			return err
		}
		made, err := makePlan(c.Context(), p, dataDir, flags.in(dirArgument(args)))
		if err != nil {
			return err
		}
		switch *output {
		case asJSON:
			err = writeJSON(c.OutOrStdout(), made)
		case asMarkdown:
			err = writePlanComment(c.OutOrStdout(), made, p.Name, flags.target)
		default:
			err = writePlan(c.OutOrStdout(), made)
		}
		if err == nil && made.Affected > 0 {
			return app.Mark(affected, errShown)
		}
		return failed(err)
	}
	return c
}

// makePlan asks the server, or looks at a data folder.
func makePlan(ctx context.Context, p *app.Project, dataDir string, flags *apiFlags) (*plan.Plan, error) {
	if dataDir != "" {
		if err := flags.besideStore(); err != nil {
			return nil, err
		}
		s, err := openStore(dataDir)
		if err != nil {
			return nil, err
		}
		defer s.Close()
		made, err := plan.Make(ctx, s, p.Flows, 0) // as it stood when the server stopped
		return made, failed(err)
	}
	a, err := flags.client()
	if err != nil {
		return nil, err
	}
	answer, err := a.PlanFlows(ctx, p.Deployable())
	if err != nil {
		return nil, err
	}
	made := &plan.Plan{}
	return made, failed(convert(answer, made))
}

// convert reads one value from the JSON of another.
func convert(from, into any) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// writePlan shows what a deploy would do, one flow after the other.
func writePlan(out io.Writer, p *plan.Plan) error {
	for _, f := range p.Flows {
		switch f.Change {
		case plan.Unchanged:
			fmt.Fprintf(out, "%s: unchanged, %s\n", f.Flow, plural(int(f.Live), "live run"))
		case plan.New:
			fmt.Fprintf(out, "%s: new, version %s\n", f.Flow, f.Next)
		case plan.Removed:
			fmt.Fprintf(out, "%s: removed; %s go on\n", f.Flow, plural(int(f.Live), "live run"))
		case plan.Changed:
			fmt.Fprintf(out, "%s: version %s becomes %s (%s)\n", f.Flow, f.Active, f.Next, strings.Join(f.Because, ", "))
		}
		for _, parked := range f.Parked {
			writeParked(out, &parked, f.Active)
		}
	}
	text := fmt.Sprintf("\n%s on other versions than those to be deployed; the deploy moves or ends %d of them", plural(int(p.Parked), "run"), p.Affected)
	_, err := fmt.Fprintln(out, text)
	return err
}

func writeParked(out io.Writer, p *plan.Parked, active string) {
	version := ""
	if p.Version != active {
		version = " of version " + p.Version
	}
	fmt.Fprintf(out, "  %s at %s%s (%s in the new version): %s\n", plural(int(p.Runs), "run"), p.Step, version, p.InNext, fate(p))
	if len(p.Sample) > 0 {
		fmt.Fprintf(out, "    such as %s\n", strings.Join(p.Sample, ", "))
	}
	looked := ""
	if uint64(p.Looked) < p.Runs {
		looked = fmt.Sprintf(" (of the %d newest)", p.Looked)
	}
	writeAhead(out, "still ahead"+looked, p.Ahead)
	name := "then"
	if p.Hypothetical {
		name = fmt.Sprintf("with { from: %s, to: same }", p.Step)
	}
	writeAhead(out, name, p.Then)
	for _, why := range p.Refused {
		fmt.Fprintf(out, "    not to be moved: %s\n", why)
	}
}

func fate(p *plan.Parked) string {
	switch p.Fate {
	case plan.Moves:
		return "move to " + p.To
	case plan.Ends:
		return "end as " + p.To
	}
	return "stay"
}

func writeAhead(out io.Writer, name string, all []plan.Ahead) {
	eachAhead(name, all, func(name, text string) { fmt.Fprintf(out, "    %s: %s\n", name, text) })
}

// eachAhead gives the lines about what is ahead of runs: whose they are, and what it is.
func eachAhead(name string, all []plan.Ahead, line func(name, text string)) {
	for _, a := range all {
		count := ""
		if len(all) > 1 {
			count = fmt.Sprintf(" for %d", a.Runs)
		}
		unread, read := a.IfUnread.String(), a.IfRead.String()
		if unread == read {
			line(name+count, unread)
			continue
		}
		line(name+count+", unread", unread)
		line(name+count+", read", read)
	}
}
