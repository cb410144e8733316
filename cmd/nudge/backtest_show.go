package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"nudge/engine"
	"nudge/whatif/backtest"
	"nudge/whatif/replay"
)

// writeBacktest shows a report: totals, then messages by template, hours and people. Times
// are in the given zone.
func writeBacktest(out io.Writer, r *backtest.Report, zone *time.Location, people int) error {
	at := minuteIn(zone)
	fmt.Fprintf(out, "%s to %s %s: %s\n\n", at(r.From), at(r.Until), zone, plural(r.Inputs, "input"))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	writeTotals(w, r)
	w.Flush()
	c := r.Changes
	fmt.Fprintf(out, "\n%d the same, %d reworded, %d at another time, %d new, %d no longer sent\n",
		c.Same, c.Reworded, c.Moved, c.Added, c.Dropped)
	fmt.Fprintln(out, known(r.After.Receipts))
	if n := r.After.Unanswered; n > 0 {
		fmt.Fprintf(out, "%s without a recorded answer failed\n", plural(n, "request"))
	}
	if n := r.After.Unfrozen; n > 0 {
		fmt.Fprintf(out, "%s without a recorded audience reached nobody\n", plural(n, "campaign"))
	}
	if text := replay.LeftOut(r.Skipped); text != "" {
		fmt.Fprintln(out, text)
	}
	if r.Recorded != r.Before.Messages {
		fmt.Fprintf(out, "in reality %s posted in this time\n", were(r.Recorded, "message"))
	}
	fmt.Fprintln(out)
	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	writeTemplates(w, r.Templates)
	writeHours(w, r.Hours)
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	return failed(writePeople(out, r.People, people, at))
}

// minuteIn shows instants in a zone.
func minuteIn(zone *time.Location) func(engine.Instant) string {
	return func(i engine.Instant) string { return i.Time().In(zone).Format("2006-01-02 15:04") }
}

func writeTotals(w io.Writer, r *backtest.Report) {
	fmt.Fprintln(w, "\tdeployed\tedited\t\t")
	for _, t := range totalsOf(r) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t\n", t.name, t.before, t.after, t.change())
	}
}

// total is one number of both sets of flows.
type total struct {
	name          string
	before, after int
}

// change is the difference with its sign; empty for none.
func (t total) change() string {
	if t.after == t.before {
		return ""
	}
	return fmt.Sprintf("%+d", t.after-t.before)
}

func totalsOf(r *backtest.Report) (all []total) {
	line := func(name string, before, after int) { all = append(all, total{name, before, after}) }
	line("messages", r.Before.Messages, r.After.Messages)
	line("people", r.Before.People, r.After.People)
	line("runs started", r.Before.Runs, r.After.Runs)
	line("still live", r.Before.Live, r.After.Live)
	endings := func(t *backtest.Totals) map[string]int {
		counts := map[string]int{}
		for _, e := range t.Endings {
			counts[e.Flow+" "+e.Outcome] = e.Runs
		}
		return counts
	}
	for _, counts := range [...][2]map[string]int{
		{endings(&r.Before), endings(&r.After)},
		{prefixed("unsent: ", r.Before.Unsent), prefixed("unsent: ", r.After.Unsent)},
	} {
		names := maps.Clone(counts[0])
		maps.Copy(names, counts[1])
		for _, name := range slices.Sorted(maps.Keys(names)) {
			line(name, counts[0][name], counts[1][name])
		}
	}
	return all
}

func prefixed(prefix string, counts map[string]int) map[string]int {
	with := make(map[string]int, len(counts))
	for name, n := range counts {
		with[prefix+name] = n
	}
	return with
}

// known says where the receipts for messages of the edited flows come from.
func known(r backtest.Receipts) string {
	text := fmt.Sprintf("of the edited flows' messages, what came back is recorded for %d", r.Recorded)
	if r.LikeOthers > 0 {
		text += fmt.Sprintf(", taken from other people's for %d", r.LikeOthers)
	}
	if r.Unread > 0 {
		text += fmt.Sprintf(", and assumed unread for %d", r.Unread)
	}
	return text
}

func were(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " was"
	}
	return plural(n, noun) + " were"
}

func writeTemplates(w io.Writer, all []backtest.Template) {
	fmt.Fprintln(w, "FLOW\tMESSAGE\tDEPLOYED\tEDITED\tREWORDED\tMOVED\tNEW\tGONE")
	for _, t := range all {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n", t.Flow, t.Template, t.Before, t.After, t.Reworded, t.Moved, t.Added, t.Dropped)
	}
	fmt.Fprintln(w)
}

// writeHours shows the hours of the day with different numbers.
func writeHours(w io.Writer, all []backtest.Hour) {
	differ := slices.DeleteFunc(slices.Clone(all), func(h backtest.Hour) bool { return h.Before == h.After })
	if len(differ) == 0 {
		return
	}
	fmt.Fprintln(w, "HOUR\tDEPLOYED\tEDITED")
	for _, h := range differ {
		fmt.Fprintf(w, "%02d:00\t%d\t%d\n", h.Hour, h.Before, h.After)
	}
	fmt.Fprintln(w)
}

func writePeople(out io.Writer, all []backtest.Person, limit int, at func(engine.Instant) string) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(out, "for nobody is there another message, or one at another time")
		return err
	}
	shown := all[:min(max(limit, 0), len(all))]
	fmt.Fprintf(out, "%s with another message or another time", countPeople(len(all)))
	if len(shown) < len(all) {
		fmt.Fprintf(out, "; the first %d (--people shows more)", len(shown))
	}
	fmt.Fprintln(out)
	for _, p := range shown {
		fmt.Fprintf(out, "  %s: %d → %d\n", p.Profile, p.Before, p.After)
		for _, line := range differences(&p, at) {
			fmt.Fprintln(out, "    "+line)
		}
	}
	return nil
}

func countPeople(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// differences returns the differences for one person, in the order of time.
func differences(p *backtest.Person, at func(engine.Instant) string) []string {
	type line struct {
		at   engine.Instant
		text string
	}
	var lines []line
	add := func(sign string, list []backtest.Difference) {
		for _, d := range list {
			text := fmt.Sprintf("%s %s  %s %s", sign, at(d.At), d.Flow, d.Template)
			if d.Key != "" {
				text += " " + d.Key
			}
			if d.Was != 0 {
				text += ", was " + at(d.Was)
			}
			lines = append(lines, line{d.At, text})
		}
	}
	add("+", p.Added)
	add("-", p.Dropped)
	add("~", p.Moved)
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.text, b.text)) })
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = l.text
	}
	return texts
}
