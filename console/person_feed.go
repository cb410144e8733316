package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"nudge/client"
)

const (
	feedItems = 20 // runs and single inputs of a page of a feed; a link leads on
	feedRuns  = 25 // runs of a page that are looked at one by one; of further ones the lines of the history are shown
)

// feed is what happened to a person, newest first.
type feed struct {
	Days []feedDay
	Next string // the cursor of what is older
}

// feedDay is what happened on a day.
type feedDay struct {
	Day  string
	Rows []feedRow
}

// feedRow is one thing that happened.
type feedRow struct {
	At        client.Time
	Tag, Tone string // what became of it
	What      string // Event, Campaign or another word before the name
	Code      string // the name of a type of events
	Name      string // of a step
	In, Path  string // the flow or the campaign, and its page
	Sub       string // the cause
	Quote     string // what somebody wrote or got
	See       string // the type of events that was meant
	class     string // messages, unsent or events, for the choice of what is shown
}

// feedOf reads a page of a person's history. What runs did is read from the runs themselves, so that a message
// stands there once, with what became of it.
func (v *visit) feedOf(id, show, before string) (*feed, error) {
	q := client.HistoryQuery{Before: before, Limit: feedItems}
	if show == "events" {
		q.Kind = "event,call,refused"
	}
	page, err := v.api.History(v.ctx(), id, q)
	if err != nil {
		return nil, err
	}
	var rows []feedRow
	looked := map[string]bool{}
	for i := range page.History {
		line := &page.History[i]
		if line.Run == "" {
			rows = append(rows, v.rowOfLine(line))
			continue
		}
		known, seen := looked[line.Run]
		if !seen && len(looked) < feedRuns {
			run, err := v.api.Run(v.ctx(), line.Run)
			if known = err == nil; known { // else its lines are there
				rows = append(rows, rowsOfRun(run)...)
			}
			looked[line.Run] = known
		}
		if !known {
			rows = append(rows, rowOfRunLine(line))
		}
	}
	rows = slices.DeleteFunc(rows, func(r feedRow) bool {
		return show != "" && r.class != show && !(show == "messages" && r.class == "unsent")
	})
	slices.SortStableFunc(rows, func(a, b feedRow) int { return b.At.Compare(a.At.Time) })
	return &feed{Days: v.feedDays(rows), Next: page.Next}, nil
}

func (v *visit) feedDays(rows []feedRow) (days []feedDay) {
	for _, row := range rows {
		if day := v.Day(row.At); len(days) == 0 || days[len(days)-1].Day != day {
			days = append(days, feedDay{Day: day})
		}
		today := &days[len(days)-1]
		today.Rows = append(today.Rows, row)
	}
	return days
}

// rowOfLine is something that no run tells of.
func (v *visit) rowOfLine(line *client.HistoryLine) feedRow {
	row := feedRow{At: line.At, Sub: line.Text, See: line.DidYouMean}
	if line.By != "" {
		row.Sub = strings.TrimSuffix(row.Sub, ".") + ", from " + line.By
	}
	switch line.Kind {
	case "event":
		row.Tag, row.class, row.What, row.Code = verdictOf(line.Verdict), "events", "Event", line.Event
		row.Sub = strings.TrimPrefix(after(row.Sub, "event "+line.Event), ", ")
	case "refused":
		row.Tag, row.class, row.What, row.Code = "refused", "events", "Event", line.Event
		row.Sub = after(row.Sub, "event "+line.Event+" refused")
	case "call":
		row.Tag, row.class, row.What, row.In, row.Path = verdictOf(line.Verdict), "events", "Call of", line.Flow, flowPath(line.Flow)
		row.Sub = strings.TrimPrefix(after(row.Sub, "call of "+line.Flow), ", ")
	case "reply":
		row.Tag, row.class = "replied", "messages"
	case "campaign":
		row.Tag, row.class, row.What, row.In, row.Path = "left out", "unsent", "Campaign", v.campaignName(line.Campaign), campaignPath(line.Campaign)
		row.Sub = after(row.Sub, "left out of the campaign "+line.Campaign)
	case "opt_out":
		row.Tag, row.class, row.Sub, row.What = "opt-outs", "", "", upper(line.Text)
		if line.By != "" {
			row.Sub = "by " + line.By
		}
	default:
		row.Tag = line.Kind
	}
	row.Tone = tone(row.Tag)
	return row
}

// verdictOf is what became of an event or a call that no run tells of.
func verdictOf(decisions []client.Decision) string {
	verdict := "matched nothing"
	for _, d := range decisions {
		switch d.Did {
		case client.DidStart, client.DidFire:
			return "started"
		case client.DidSkip, client.DidPass:
		default:
			verdict = "matched"
		}
	}
	return verdict
}

// rowOfRunLine is a line of a run that was not looked at.
func rowOfRunLine(line *client.HistoryLine) feedRow {
	row := feedRow{At: line.At, Tag: line.Kind, Sub: line.Text, In: line.Flow, Path: runPath(line.Run)}
	switch line.Kind {
	case "message", "receipt", "reply":
		row.class = "messages"
	case "event":
		row.class = "events"
	}
	return row
}

// rowsOfRun are the messages of a run, each once, and what else happened in it that is about the person.
func rowsOfRun(run *client.Run) (rows []feedRow) {
	last, why := map[int]client.Time{}, map[int]string{} // when something last happened to a message, and why it was not sent
	for i := range run.Timeline {
		e := &run.Timeline[i]
		if e.Message != 0 {
			last[e.Message] = e.At
		}
		if e.Kind == "unsent" {
			why[e.Message] = after(e.Text, e.Step+" unsent")
		}
		if row, ok := rowOfEntry(e); ok {
			row.At, row.In, row.Path, row.Tone = e.At, run.Flow, runPath(run.ID), tone(row.Tag)
			if e.Kind == "ended" && run.Goal {
				row.Tone = "good"
			}
			rows = append(rows, row)
		}
	}
	for i := range run.Messages {
		m := &run.Messages[i]
		row := feedRow{At: m.Posted, Tag: m.Status, Name: m.Step, What: "in", In: run.Flow, Path: runPath(run.ID), class: "messages"}
		if m.Posted.IsZero() {
			row.At = last[m.Number]
		}
		switch m.Status {
		case "unsent":
			row.Tag, row.class, row.Sub = "not sent", "unsent", cmp.Or(why[m.Number], m.Reason)
		case "failed", "expired":
			row.class, row.Sub = "unsent", m.Reason
		}
		if m.Content != nil {
			row.Quote, row.Sub = m.Content.Body, strings.TrimSpace(row.Sub+" "+m.Content.Problem)
		}
		row.Tone = tone(row.Tag)
		rows = append(rows, row)
	}
	slices.Reverse(rows) // the newest of one instant first
	return rows
}

// rowOfEntry is an entry of a timeline that is about more than a step.
func rowOfEntry(e *client.Entry) (row feedRow, ok bool) {
	switch e.Kind {
	case "started":
		return feedRow{Tag: "started", What: "Run of", Sub: e.Text, class: "events"}, true
	case "ended":
		return feedRow{Tag: strings.TrimPrefix(e.Text, "ended: "), What: "End of"}, true
	case "error", "quarantined":
		return feedRow{Tag: "failed", What: "Run of", Sub: e.Text, class: "unsent"}, true
	case "event", "item":
		return feedRow{Tag: "matched", What: "Event", Code: strings.TrimPrefix(e.Text, "event "), class: "events"}, true
	case "reply":
		return feedRow{Tag: "replied", What: "in", Quote: unquoted(strings.TrimPrefix(e.Text, "reply ")), class: "messages"}, true
	case "opted":
		return feedRow{Tag: "opt-outs", What: upper(e.Text) + " by a step of"}, true
	case "left out":
		return feedRow{Tag: "left out", What: "Run of", Sub: e.Text, class: "unsent"}, true
	}
	return feedRow{}, false
}

// unquoted is a text that stands in quotes of Go.
func unquoted(text string) string {
	if plain, err := strconv.Unquote(text); err == nil {
		return plain
	}
	return text
}
