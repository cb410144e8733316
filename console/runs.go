package console

import (
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"nudge/client"
)

var runViews = []view{
	{pattern: Root + "runs", file: "runs", section: "runs", topics: []string{"runs"}, load: loadRuns},
	{pattern: Root + "runs/failed", file: "failed", section: "runs", topics: []string{"runs"}, load: loadFailed},
	{pattern: Root + "runs/{id}", file: "run", section: "runs", topics: []string{"runs"}, load: loadRun},
}

var runActions = []action{
	{pattern: Root + "runs/{id}/cancel", scope: "operate", section: "runs", asks: askCancelRun, do: cancelRun},
	{pattern: Root + "runs/{id}/retry", scope: "operate", section: "runs", asks: askRetryRun, do: retryRun},
}

// filterOf reads the filter of a list of runs from the address of a page.
func (v *visit) filterOf() client.RunFilter { return runFilter(v.query) }

// runFilter reads a filter of runs from what has its fields by name.
func runFilter(q func(string) string) client.RunFilter {
	return client.RunFilter{
		Flow: q("flow"), Version: q("version"), Profile: q("profile"), Key: q("key"), Status: q("status"), Outcome: q("outcome"), Step: q("step"), Line: q("line"), Arm: q("arm"),
		MessageStatus: q("message_status"), Reason: q("reason"), Failure: q("failure"), Campaign: q("campaign"),
		StartedFrom: timeOf(q("started_from")), StartedBefore: timeOf(q("started_before")), EndedFrom: timeOf(q("ended_from")), EndedBefore: timeOf(q("ended_before")),
	}
}

// timeOf reads an instant of an address; what is none is nothing.
func timeOf(text string) client.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return client.Time{}
	}
	return client.Time{Time: t}
}

// runsPage is the list of runs.
type runsPage struct {
	Filter   client.RunFilter
	Filtered bool
	Status   []choiceLink
	Page     part[*client.RunPage]
	Files    *fileLinks
}

// Many is the page that asks whether all runs of the list are to be changed.
func (p runsPage) Many(do string) string {
	values := url.Values{"do": {do}}
	for _, f := range filterFields(p.Filter) {
		values.Set(f.Name, f.Value)
	}
	return Root + "batches/new?" + values.Encode()
}

func loadRuns(v *visit) (*content, error) {
	p := runsPage{Filter: v.filterOf()}
	p.Files = filesOf(p.Filter)
	p.Filtered = p.Filter != client.RunFilter{}
	p.Status = v.links("status", choice{"", "All"}, choice{"live", "Live"}, choice{"ended", "Ended"})
	p.Page = partOf(v.listRuns(p.Filter))
	return &content{Title: "Runs", Data: p}, nil
}

const (
	// nearLook is how many runs, the newest, a page looks at for those that it shows. It keeps every page quick, however many runs there are.
	nearLook = 200
	// farLook is how many it looks at when a visitor asks for more.
	farLook = 20_000
)

// listRuns is the page of a list of runs that the address asks for.
func (v *visit) listRuns(f client.RunFilter) (*client.RunPage, error) {
	look := nearLook
	if v.query("look") == "far" {
		look = farLook
	}
	return v.api.Runs(v.ctx(), client.RunQuery{RunFilter: f, Before: v.query("before"), Look: look})
}

// Far reports whether a page looks at many runs, and Further is its path if it does so from a run on.
func (v *visit) Far() bool { return v.query("look") == "far" }

// Further is the path of the next page of a list of runs, which looks at many.
func (v *visit) Further(before string) string {
	values := v.r.URL.Query()
	values.Set("look", "far")
	values.Set("before", before)
	return v.r.URL.EscapedPath() + "?" + values.Encode()
}

const (
	failedGroups = 50  // that the page of failures shows
	failedLook   = 120 // groups that it looks at for them
)

func loadFailed(v *visit) (*content, error) {
	list, err := v.api.Failures(v.ctx(), client.FailureQuery{Flow: v.query("flow"), Status: v.query("status"), Limit: failedGroups, Look: failedLook})
	if err != nil {
		return nil, err
	}
	return &content{Title: "What failed", Crumbs: []crumb{{"Runs", Root + "runs"}}, Data: list}, nil
}

// runPage is one run.
type runPage struct {
	*client.Run
	Clock  []choiceLink // whose clock the page shows
	Days   []runDay
	Wait   string    // why nothing is awaited
	Gone   int       // messages that went out
	Unread int       // of them
	Lost   int       // messages that did not arrive
	Way    []wayStep // through the flow

	Private  private
	Campaign string // the name of the campaign that started it; empty: none did, or it has only its ID
}

// runDay is what happened to a run on a day.
type runDay struct {
	Day   string
	Lines []runLine
}

// runLine is an entry of a timeline, or the time between two.
type runLine struct {
	*client.Entry
	Gap      string // how long nothing happened before it
	Icon     string
	Tone     string
	Content  *client.Content // of a message that went out
	Reply    string          // what the person wrote
	Receipts []runReceipt
}

// runReceipt is what became of a message: a word, and when.
type runReceipt struct {
	Word, Note string
	At         client.Time // zero: it has not come
	SameDay    bool        // as the message
}

func loadRun(v *visit) (*content, error) {
	run, err := v.api.Run(v.ctx(), v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if v.reveals(run.Profile) {
		if run, err = v.api.Run(v.ctx(), run.ID); err != nil {
			return nil, err
		}
	}
	v.useClock(run.Profile)
	p := runPage{Run: run, Clock: v.links("clock", choice{"", "Their time"}, choice{"utc", "UTC"})}
	p.Days = v.daysOf(run)
	p.Way, p.Private = v.wayOf(run), v.privateOf(run.Profile, run)
	if name := v.campaignName(run.StartedBy); name != run.StartedBy {
		p.Campaign = name
	}
	for _, m := range run.Messages {
		switch {
		case m.Status == "failed" || m.Status == "expired":
			p.Lost++
		case !m.Posted.IsZero():
			p.Gone++
			if m.Status != "read" {
				p.Unread++
			}
		}
	}
	return &content{
		Title: run.Flow + " for " + run.Profile, Data: p, Live: []string{"run-state", "run-timeline", "run-messages", "run-way"},
		Crumbs: []crumb{{"Runs", Root + "runs"}, {run.Flow, runsPath(client.RunFilter{Flow: run.Flow})}},
	}, nil
}

// useClock shows times by the clock of a person, unless the visitor wants UTC.
func (v *visit) useClock(profile string) {
	if v.query("clock") == "utc" || profile == "" {
		return
	}
	if s, err := v.api.Standing(v.ctx(), profile); err == nil { // else UTC, which the page says
		v.useZone(s.TimeZone)
	}
}

func (v *visit) useZone(name string) {
	if zone, err := time.LoadLocation(name); err == nil && name != "" {
		v.zone = zone
	}
}

// Zone is the name of the page's clock.
func (v *visit) Zone() string { return v.zone.String() }

// longGap is from when on the time between two entries is shown.
const longGap = 10 * time.Minute

// daysOf puts the timeline of a run into days. What became of a message stands at the message.
func (v *visit) daysOf(run *client.Run) (days []runDay) {
	accepted := map[int]bool{}
	for _, e := range run.Timeline {
		accepted[e.Message] = accepted[e.Message] || e.Kind == "accepted"
	}
	var last time.Time
	for i := range run.Timeline {
		e := &run.Timeline[i]
		if accepted[e.Message] && e.Message != 0 && slices.Contains([]string{"planned", "claimed", "receipt"}, e.Kind) {
			continue
		}
		line := runLine{Entry: e, Icon: "wait"}
		line.Icon, line.Tone = lookOf(e)
		if e.Kind == "accepted" {
			line.Content, line.Receipts = contentOf(run, e.Message), v.receiptsOf(run, e)
		}
		if e.Kind == "reply" {
			line.Reply = strings.TrimPrefix(e.Text, "reply ")
		}
		if gap := e.At.Sub(last); !last.IsZero() && gap >= longGap {
			line.Gap = Span(gap) + " later"
		}
		if day := v.Day(e.At); len(days) == 0 || days[len(days)-1].Day != day {
			days = append(days, runDay{Day: day})
		}
		last = e.At.Time
		today := &days[len(days)-1]
		today.Lines = append(today.Lines, line)
	}
	return days
}

// InWords is a line of the engine for people: instants are times of the page's clock, and IDs of the provider are left out. What
// people and products wrote stays as it is.
func (v *visit) InWords(kind, text string) template.HTML {
	if by, ok := strings.CutPrefix(text, "started by "); ok {
		text = "started by " + v.campaignName(by)
	}
	if slices.Contains([]string{"reply", "event", "held", "dropped", "left"}, kind) || strings.HasPrefix(text, "started by ") {
		return template.HTML(template.HTMLEscapeString(Shown(text)))
	}
	if step, _, ok := strings.Cut(text, " accepted by the provider as "); ok {
		text = step + " sent"
	}
	if what, ok := strings.CutSuffix(text, " ended: after"); ok {
		text = what + " ended: the time is over"
	}
	return v.Timed(text)
}

func contentOf(run *client.Run, message int) *client.Content {
	for i := range run.Messages {
		if run.Messages[i].Number == message {
			return run.Messages[i].Content
		}
	}
	return nil
}

// lookOf returns the sign and the colour of an entry.
func lookOf(e *client.Entry) (icon, tone string) {
	switch e.Kind {
	case "planned", "claimed", "accepted", "resend":
		return "send", "send"
	case "receipt":
		if strings.Contains(e.Text, "failed") {
			return "cross", "bad"
		}
		return "check", "good"
	case "refused", "gave up", "error", "quarantined":
		return "cross", "bad"
	case "unknown", "deferred", "unsent", "delayed", "returned", "waiting", "wait ended", "scheduled", "held", "passed over", "round", "asked":
		return "wait", "wait"
	case "reply":
		return "reply", "good"
	case "branch", "skipped":
		return "choose", "choose"
	case "ended", "leaving":
		return "flag", ""
	case "event", "emitted", "started", "called", "fetch", "fetched", "item", "set", "do":
		return "events", "do"
	}
	return "next", ""
}

// Ended reports whether the run has ended.
func (p runPage) Over() bool { return p.Status == "ended" || p.Status == "quarantined" }

// Failed reports whether the run may be tried again.
func (p runPage) Failed() bool { return p.Status == "ended" && p.Outcome == "failed" }

// Look is the colour of where the run stands.
func (p runPage) Look() string {
	switch {
	case p.Goal:
		return "good"
	case p.Failed(), p.Status == "quarantined":
		return "bad"
	case p.Over():
		return ""
	}
	return "wait"
}

func askCancelRun(v *visit) (*question, error) {
	run, err := v.api.Run(v.ctx(), v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "Cancel this run?", Touches: "1 person is touched: " + run.Profile + " gets nothing more from " + run.Flow + ".",
		Stays: "What went out stays as it is.", Undo: "A cancelled run cannot go on. The next thing that triggers the flow starts a new one.",
		Number: 1, Button: "Cancel 1 run", Stops: true, Reason: mayReason, Back: runPath(run.ID),
	}, nil
}

func cancelRun(v *visit) (*done, error) {
	id := v.r.PathValue("id")
	if _, err := v.api.CancelRun(v.ctx(), id, v.posted(reasonField)); err != nil {
		return nil, err
	}
	return &done{To: runPath(id), Said: "The run is cancelled."}, nil
}

func askRetryRun(v *visit) (*question, error) {
	run, err := v.api.Run(v.ctx(), v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "Try this run again?", Touches: "1 person is touched: " + run.Profile + " goes on in " + run.Flow + " at the step that failed, in the version that is active now.",
		Stays: "What went out stays as it is, and what may have gone out is not sent again.", Undo: "The new attempt cannot be taken back; the run can be cancelled.",
		Number: 1, Button: "Try 1 run again", Reason: mayReason, Back: runPath(run.ID),
	}, nil
}

func retryRun(v *visit) (*done, error) {
	id := v.r.PathValue("id")
	if _, err := v.api.RetryRun(v.ctx(), id, v.posted(reasonField)); err != nil {
		return nil, err
	}
	return &done{To: runPath(id), Said: "The run goes on."}, nil
}
