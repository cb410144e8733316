package console

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"nudge/client"
)

var homeViews = []view{
	{pattern: Root + "{$}", file: "home", topics: []string{"runs", "events", "campaigns", "jobs"}, shared: true, load: loadHome},
}

// homePage says whether all is well, and where everybody is.
type homePage struct {
	Needs []need
	Wrong []problemPage // why it is not known whether something needs somebody
	Flows part[[]homeFlow]
	More  int  // flows that are not shown
	Quiet bool // nothing has arrived yet
	First firstSteps
}

// need is something that needs somebody.
type need struct {
	What, Says, Path string
	Tone             string
	At               client.Time
}

// homeFlow is an active flow in the list.
type homeFlow struct {
	Flow    string
	Line    Spark // starts of each of the last days
	Started uint64
	Here    uint64
	Bar     Bar
}

// firstSteps are the commands that make the first event arrive.
type firstSteps struct{ Deploy, Send, Look string }

const (
	homeFlows    = 20                 // that are counted for the page; a link leads to all
	homeTypes    = 50                 // types of events that are looked at, by name
	freshFailure = 7 * 24 * time.Hour // for how long a failure needs somebody
	needsAKind   = 3                  // failures and types of events that are named; a link leads to all
)

func loadHome(v *visit) (*content, error) {
	p := homePage{}
	v.addNeeds(&p)
	flows, err := v.api.Flows(v.ctx())
	active := slices.DeleteFunc(slices.Clone(flows), func(f client.FlowVersion) bool { return !f.Active })
	slices.SortFunc(active, func(a, b client.FlowVersion) int { return strings.Compare(a.Flow, b.Flow) })
	counts, failed := v.api.AllCounts(v.ctx(), "", homeFlows)
	var rows []homeFlow
	for i := range counts.Flows {
		rows = append(rows, v.homeFlow(counts.Since.Time, &counts.Flows[i]))
	}
	p.Flows, p.More = partOf(rows, cmp.Or(failed, err)), len(active)-len(rows)
	p.Quiet = err == nil && !slices.ContainsFunc(flows, func(f client.FlowVersion) bool { return f.Started > 0 })
	if p.Quiet {
		p.First = v.firstSteps(active)
	}
	return &content{Title: "Home", Data: p, Live: []string{"home-first", "home-needs", "home-flows"}}, nil
}

// addNeeds asks for all that needs somebody. What cannot be asked is said.
func (v *visit) addNeeds(p *homePage) {
	failed := func(err error) bool {
		if err != nil {
			p.Wrong = append(p.Wrong, problemData(err))
		}
		return err != nil
	}
	if h, err := v.api.Health(v.ctx()); !failed(err) {
		for _, n := range h.Needs {
			p.Needs = append(p.Needs, need{n.What, n.Detail, Root + "health", "bad", n.Since})
		}
	}
	if list, err := v.api.Failures(v.ctx(), client.FailureQuery{Limit: needsAKind + 1, Look: needsAKind + 1}); !failed(err) {
		p.Needs = append(p.Needs, v.failedNeeds(list.Groups)...)
	}
	if page, err := v.api.Deploys(v.ctx(), "", 0); !failed(err) {
		for i := range page.Deploys {
			if d := &page.Deploys[i]; d.State == "open" {
				says := "A proposal of " + d.By.Name + " waits for somebody who reads and approves it"
				if d.Note != "" {
					says += ": " + d.Note
				}
				p.Needs = append(p.Needs, need{"proposal", says, Root + "deploys/" + d.ID, "wait", d.At})
			}
		}
	}
	if types, err := v.api.EventTypes(v.ctx(), "", homeTypes); !failed(err) {
		p.Needs = append(p.Needs, v.eventNeeds(types.Types)...)
		if types.Next != "" {
			p.Needs = append(p.Needs, need{"events", "there are more types of events than were looked at here", Root + "events", "", client.Time{}})
		}
	}
}

func (v *visit) failedNeeds(groups []client.FailureGroup) (needs []need) {
	for i := range groups {
		if v.now.Sub(groups[i].Newest.At.Time) > freshFailure {
			continue // it stays in the list of what failed
		}
		if i == needsAKind {
			return append(needs, need{"failed", "further groups of failures", Root + "runs/failed", "bad", client.Time{}})
		}
		g := &groups[i]
		place := g.Flow
		if g.Step != "" {
			place += ", " + g.Step
		}
		needs = append(needs, need{g.Status, joined(v.Many(g.Runs, "run", "runs")+" of "+place, g.Reason), Root + "runs/failed", "bad", g.Newest.At})
	}
	return needs
}

// joined is a place and a reason, of which either may be empty.
func joined(place, reason string) string {
	if place == "" || reason == "" {
		return place + reason
	}
	return place + ": " + reason
}

// eventNeeds are the types that no flow uses, and those of which some were refused, within a day.
func (v *visit) eventNeeds(types []client.EventType) (needs []need) {
	unknown, refused := 0, 0
	for i := range types {
		t := &types[i]
		if t.Day.Refused > 0 {
			if refused++; refused <= needsAKind {
				needs = append(needs, need{"refused", v.Many(t.Day.Refused, "event of the type "+t.Type+" was", "events of the type "+t.Type+" were") + " refused in the last 24 hours", eventPath(t.Type), "bad", t.Last})
			}
		}
		if !t.Used && t.Day.Nothing > 0 {
			says := v.Many(t.Day.Nothing, "event", "events") + " of the type " + t.Type + " came in the last 24 hours, and no flow uses it"
			if t.DidYouMean != "" {
				says += ". Did you mean " + t.DidYouMean + "?"
			}
			if unknown++; unknown <= needsAKind {
				needs = append(needs, need{"unknown event", says, eventPath(t.Type), "", t.Last})
			}
		}
	}
	if more := max(unknown-needsAKind, 0) + max(refused-needsAKind, 0); more > 0 {
		needs = append(needs, need{"events", v.Many(more, "further type", "further types") + " of events are unknown or refused", Root + "events", "", client.Time{}})
	}
	return needs
}

// homeFlow says where everybody is who started a flow in the last days.
func (v *visit) homeFlow(since time.Time, f *client.FlowSums) homeFlow {
	count := func(n int64) uint64 { return uint64(max(n, 0)) }
	return homeFlow{
		Flow: f.Flow, Line: v.startsByDay(since, f.ByHour), Started: count(f.Started), Here: count(f.Here),
		Bar: v.barOf("started in "+f.Flow, []parcel{
			{name: "reached the goal", count: count(f.Goal), class: "good"}, {name: "ended otherwise", count: count(f.Ended - f.Goal - f.Failed), class: "sent"},
			{name: "here now", count: count(f.Here), class: "plan"}, {name: "failed", count: count(f.Failed), class: "bad"},
			{name: "left out", count: count(f.LeftOut), class: "left"},
		}).of(count(f.Started)),
	}
}

// firstSteps are commands for this server: with an event of a flow that is active, if there is one.
func (v *visit) firstSteps(active []client.FlowVersion) firstSteps {
	server := " --server " + v.serverURL()
	s := firstSteps{"nudge flows deploy DIR" + server, "nudge events send " + anEvent + " --profile ann --data '" + someData + "'" + server, "nudge runs list" + server}
	if kind, data, ok := v.exampleEvent(active); ok {
		s.Deploy, s.Send = "", "nudge events send "+kind+" --profile ann --data '"+data+"'"+server
	}
	return s
}
