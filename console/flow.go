package console

import (
	"cmp"
	"slices"
	"strings"

	"nudge/client"
)

// flowPage is the map of a flow, with everybody who started in a window.
type flowPage struct {
	flowHead
	Counted  *client.FlowCounts
	View     []choiceLink // map or table
	Table    bool         // in place of the map
	Everyone Bar
	Map      *flowMap
	Rows     []stepRow
	Splits   []shownSplit
	Drops    []dropRow
	Look     part[[]needsLook]
	Step     *stepPanel // of a step that is selected
	Start    *flowStart // what starts it; nil: it starts nobody any more, or only the parts that change are written
	Closed   bool       // the map has steps that can be opened
	Wide     bool       // the map needs the whole width
}

// besideW is the width of a map that has room beside a second column.
const besideW = 880

func loadFlow(v *visit) (*content, error) {
	flow := v.r.PathValue("flow")
	since := cmp.Or(v.query("since"), "14d")
	counts, err := v.api.Counts(v.ctx(), flow, client.CountsQuery{Version: v.query("version"), Since: since})
	if err != nil {
		return nil, err
	}
	query := client.DrawingQuery{Version: counts.Version, Numbers: true, Since: since}
	if open := v.query("open"); open != "" {
		query.Open = strings.Split(open, ",")
	}
	drawing, err := v.api.Drawing(v.ctx(), flow, query)
	if err != nil {
		return nil, err
	}
	p := flowPage{flowHead: v.flowHead(flow, "Map"), Counted: counts, Table: v.query("view") == "table"}
	p.About = drawing.About
	p.Windows = v.links("since", choice{"24h", "24 h"}, choice{"", "14 days"}, choice{"all", "All of version " + counts.Version[:4]})
	p.View = v.links("view", choice{"", "Map"}, choice{"table", "Table"})
	p.Everyone = v.everyone(counts, drawing)
	m := &mapper{v: v, drawing: drawing, counts: &counts.Counts, whole: counts.Counts.Started + counts.Counts.MovedIn, selected: v.query("step"), before: v.fromBefore(counts)}
	m.link = func(b *client.DrawingBox) string { return v.boxLink(counts, b) }
	for i := range counts.Counts.Splits {
		p.Splits = append(p.Splits, v.split(counts, &counts.Counts.Splits[i]))
	}
	m.leads = v.leadsOf(p.Splits)
	p.Map = m.draw("Map of the flow " + flow + " with the people at each step")
	p.Rows = v.stepRows(counts, m.before)
	if v.r.Header.Get(partsHeader) == "" {
		v.addBeside(&p, counts)
	}
	p.Wide = drawing.W > besideW && p.Step == nil
	for i := range drawing.Boxes {
		p.Closed = p.Closed || len(drawing.Boxes[i].Inside) > 0
	}
	return &content{Title: flow, Crumbs: []crumb{flowsCrumb}, Data: p, Live: []string{"flow-everyone", "flow-map", "flow-table"}}, nil
}

// addBeside asks for what is beside the map, which does not change while one looks.
func (v *visit) addBeside(p *flowPage, counts *client.FlowCounts) {
	p.Drops = v.drops(counts)
	p.Look = partOf(v.needsLook(counts))
	if counts.Active {
		p.Start = v.startOf(counts.Flow)
	}
	if step := v.query("step"); step != "" {
		p.Step = v.stepPanel(counts, step)
	}
}

// runsOf is the path of runs of the counted version that started in the window.
func runsOf(counts *client.FlowCounts, f client.RunFilter) string {
	f.Flow, f.Version, f.StartedFrom = counts.Flow, counts.Version, counts.Since
	return runsPath(f)
}

// boxLink is where a box leads: a step to what is known of it, a closed one to what is inside, an end to its people.
func (v *visit) boxLink(counts *client.FlowCounts, b *client.DrawingBox) string {
	switch {
	case len(b.Inside) > 0:
		open := b.Step
		if before := v.query("open"); before != "" {
			open = before + "," + open
		}
		return v.With("open", open)
	case b.Shape == "card":
		return v.With("step", b.Step)
	case b.Shape == "end" && b.ID == "end":
		return runsOf(counts, client.RunFilter{Outcome: "completed"})
	case b.Shape == "end" && len(b.Texts) > 0:
		return runsOf(counts, client.RunFilter{Outcome: outcomeOf(counts, b)})
	}
	return ""
}

// outcomeOf is the outcome of those who come to an end.
func outcomeOf(counts *client.FlowCounts, b *client.DrawingBox) string {
	for _, w := range b.Ways {
		if w.Count == "exit" && w.At < len(counts.Counts.Exits) {
			return counts.Counts.Exits[w.At].As
		}
	}
	return titleOf(b)
}

// titleOf puts the name in a box together again, which may be on several lines.
func titleOf(b *client.DrawingBox) (name string) {
	for _, t := range b.Texts {
		if t.Bold {
			name += t.Said
		}
	}
	return name
}

// fromBefore returns who stands at each step and started before the window.
func (v *visit) fromBefore(counts *client.FlowCounts) map[string]int64 {
	before := map[string]int64{}
	if counts.Elsewhere == 0 {
		return before
	}
	versions, err := v.api.Flows(v.ctx())
	if err != nil {
		return before // the sum is on the page all the same
	}
	for _, version := range versions {
		if version.Flow != counts.Flow || version.Version != counts.Version {
			continue
		}
		for _, s := range counts.Counts.Steps {
			if more := int64(version.Parked[s.Step]) - s.Here; more > 0 {
				before[s.Step] = more
			}
		}
	}
	return before
}

// maxParts is how many outcomes have a part of their own in the bar; those beyond it are one part.
const maxParts = 7

// outcomeClasses colour the parts of outcomes that are neither the goal nor a failure.
var outcomeClasses = []string{"left", "reply", "deliv", "sent", "unsent"}

// everyone is the bar of all who started: their parts add up to it.
func (v *visit) everyone(counts *client.FlowCounts, drawing *client.Drawing) Bar {
	c := &counts.Counts
	goals := goalsOf(c, drawing)
	var good, rest, bad []parcel
	others := parcel{name: "other outcomes", class: "unk"}
	for i, o := range c.Outcomes {
		p := parcel{name: o.Name, count: uint64(o.Runs), link: runsOf(counts, client.RunFilter{Outcome: o.Name})}
		switch {
		case goals[o.Name]:
			p.class, p.note = "good", "the goal"
			good = append(good, p)
		case tone(o.Name) == "bad":
			p.class = "bad"
			bad = append(bad, p)
		case i >= maxParts:
			others.count += p.count
		default:
			p.class = outcomeClasses[len(rest)%len(outcomeClasses)]
			rest = append(rest, p)
		}
	}
	here := parcel{name: "here now", count: uint64(max(0, c.Here)), class: "plan", link: runsOf(counts, client.RunFilter{Status: "live"})}
	if n := waitsWithPeople(c); n > 0 {
		here.note = "at " + v.Many(n, "step", "steps")
	}
	all := slices.Concat(good, []parcel{here}, rest, []parcel{others,
		{name: "went on in another version", count: uint64(c.MovedOut), class: "unsent"}, {name: "left out", count: uint64(c.LeftOut), class: "unsent"}}, bad)
	of := "runs started, all accounted for"
	if !counts.Since.IsZero() {
		of = "runs started since " + counts.Since.In(v.zone).Format("2 Jan") + ", all accounted for"
	}
	bar := v.barOf(of, all).of(uint64(max(0, c.Started+c.MovedIn)))
	bar.Note = "version " + counts.Version[:4]
	if other := startedElsewhere(counts); other > 0 {
		bar.Note += "; " + v.Many(other, "run", "runs") + " of all time started on other versions"
	}
	if c.MovedIn > 0 {
		bar.Note += ", " + v.Num(c.MovedIn) + " of them in another one"
	}
	return bar
}

// startedElsewhere is how many runs ever started on other versions: numbers of versions are never added up.
func startedElsewhere(counts *client.FlowCounts) (runs uint64) {
	for _, other := range counts.Versions {
		if other.Version != counts.Version {
			runs += other.Started
		}
	}
	return runs
}

// goalsOf returns the outcomes that are the goal.
func goalsOf(c *client.Counts, drawing *client.Drawing) map[string]bool {
	goals := map[string]bool{}
	for _, x := range c.Exits {
		if x.Goal {
			goals[x.As] = true
		}
	}
	for i := range drawing.Boxes {
		if b := &drawing.Boxes[i]; b.Goal && b.Shape == "end" {
			goals[titleOf(b)] = true
		}
	}
	return goals
}

func waitsWithPeople(c *client.Counts) (n int) {
	for _, s := range c.Steps {
		if s.Here > 0 {
			n++
		}
	}
	return n
}

// stepRow is a step in the table that says the same as the map.
type stepRow struct {
	client.StepCounts
	Link, HereLink string
	Before         int64
	Left           int64 // by exits
	Ways           []client.LineCount
}

func (v *visit) stepRows(counts *client.FlowCounts, before map[string]int64) (rows []stepRow) {
	for _, s := range counts.Counts.Steps {
		row := stepRow{StepCounts: s, Link: v.With("step", s.Step), HereLink: runsOf(counts, client.RunFilter{Step: s.Step, Status: "live"}), Before: before[s.Step]}
		for _, x := range counts.Counts.Exits {
			for _, from := range x.From {
				if from.Step == s.Step {
					row.Left += from.Taken
				}
			}
		}
		row.Ways = slices.Concat(s.Lines, s.Ends, s.Arms)
		rows = append(rows, row)
	}
	return rows
}

// dropRow is what became of the messages of a send.
type dropRow struct {
	client.SendCounts
	NotSent, NotRead int64
	Reasons          []reasonCount
	UnsentLink       string
	UnreadLink       string
}

// reasonCount is how many messages were not sent for a reason, failed, or may have gone out.
type reasonCount struct {
	Reason string
	Runs   int64
	Link   string
}

func (v *visit) drops(counts *client.FlowCounts) (rows []dropRow) {
	for _, s := range counts.Counts.Steps {
		if s.Send == nil || s.Send.Runs == 0 {
			continue
		}
		row := dropRow{SendCounts: *s.Send, NotSent: unsentOf(s.Send), NotRead: s.Send.Sent - s.Send.Read, Reasons: reasonsOf(counts, s.Send),
			UnsentLink: runsOf(counts, client.RunFilter{Step: s.Step, MessageStatus: "unsent"}), UnreadLink: runsOf(counts, client.RunFilter{Step: s.Step, MessageStatus: "delivered"})}
		rows = append(rows, row)
	}
	return rows
}

func reasonsOf(counts *client.FlowCounts, s *client.SendCounts) (all []reasonCount) {
	for reason, n := range s.Unsent {
		all = append(all, reasonCount{reason, n, runsOf(counts, client.RunFilter{Step: s.Step, Reason: reason})})
	}
	for _, status := range []string{"failed", "unknown"} { // neither sent nor left unsent by a rule
		if n := s.Status[status]; n > 0 {
			all = append(all, reasonCount{status, n, runsOf(counts, client.RunFilter{Step: s.Step, MessageStatus: status})})
		}
	}
	slices.SortFunc(all, func(a, b reasonCount) int {
		return cmp.Or(cmp.Compare(b.Runs, a.Runs), strings.Compare(a.Reason, b.Reason))
	})
	return all
}

// needsLook is something about a flow that somebody should see.
type needsLook struct {
	Said, Detail string
	Link         string
	Retry        string // the page that asks about trying all again; empty: it cannot
}

const (
	flowFailures = 5  // groups of failures that the page of a flow shows
	nearGroups   = 20 // groups, the newest of all flows, that it looks at for them
)

func (v *visit) needsLook(counts *client.FlowCounts) (all []needsLook, err error) {
	failures, err := v.api.Failures(v.ctx(), client.FailureQuery{Flow: counts.Flow, Limit: flowFailures, Look: nearGroups})
	if err != nil {
		return nil, err
	}
	for _, g := range failures.Groups {
		n := needsLook{Said: v.Many(g.Runs, g.What, g.What+"s") + " " + g.Status, Detail: g.Reason, Link: runsPath(client.RunFilter{Failure: g.ID})}
		n.Detail = joined(g.Step, g.Reason)
		if g.What == "run" && g.Status == "failed" && v.May("operate") {
			n.Retry = Root + "batches/new?do=retry&failure=" + g.ID
		}
		all = append(all, n)
	}
	for _, version := range counts.Versions {
		if version.Version != counts.Version && version.Live > 0 {
			all = append(all, needsLook{Said: "Version " + version.Version[:4] + " still has " + v.Many(version.Live, "person", "people"),
				Detail: "they end as they began", Link: v.With("version", version.Version)})
		}
	}
	return all, nil
}

// stepPanel is what is known of a step that is selected.
type stepPanel struct {
	*client.StepCounts
	Reasons  []reasonCount
	Live     string // path of who is there
	Status   string // of the messages whose runs are shown
	Messages string // path of who was written to
	Runs     part[*client.RunPage]
	Newest   *client.Content // a message of the step, as its person got it
	To       *client.Run     // who got it
	Place    *stepPlace      // in the source
	Close    string
}

// panelRuns is how many people stand beside a step.
const panelRuns = 5

// panelLook is how many runs, the newest, are looked at for them.
const panelLook = 60

func (v *visit) stepPanel(counts *client.FlowCounts, id string) *stepPanel {
	at := slices.IndexFunc(counts.Counts.Steps, func(s client.StepCounts) bool { return s.Step == id })
	if at < 0 {
		return nil
	}
	s := &counts.Counts.Steps[at]
	p := &stepPanel{StepCounts: s, Place: v.placeOf(counts.Flow, counts.Version, id), Close: v.With("step", ""), Live: runsOf(counts, client.RunFilter{Step: id, Status: "live"})}
	filter := client.RunFilter{Flow: counts.Flow, Version: counts.Version, StartedFrom: counts.Since, Step: id, Status: "live"}
	if s.Send != nil {
		p.Reasons = reasonsOf(counts, s.Send)
		filter.Status, filter.MessageStatus = "", newestStatus(s.Send)
		p.Status = filter.MessageStatus
		p.Messages = runsPath(filter)
	}
	p.Runs = partOf(v.api.Runs(v.ctx(), client.RunQuery{RunFilter: filter, Limit: panelRuns, Look: panelLook}))
	if s.Send == nil || p.Runs.Of == nil || len(p.Runs.Of.Runs) == 0 {
		return p
	}
	if run, err := v.api.Run(v.ctx(), p.Runs.Of.Runs[0].ID); err == nil { // else without an example
		for _, m := range run.Messages {
			if m.Step == id && m.Content != nil {
				p.Newest, p.To = m.Content, run
			}
		}
	}
	return p
}

// newestStatus is the status that most messages of a send have come to, of those that went out.
func newestStatus(s *client.SendCounts) string {
	best := "read"
	for _, status := range []string{"delivered", "sent", "accepted"} {
		if s.Status[status] > s.Status[best] {
			best = status
		}
	}
	return best
}
