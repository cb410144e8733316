package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"nudge/client"
	"nudge/whatif/plan"
	"nudge/whatif/review"
)

// writeProposal shows a proposal, and what its reviews have found out.
func writeProposal(out io.Writer, d *client.Deploy) error {
	fmt.Fprintf(out, "proposal %s of %s at %s: %s\n", d.ID, d.By.Name, d.At, stateOf(d))
	if d.Note != "" {
		fmt.Fprintf(out, "note: %s\n", oneLine(d.Note))
	}
	if err := writeChanges(out, d.Changes); err != nil {
		return err
	}
	verdict := d.Verdict
	if verdict == "" {
		verdict = "not reviewed; nudge deploys review " + d.ID + " finds out what it would do"
	}
	_, err := fmt.Fprintf(out, "verdict: %s\n", verdict)
	if d.Watch != nil {
		_, err = fmt.Fprintln(out, watchedText(d.Watch))
	}
	for i := range d.Reviews {
		if err == nil {
			err = writeReview(out, &d.Reviews[i])
		}
	}
	return err
}

func stateOf(d *client.Deploy) string {
	switch {
	case len(d.Overtaken) > 0:
		return d.State + ", another deploy has changed " + strings.Join(d.Overtaken, ", ")
	case d.DecidedBy != nil:
		return fmt.Sprintf("%s by %s at %s", d.State, d.DecidedBy.Name, d.Decided)
	}
	return d.State
}

// writeChanges shows what a deploy does to flows.
func writeChanges(out io.Writer, changes []client.FlowChange) (err error) {
	for _, c := range changes {
		switch {
		case c.Before == "":
			_, err = fmt.Fprintf(out, "%s: new, version %s\n", c.Flow, c.After)
		case c.After == "":
			_, err = fmt.Fprintf(out, "%s: removed\n", c.Flow)
		default:
			_, err = fmt.Fprintf(out, "%s: version %s becomes %s (%s)\n", c.Flow, c.Before, c.After, strings.Join(c.Files, ", "))
		}
	}
	return err
}

// writeReview shows what one job has found out.
func writeReview(out io.Writer, v *client.Review) error {
	fmt.Fprintf(out, "\n%s: ", v.Kind)
	switch {
	case v.Done.IsZero():
		fmt.Fprintf(out, "%s, job %s\n", v.State, v.Job)
		if v.Problem != "" {
			fmt.Fprintln(out, strings.TrimRight("  "+oneLine(v.Problem)+"\n  "+oneLine(v.Hint), " \n"))
		}
		return nil
	case v.Old:
		fmt.Fprintf(out, "%s (other flows were active then, at %s)\n", v.Verdict, v.Done)
	default:
		fmt.Fprintf(out, "%s\n", v.Verdict)
	}
	switch v.Kind {
	case "plan":
		return showResult(v.Result, func(p *review.Plan) { writePlanned(out, p) })
	case "backtest":
		return showResult(v.Result, func(b *review.Backtest) {
			if v.Earlier != nil {
				writeEarlier(out, v.Earlier, b.Before.Messages, b.After.Messages, b.Differ)
			}
			writeTested(out, b)
		})
	case "prove":
		return showResult(v.Result, func(p *review.Proof) { writeProved(out, p) })
	}
	return nil
}

// showResult shows a result.
func showResult[T any](raw json.RawMessage, write func(*T)) error {
	result := new(T)
	if err := json.Unmarshal(raw, result); err != nil {
		return fmt.Errorf("the answer of a review: %w", err)
	}
	write(result)
	return nil
}

func writePlanned(out io.Writer, p *review.Plan) {
	for _, f := range p.Flows {
		for i := range f.Parked {
			fmt.Fprintf(out, " %s\n", f.Flow)
			writeParked(out, &f.Parked[i], f.Active)
		}
		if f.Change == plan.Removed && f.Live > 0 {
			fmt.Fprintf(out, " %s: %s go on\n", f.Flow, plural(int(f.Live), "live run"))
		}
	}
}

func writeTested(out io.Writer, b *review.Backtest) {
	fmt.Fprintf(out, "  %s to %s UTC, %s\n", b.From.Time().UTC().Format("2006-01-02 15:04"), b.Until.Time().UTC().Format("2006-01-02 15:04"), plural(b.Inputs, "input"))
	for _, t := range b.Templates {
		if t.Before != t.After || t.Reworded+t.Moved+t.Added+t.Dropped > 0 {
			fmt.Fprintf(out, "  %s %s: %d → %d (%d reworded, %d at another time, %d new, %d gone)\n", t.Flow, t.Template, t.Before, t.After, t.Reworded, t.Moved, t.Added, t.Dropped)
		}
	}
	for _, p := range b.People {
		fmt.Fprintf(out, "  %s: %d → %d\n", p.Profile, p.Before, p.After)
	}
	if more := b.Differ - len(b.People); more > 0 {
		fmt.Fprintf(out, "  and %d more\n", more)
	}
}

func writeProved(out io.Writer, p *review.Proof) {
	for _, b := range p.Broken {
		word := "broken, as before"
		if b.New {
			word = "broken"
		}
		fmt.Fprintf(out, "  %s %s: %s: %s (%s)\n", word, b.Flow, b.What, b.Found, b.Place)
		for line := range strings.Lines(b.Test) {
			fmt.Fprint(out, "    ", line)
		}
	}
	for _, k := range p.Kept {
		fmt.Fprintf(out, "  kept from now on %s: %s\n", k.Flow, k.What)
	}
	for _, b := range p.Bounds {
		switch {
		case b.Before == "":
			fmt.Fprintf(out, "  %s, %s: %s\n", b.Flow, b.What, b.After)
		case b.After == "":
			fmt.Fprintf(out, "  %s, %s: %s, no longer\n", b.Flow, b.What, b.Before)
		default:
			fmt.Fprintf(out, "  %s, %s: %s → %s\n", b.Flow, b.What, b.Before, b.After)
		}
	}
}
