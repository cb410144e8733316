package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"nudge/engine"
	"nudge/flows"
	"nudge/whatif/explain"
	"nudge/whatif/story"
)

const explainHelp = `Explain shows why someone did or didn't get a message of a flow: every event, reply and call
that could have started the flow for them, each condition with the values that it had at
the time, the rule that stopped it, and the runs that did start. For a campaign it shows why
the person was or was not among its people. It also shows the person's events that matched
nothing, and why.

It replays the journal of the running server from its first input on. With --store it reads
a data folder whose server has stopped.`

// past is the source of past events.
type past struct {
	api    *apiFlags
	store  string
	output *format
}

func addPast(c *cobra.Command, api *apiFlags) *past {
	p := &past{api: api, output: outputFlag(c)}
	c.Flags().StringVar(&p.store, "store", "", "read the journal of this data folder instead of the server's")
	return p
}

// open opens a journal.
func (p *past) open(c *cobra.Command, want wanted) (*journals, error) {
	return openJournals(c, p.api, p.store, want)
}

func newExplain() *cobra.Command {
	var q explain.Question
	c := &cobra.Command{
		Use:     "explain --profile PERSON --flow FLOW",
		Short:   "Explain why someone did or didn't get a message",
		Long:    explainHelp,
		Example: "  nudge explain --profile ann --flow order_shipped",
		Args:    cobra.NoArgs,
	}
	from := addPast(c, addAPIFlags(c))
	c.Flags().StringVar(&q.Profile, "profile", "", "the person")
	c.Flags().StringVar(&q.Flow, "flow", "", "the flow")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if q.Profile == "" || q.Flow == "" {
			return wrongUsage(errors.New("name the person and the flow: --profile and --flow"))
		}
		answer, err := from.ask(c, q)
		if err != nil {
			return err
		}
		if *from.output == asJSON {
			return writeJSON(c.OutOrStdout(), answer.Lines)
		}
		if err := story.Write(c.OutOrStdout(), answer.Lines); err != nil {
			return failed(err)
		}
		_, err = fmt.Fprintln(c.OutOrStdout(), summaryOf(answer, q))
		return failed(err)
	}
	return c
}

// ask replays the journal and shows the progress.
func (p *past) ask(c *cobra.Command, q explain.Question) (*explain.Answer, error) {
	want := ofPerson(q.Profile)
	if q.Profile == "" {
		want = ofRun(q.Run)
	}
	from, err := p.open(c, want)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	bar, done := newProgress(c.ErrOrStderr(), "input", nil), 0
	answer, err := explain.Ask(c.Context(), from.one(), q, func() { done++; bar.show(done) })
	bar.clear()
	switch {
	case errors.Is(err, explain.ErrCut):
		return nil, wrongInput(err)
	case err != nil:
		return nil, failed(err)
	}
	if answer.Lines == nil {
		answer.Lines = []story.Line{}
	}
	return answer, nil
}

// summaryOf returns a summary of the answer.
func summaryOf(a *explain.Answer, q explain.Question) string {
	switch {
	case a.Flow == nil && a.Runs == 0 && a.Asked == 0:
		return fmt.Sprintf("there is no flow %s, and there was none", q.Flow)
	case a.Asked == 0 && a.Runs == 0:
		return fmt.Sprintf("nothing happened that could have started %s for %s%s", q.Flow, q.Profile, startedBy(a.Flow))
	case a.Runs == 0:
		return fmt.Sprintf("%s could have started for %s %s, and never did", q.Flow, q.Profile, times(a.Asked))
	}
	return fmt.Sprintf("%s of %s for %s", plural(a.Runs, "run"), q.Flow, q.Profile)
}

// startedBy says what would have started a flow.
func startedBy(f *flows.Flow) string {
	if f == nil {
		return ": it is not deployed"
	}
	var by []string
	for i := range f.Triggers {
		switch t := &f.Triggers[i]; {
		case t.Event != "":
			by = append(by, "event "+t.Event)
		case t.Reply:
			by = append(by, "a reply")
		default:
			by = append(by, "its schedule")
		}
	}
	if len(by) == 0 {
		return ": it is only called"
	}
	return ": it is started by " + strings.Join(by, " or ")
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

const runsExplainHelp = `Explain replays a run and shows every condition with the values that it had, and every
message as it was rendered.

--fork STEP returns to the moment at which the run began to wait there, and makes something
else happen. --with takes what you can type in nudge simulate --interactive: --with 'read',
or --with 'wait 3h' --with 'reply help'. The rest then happens by itself, in virtual time.`

func newRunsExplain(flags *apiFlags) *cobra.Command {
	var step string
	var with []string
	c := &cobra.Command{
		Use:     "explain RUN",
		Short:   "Explain a run, with the values of its conditions, or try what if",
		Long:    runsExplainHelp,
		Example: "  nudge runs explain 01JCWZ7Q4N0000000000000001\n  nudge runs explain 01JCWZ7Q4N0000000000000001 --fork wait_1 --with read",
		Args:    cobra.ExactArgs(1),
	}
	from := addPast(c, flags)
	c.Flags().StringVar(&step, "fork", "", "the step at which something else happens")
	c.Flags().StringArrayVar(&with, "with", nil, "what happens there instead; repeat it for more, in order")
	c.RunE = func(c *cobra.Command, args []string) error {
		id, err := engine.ParseRunID(args[0])
		if err != nil {
			return wrongUsage(err)
		}
		if step != "" {
			return from.fork(c, id, step, with)
		}
		if len(with) > 0 {
			return wrongUsage(errors.New("--with says what happens at the step that --fork names"))
		}
		answer, err := from.ask(c, explain.Question{Run: id})
		switch {
		case err != nil:
			return err
		case answer.Runs == 0:
			return wrongInput(fmt.Errorf("there is no run %s in the journal", id))
		case *from.output == asJSON:
			return writeJSON(c.OutOrStdout(), answer.Lines)
		}
		return failed(story.Write(c.OutOrStdout(), answer.Lines))
	}
	return c
}

// fork shows the result if something else had happened.
func (p *past) fork(c *cobra.Command, id engine.RunID, step string, with []string) error {
	from, err := p.open(c, ofRun(id))
	if err != nil {
		return err
	}
	defer from.Close()
	bar, done := newProgress(c.ErrOrStderr(), "input", nil), 0
	w, r, err := explain.Fork(c.Context(), from.one(), id, step, func() { done++; bar.show(done) })
	bar.clear()
	if err != nil {
		return wrongInput(err)
	}
	until := w.Now().AddDate(1, 0, 0)
	chooser := &chooser{telling: &telling{world: w, out: io.Discard}, talk: io.Discard, profile: r.Profile}
	for _, choice := range with {
		word, rest, _ := strings.Cut(choice, " ")
		if err := chooser.do(word, rest, until); err != nil {
			return wrongUsage(err)
		}
	}
	for r.Live() {
		next, ok := w.Next()
		if !ok || next.After(until) {
			break
		}
		if err := w.PassUntil(next); err != nil {
			return failed(err)
		}
	}
	var lines []story.Line
	for _, l := range w.Timeline() {
		if l.Run == r.Number || l.Run == 0 && l.Kind == story.LineInput {
			lines = append(lines, l)
		}
	}
	if *p.output == asJSON {
		return writeJSON(c.OutOrStdout(), lines)
	}
	return failed(story.Write(c.OutOrStdout(), lines))
}
