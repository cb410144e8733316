package console

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"nudge/client"
)

// newCampaignPage says what a campaign would do.
type newCampaignPage struct {
	Flow     string
	Flows    []choice     // that have a schedule, or had a campaign
	Wrong    *problemPage // why looking ahead did not begin
	Job      *client.Job
	Preview  *client.Preview // nil: nobody has asked for one, or it is not done
	Everyone Bar
	Reasons  []leftReason
	Reads    []bubbleOf
	Start    string
}

func loadNewCampaign(v *visit) (*content, error) {
	p := newCampaignPage{Flow: v.query("flow"), Wrong: v.wrong}
	loaded := &content{Title: "New campaign", Crumbs: []crumb{{"Campaigns", Root + "campaigns"}}}
	if err := v.flowsFor(&p); err != nil {
		return nil, err
	}
	if id := v.query("job"); id != "" {
		job, err := v.api.Job(v.ctx(), id)
		if err != nil {
			return nil, err
		}
		p.Job = job
		if p.Preview, err = previewOf(job); err != nil {
			return nil, err
		}
		if !job.Over() {
			loaded.Live, loaded.Fills = []string{"preview"}, true
		}
	}
	if p.Preview != nil {
		v.addPreview(&p)
	}
	loaded.Data = p
	return loaded, nil
}

// flowsFor lists the flows of which somebody can start a campaign.
func (v *visit) flowsFor(p *newCampaignPage) error {
	upcoming, err := v.api.Schedule(v.ctx(), 200)
	if err != nil {
		return err
	}
	names := []string{}
	if p.Flow != "" {
		names = append(names, p.Flow)
	}
	for _, u := range upcoming {
		names = append(names, u.Flow)
	}
	if page, err := v.api.Campaigns(v.ctx(), client.CampaignQuery{}); err == nil {
		for _, c := range page.Campaigns {
			names = append(names, c.Flow)
		}
	}
	active, err := v.scheduledFlows()
	if err != nil {
		return err
	}
	names = append(names, active...) // a flow whose only time is over is in no schedule
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		p.Flows = append(p.Flows, choice{name, name})
	}
	return nil
}

// maxLooked is how many active flows are looked at for those that somebody can start for an audience.
const maxLooked = 100

// scheduledFlows are the active flows with an audience that no event has to bring.
func (v *visit) scheduledFlows() (names []string, err error) {
	versions, err := v.api.Flows(v.ctx())
	if err != nil {
		return nil, err
	}
	looked := 0
	for _, version := range versions {
		if !version.Active || looked == maxLooked {
			continue
		}
		looked++
		f, err := v.api.Flow(v.ctx(), version.Flow, "")
		if err == nil && slices.ContainsFunc(f.Starts, func(s client.FlowStart) bool { return s.Kind == "schedule" && s.Audience }) {
			names = append(names, f.Flow)
		}
	}
	return names, nil
}

// previewOf is what a job has found out; nil while it has not.
func previewOf(job *client.Job) (*client.Preview, error) {
	if len(job.Result) == 0 {
		return nil, nil
	}
	p := &client.Preview{}
	return p, json.Unmarshal(job.Result, p)
}

// sendsAtOnce is the outcome of a preview for people who get a message at once.
const sendsAtOnce = "sends at once"

// addPreview puts the people of a preview into parts that add up to the rows.
func (v *visit) addPreview(p *newCampaignPage) {
	of := p.Preview
	var parcels []parcel
	sums := map[string]uint64{}
	for _, what := range slices.Sorted(maps.Keys(of.Outcomes)) {
		n := uint64(of.Outcomes[what])
		kind, reason, _ := strings.Cut(what, ": ")
		if kind == "left out" || kind == "unsent" {
			sums[kind] += n
			p.Reasons = append(p.Reasons, previewReason(of, what, reason))
			continue
		}
		class := "plan"
		if what == sendsAtOnce {
			class = "sent"
		}
		parcels = append(parcels, parcel{name: what, count: n, class: class})
	}
	if of.Bad > 0 {
		r := leftReason{Why: "Row cannot be read", People: uint64(of.Bad)}
		if len(of.BadRows) > 0 {
			r.Detail = badRow(of.BadRows[0])
		}
		p.Reasons = append(p.Reasons, r)
	}
	slices.SortStableFunc(p.Reasons, func(a, b leftReason) int { return int(b.People) - int(a.People) })
	p.Everyone = v.barOf("people in the audience", append(parcels,
		parcel{name: "not sent", count: sums["unsent"], class: "unsent"}, parcel{name: "left out", count: sums["left out"], class: "left"},
		parcel{name: "not readable", count: uint64(of.Bad), class: "left", note: "rows"},
		parcel{name: "not tried", count: uint64(max(0, of.Rows-of.Tried)), class: "plan", note: "only the first rows are"}))
	for _, s := range of.Samples {
		b := bubbleOf{For: s.Locale, Who: s.Profile, Link: personPath(s.Profile), Absent: s.Absent, Text: s.Text, Note: v.Many(s.Messages, "message", "messages")}
		if b.For == "" {
			b.For = s.Step
		}
		p.Reads = append(p.Reads, b)
	}
	p.Start = Root + "campaigns/start?" + url.Values{"flow": {of.Flow}, "job": {p.Job.ID}}.Encode()
}

// previewReason is why people of a preview would get nothing.
func previewReason(of *client.Preview, outcome, reason string) leftReason {
	r := leftReason{Why: upper(reasonWords(reason)), People: uint64(of.Outcomes[outcome])}
	if people := of.Examples[outcome]; len(people) > 0 {
		r.Example, r.Link = people[0], personPath(people[0])
	}
	return r
}

// writesTo is how many people a campaign would write to, as far as the preview tells: what it did not try may all get a message.
func writesTo(of *client.Preview) int {
	n := of.Rows - of.Tried
	for what, rows := range of.Outcomes {
		if kind, _, _ := strings.Cut(what, ": "); kind != "left out" && kind != "unsent" {
			n += rows
		}
	}
	return n
}

// lookAhead begins a preview.
func lookAhead(v *visit) (*done, error) {
	flow := v.posted("flow")
	job, err := v.api.StartPreview(v.ctx(), client.CampaignPreview{Flow: flow})
	if err != nil {
		return nil, err
	}
	return &done{To: Root + "campaigns/new?" + url.Values{"flow": {flow}, "job": {job.ID}}.Encode()}, nil
}

// askStart asks before a campaign starts, with the numbers of a preview.
func askStart(v *visit) (*question, error) {
	flow := v.asked("flow")
	job, err := v.api.Job(v.ctx(), v.asked("job"))
	if err != nil {
		return nil, err
	}
	of, err := previewOf(job)
	switch {
	case err != nil:
		return nil, err
	case of == nil || of.Flow != flow:
		return nil, &client.Problem{Status: http.StatusConflict, Detail: "this preview says nothing of the flow " + flow + ": look ahead first"}
	}
	n := writesTo(of)
	q := &question{
		Title:   "Start " + flow + "?",
		Touches: v.Many(n, "person gets", "people get") + " a message, or may: that was counted at " + job.Ended.In(v.zone).Format("15:04:05") + " " + v.Zone() + ". It begins for everybody at once, whatever the schedule says.",
		Stays:   v.Many(max(0, of.Rows+of.Bad-n), "person", "people") + " of the audience get nothing. Runs that live stay as they are.",
		Undo:    "It can be paused and cancelled; what has gone out by then cannot be taken back.",
		Number:  n, Button: "Start for " + v.Many(n, "person", "people"), Fields: []field{{"flow", flow}, {"job", job.ID}},
		Back: Root + "campaigns/new?" + url.Values{"flow": {flow}, "job": {job.ID}}.Encode(),
	}
	if n > manyMessages {
		q.Type = flow
	}
	return q, nil
}

func startCampaign(v *visit) (*done, error) {
	c, err := v.api.StartCampaign(v.ctx(), client.CampaignStart{Flow: v.posted("flow")})
	if err != nil {
		return nil, err
	}
	return &done{To: campaignPath(c.ID), Said: c.Flow + " has started.", Undo: &undo{"Pause", campaignPath(c.ID) + "/pause", append(expects(0), field{reasonField, "started by mistake"})}}, nil
}
