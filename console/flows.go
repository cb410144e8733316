package console

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"nudge/client"
)

var flowViews = []view{
	{pattern: Root + "flows", file: "flows", section: "flows", load: loadFlows},
	{pattern: Root + "flows/{flow}", file: "flow", section: "flows", topics: []string{"runs"}, shared: true, load: loadFlow},
	{pattern: Root + "flows/{flow}/runs", file: "flowruns", section: "flows", topics: []string{"runs"}, load: loadFlowRuns},
	{pattern: Root + "flows/{flow}/proof", file: "flowproof", section: "flows", load: loadFlowProof},
	{pattern: Root + "flows/{flow}/source", file: "flowsource", section: "flows", load: loadSource},
	{pattern: Root + "flows/{flow}/versions", file: "flowversions", section: "flows", load: loadFlowVersions},
	{pattern: Root + "flows/{flow}/stories", file: "flowstories", section: "flows", load: loadFlowStories},
	{pattern: Root + "flows/{flow}/stories/{name}", file: "story", section: "flows", load: loadStory},
	{pattern: Root + "stories", file: "stories", section: "stories", load: loadStories},
}

// maxSparks is how many flows of the list have a line, the first by name; those beyond it have none.
const maxSparks = 40

// listedFlow is a flow in the list.
type listedFlow struct {
	Name          string
	Live, Started uint64 // of all versions
	Older         uint64 // of those live, on versions that are not active
	Active        bool
	Counts        *client.FlowSums // of 14 days; nil: they were not asked for
	Spark         Spark
}

// loadFlows lists the flows, those with most people first.
func loadFlows(v *visit) (*content, error) {
	versions, err := v.api.Flows(v.ctx())
	if err != nil {
		return nil, err
	}
	byName := map[string]*listedFlow{}
	for _, version := range versions {
		f := byName[version.Flow]
		if f == nil {
			f = &listedFlow{Name: version.Flow}
			byName[version.Flow] = f
		}
		f.Live, f.Started = f.Live+version.Live, f.Started+version.Started
		if f.Active = f.Active || version.Active; !version.Active {
			f.Older += version.Live
		}
	}
	all := make([]*listedFlow, 0, len(byName))
	for _, f := range byName {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *listedFlow) int {
		return cmp.Or(cmp.Compare(b.Live, a.Live), strings.Compare(a.Name, b.Name))
	})
	if counts, err := v.api.AllCounts(v.ctx(), "", maxSparks); err == nil { // else without lines
		for i := range counts.Flows {
			if f := byName[counts.Flows[i].Flow]; f != nil {
				f.Counts, f.Spark = &counts.Flows[i], v.startsByDay(counts.Since.Time, counts.Flows[i].ByHour)
			}
		}
	}
	return &content{Title: "Flows", Data: all}, nil
}

// sparkDays is how many days the line of a flow has.
const sparkDays = 14

// startsByDay draws how many started on each of the last days, by the page's clock.
func (v *visit) startsByDay(since time.Time, byHour []int64) Spark {
	var days [sparkDays]uint64
	date := func(at time.Time) time.Time {
		year, month, day := at.In(v.zone).Date()
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	today := date(v.now)
	for i, started := range byHour {
		hour := since.Add(time.Duration(i) * time.Hour)
		if ago := int(today.Sub(date(hour)) / (24 * time.Hour)); started > 0 && ago >= 0 && ago < sparkDays {
			days[sparkDays-1-ago] += uint64(started)
		}
	}
	return v.sparkOf("started today", days[:])
}

// flowTab is a tab of the pages of a flow.
type flowTab struct {
	Label, Path string
	Current     bool
}

// flowHead is what the pages of a flow have in common.
type flowHead struct {
	Flow, About string
	Tabs        []flowTab
	Windows     []choiceLink
}

func (v *visit) flowHead(flow, current string) flowHead {
	h := flowHead{Flow: flow}
	for _, tab := range []struct{ label, path string }{{"Map", ""}, {"Runs", "/runs"}, {"Stories", "/stories"}, {"Proof", "/proof"}, {"Versions", "/versions"}, {"Source", "/source"}} {
		h.Tabs = append(h.Tabs, flowTab{tab.label, flowPath(flow) + tab.path, tab.label == current})
	}
	return h
}

var flowsCrumb = crumb{"Flows", Root + "flows"}

// flowRunsPage are the runs of a flow.
type flowRunsPage struct {
	flowHead
	Status []choiceLink
	Page   *client.RunPage
	Files  *fileLinks
}

func loadFlowRuns(v *visit) (*content, error) {
	flow := v.r.PathValue("flow")
	filter := v.filterOf()
	filter.Flow = flow
	page, err := v.listRuns(filter)
	if err != nil {
		return nil, err
	}
	p := flowRunsPage{v.flowHead(flow, "Runs"), v.links("status", choice{"", "All"}, choice{"live", "Live"}, choice{"ended", "Ended"}), page, filesOf(filter)}
	return &content{Title: "Runs", Crumbs: []crumb{flowsCrumb, {flow, flowPath(flow)}}, Data: p}, nil
}

// flowVersionsPage are the versions of a flow.
type flowVersionsPage struct {
	flowHead
	Versions []shownVersion
}

// shownVersion is a version with how its runs ended.
type shownVersion struct {
	client.FlowVersion
	Map, Live, Source string // paths
	Ended             []client.OutcomeCount
}

func loadFlowVersions(v *visit) (*content, error) {
	flow := v.r.PathValue("flow")
	versions, err := v.api.Flows(v.ctx())
	if err != nil {
		return nil, err
	}
	p := flowVersionsPage{flowHead: v.flowHead(flow, "Versions")}
	for _, version := range versions {
		if version.Flow != flow {
			continue
		}
		s := shownVersion{FlowVersion: version, Map: flowPath(flow) + "?" + url.Values{"version": {version.Version}, "since": {"all"}}.Encode(),
			Live:   runsPath(client.RunFilter{Flow: flow, Version: version.Version, Status: "live"}),
			Source: flowPath(flow) + "/source?" + queryOf("version", version.Version)}
		for name, n := range version.Outcomes {
			s.Ended = append(s.Ended, client.OutcomeCount{Name: name, Runs: int64(n)})
		}
		slices.SortFunc(s.Ended, func(a, b client.OutcomeCount) int {
			return cmp.Or(cmp.Compare(b.Runs, a.Runs), strings.Compare(a.Name, b.Name))
		})
		p.Versions = append(p.Versions, s)
	}
	if len(p.Versions) == 0 {
		return nil, &client.Problem{Status: 404, Detail: fmt.Sprintf("no flow is called %s", Shown(flow))}
	}
	slices.SortStableFunc(p.Versions, func(a, b shownVersion) int {
		if a.Active != b.Active {
			return map[bool]int{true: -1, false: 1}[a.Active]
		}
		return cmp.Compare(b.FlowVersion.Live, a.FlowVersion.Live)
	})
	return &content{Title: "Versions", Crumbs: []crumb{flowsCrumb, {flow, flowPath(flow)}}, Data: p}, nil
}
