package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"nudge/whatif/prove"
)

// writeProof writes a proof for people.
func writeProof(out io.Writer, proof *prove.Proof, stories bool) error {
	w := &proofWriter{bufio.NewWriter(out), paletteFor(out)}
	for i, r := range proof.Flows {
		if i > 0 {
			w.line("")
		}
		w.flow(r, stories)
	}
	for _, c := range proof.Circles {
		w.line("\n%s %s", w.bold("flows that start each other:"), c)
	}
	return w.Flush()
}

type proofWriter struct {
	*bufio.Writer
	palette
}

func (w *proofWriter) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// fact writes one proved fact.
func (w *proofWriter) fact(name, format string, args ...any) {
	w.line("  %s %s", w.dim(fmt.Sprintf("%-11s", name)), fmt.Sprintf(format, args...))
}

func (w *proofWriter) flow(r *prove.Report, stories bool) {
	w.line("%s", w.bold(r.Flow))
	if !r.Proved {
		w.fact("not proved", "%s: too many states from %s on", r.Place.Span, r.Place.Step)
		return
	}
	if r.Coarse {
		w.fact("coarse", "no run exceeds these limits, but some may be higher than any run reaches")
	}
	w.messages(r)
	w.life(r)
	w.endings(r)
	for _, h := range r.Holds {
		late := ""
		if h.TooLate {
			late = "; beyond its max_delay it is not sent"
		}
		w.fact("hours", "%s may wait up to %s%s", h.Step, h.Longest, late)
	}
	for _, p := range r.Unhandled {
		w.fact("unhandled", "%s: %s may end as %s, which none of its lines handles", p.Span, p.Step, p.Outcome)
	}
	for _, p := range r.Unreachable {
		w.fact("unreachable", "%s: nothing can lead to %s", p.Span, p.Step)
	}
	w.broken(r)
	if stories {
		for _, e := range r.Endings {
			w.story(r, "ends as "+e.Outcome, e.Story)
		}
	}
}

func (w *proofWriter) messages(r *prove.Report) {
	text := fmt.Sprintf("%d to %d", r.Fewest, r.Most)
	switch {
	case r.Most == prove.NoBound:
		text = fmt.Sprintf("%d at least, and no bound: %s: %s goes on without times", r.Fewest, r.Loop.Span, r.Loop.Step)
	case r.Fewest == r.Most:
		text = fmt.Sprint(r.Most)
	}
	if r.Attempts > 0 {
		text += fmt.Sprintf("; up to %d posts, as a message with an unknown outcome is sent again", r.Attempts)
	}
	w.fact("messages", "%s", text)
	for _, c := range r.Categories {
		capped := "no cap"
		if len(c.Caps) > 0 {
			var uses []string
			for _, u := range c.Caps {
				uses = append(uses, fmt.Sprintf("cap %s per person; one run sends %s in that time", u.Cap, upTo(u.In)))
			}
			capped = strings.Join(uses, "; ")
		}
		w.fact("", "%s: %s per run, %s", c.Name, atMost(c.Most), capped)
	}
}

// upTo and atMost are a number of messages in words.
func upTo(messages int) string {
	if messages == prove.NoBound {
		return "any number"
	}
	return fmt.Sprintf("up to %d", messages)
}

func atMost(messages int) string {
	if messages == prove.NoBound {
		return "any number"
	}
	return fmt.Sprintf("at most %d", messages)
}

func (w *proofWriter) life(r *prove.Report) {
	if r.Life.Endless {
		w.fact("life", "without end: %s may never end", strings.Join(r.Life.Waits, ", "))
		return
	}
	w.fact("life", "at most %s", r.Life)
}

func (w *proofWriter) endings(r *prove.Report) {
	var words []string
	for _, e := range r.Endings {
		word := e.Outcome
		if e.Goal {
			word += " (goal)"
		}
		words = append(words, word)
	}
	w.fact("ends as", "%s", strings.Join(words, ", "))
}

func (w *proofWriter) broken(r *prove.Report) {
	for _, u := range r.Unproved {
		w.fact("not proved", "%s: %s (%s)", u.What, u.Found, u.Span)
	}
	for _, b := range r.Broken {
		w.line("  %s %s: %s (%s)", w.wrap("31", fmt.Sprintf("%-11s", "broken")), b.What, b.Found, b.Span)
		w.story(r, "breaks "+b.What, b.Story)
	}
}

// story writes a story as a test, or as a comment where no test can play it.
func (w *proofWriter) story(r *prove.Report, name string, s prove.Story) {
	if len(s) == 0 {
		w.line("\n# %s: the shortest story is too long to show", name)
		return
	}
	text, why := r.Test(name, s)
	text = strings.TrimRight(text, "\n")
	if why != "" {
		text = "# nudge test cannot play this story: " + why + "\n# " + strings.ReplaceAll(text, "\n", "\n# ")
	}
	w.line("\n%s", text)
}
