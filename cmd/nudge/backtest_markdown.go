package main

import (
	"fmt"
	"io"
	"time"

	"nudge/whatif/backtest"
	"nudge/whatif/replay"
	"nudge/whatif/review"
)

// writeBacktestComment shows a report as a comment on a pull request. It names no people: more may read a pull request than may know
// who gets messages.
func writeBacktestComment(out io.Writer, r *backtest.Report, zone *time.Location, project, target string) error {
	c := newComment("backtest", project, target)
	at := minuteIn(zone)
	c.add("**%s.** Different for %s.\n\n", upperFirst((&review.Backtest{Report: *r}).Verdict()), countPeople(len(r.People)))
	c.add("%s to %s %s: %s; %s.\n\n", at(r.From), at(r.Until), zone, plural(r.Inputs, "input"), known(r.After.Receipts))
	if text := replay.LeftOut(r.Skipped); text != "" {
		c.add("%s.\n\n", upperFirst(text))
	}
	var rows [][]string
	for _, t := range totalsOf(r) {
		rows = append(rows, []string{code(t.name), fmt.Sprint(t.before), fmt.Sprint(t.after), t.change()})
	}
	c.table([]string{"", "Deployed:", "Edited:", "Difference:"}, rows)
	c.fold("By message", func() {
		var rows [][]string
		for _, t := range r.Templates {
			rows = append(rows, []string{code(t.Flow), code(t.Template), fmt.Sprint(t.Before), fmt.Sprint(t.After),
				fmt.Sprint(t.Reworded), fmt.Sprint(t.Moved), fmt.Sprint(t.Added), fmt.Sprint(t.Dropped)})
		}
		c.table([]string{"Flow", "Message", "Deployed:", "Edited:", "Reworded:", "Moved:", "New:", "Gone:"}, rows)
	})
	return c.write(out, "backtest")
}
