package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nudge/client"
)

var newCampaignView = view{pattern: Root + "campaigns/new", file: "campaign_new", section: "campaigns", topics: []string{"jobs"}, load: loadNewCampaign}

var campaignViews = []view{
	{pattern: Root + "campaigns", file: "campaigns", section: "campaigns", load: loadCampaigns},
	newCampaignView,
	{pattern: Root + "campaigns/{id}", file: "campaign", section: "campaigns", topics: []string{"campaigns", "runs"}, shared: true, load: loadCampaign},
}

var campaignActions = []action{
	{pattern: Root + "campaigns/new", scope: "operate", section: "campaigns", keyless: true, shows: &newCampaignView, do: lookAhead},
	{pattern: Root + "campaigns/start", scope: "operate", section: "campaigns", asks: askStart, do: startCampaign},
	{pattern: Root + "campaigns/{id}/pause", scope: "operate", section: "campaigns", asks: askPause, do: pauseCampaign},
	{pattern: Root + "campaigns/{id}/resume", scope: "operate", section: "campaigns", asks: askResume, do: resumeCampaign},
	{pattern: Root + "campaigns/{id}/cancel", scope: "operate", section: "campaigns", asks: askCancelCampaign, do: cancelCampaign},
}

// campaignPage is one campaign.
type campaignPage struct {
	*client.CampaignDetail
	Everyone Bar
	Wave     *wave // nil: it does not come by the clock of its people
	Reasons  []leftReason
	Missing  int // people who did not get it
	Approved *client.Deploy
	Reads    part[[]bubbleOf]
	Cases    string // the template that has them
	Next     part[[]client.Upcoming]
	Files    *fileLinks // of its runs
}

// campaignWord says where a campaign stands.
func campaignWord(c *client.Campaign) string {
	if c.Status == "started" && c.Local && c.Outcomes["planned"] > 0 {
		return "Running"
	}
	if word := map[string]string{
		"waiting": "Waits for its turn", "freezing": "Lists its people", "starting": "Running", "started": "Everybody has begun", "held": "Held after a restore",
	}[c.Status]; word != "" {
		return word
	}
	return upper(c.Status)
}

// begins are the people whom a campaign can still begin with.
func begins(c *client.Campaign) int {
	n := c.Outcomes["to come"]
	if c.Local {
		n += c.Outcomes["planned"]
	}
	return int(n)
}

// Readable are the rows of the audience that can be read.
func (p campaignPage) Readable() int { return p.Audience - int(p.Outcomes["bad"]) }

// MayPause reports whether it can still begin with people.
func (p campaignPage) MayPause() bool {
	return p.Status == "waiting" || p.Status == "freezing" || p.Status == "starting" || p.Status == "started" && p.Local
}

// MayResume reports whether it stands still.
func (p campaignPage) MayResume() bool { return p.Status == "paused" || p.Status == "held" }

// MayCancel reports whether it is not over.
func (p campaignPage) MayCancel() bool { return p.MayPause() || p.MayResume() || p.Status == "started" }

// Begun reports whether nobody is left who could begin: what can still be stopped are runs.
func (p campaignPage) Begun() bool { return p.Status == "started" && begins(&p.Campaign) == 0 }

// DueWords is what the campaign's people have on their clocks when it begins, or the instant at which it begins for all.
func (v *visit) DueWords(c client.Campaign) string {
	if c.Local {
		return wallOf(&c).Format("Monday 2 January 2006") + clockWords(wallOf(&c))
	}
	return c.Due.In(v.zone).Format("Monday 2 January 2006 at 15:04 MST")
}

// campaignName is a campaign as people call it: its flow and when it was due. An ID that somebody chose is its name.
func (v *visit) campaignName(id string) string {
	flow, due, _ := strings.Cut(id, "@")
	due, _, _ = strings.Cut(due, "#")                               // which trigger it was of
	if at, err := time.Parse("2006-01-02T15:04", due); err == nil { // the time on the clocks of its people
		return flow + " of " + at.Format("2 Jan 2006") + clockWords(at) + " where people live"
	}
	if at, err := time.Parse(time.RFC3339, due); err == nil {
		return flow + " of " + at.In(v.zone).Format("2 Jan 2006 at 15:04 MST")
	}
	return id
}

// LocalDay is the day and the time of day at which a local campaign comes.
func (v *visit) LocalDay(due client.Time) string {
	wall := due.UTC().Add(aheadOfUTC)
	return wall.Format("Mon 2 Jan") + clockWords(wall)
}

// Thousandth is a part of a whole in thousandths.
func (v *visit) Thousandth(part, whole int) int { return 1000 * part / max(whole, 1) }

// Rounded writes a number without decimals, unless it is small.
func (v *visit) Rounded(n float64) string {
	if n < 9.95 {
		return v.print.Sprintf("%.1f", n)
	}
	return v.Num(int64(n + 0.5))
}

// aheadOfUTC is by how much the day begins first anywhere: a campaign that is local is due then.
const aheadOfUTC = 14 * time.Hour

// wallOf is what people have on their clocks when a local campaign begins for them, as if it were UTC.
func wallOf(c *client.Campaign) time.Time { return c.Due.UTC().Add(aheadOfUTC) }

// clockWords is the time of day of a local campaign. At midnight each person has a time of their own.
func clockWords(wall time.Time) string {
	if ownTimes(wall) {
		return " at a time of their own"
	}
	return wall.Format(" at 15:04")
}

func ownTimes(wall time.Time) bool { return wall.Hour() == 0 && wall.Minute() == 0 }

func loadCampaign(v *visit) (*content, error) {
	c, err := v.api.CampaignDetail(v.ctx(), v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v.useZone(v.query("zone"))
	p := campaignPage{CampaignDetail: c, Everyone: v.everyoneOf(c), Wave: v.waveOf(c)}
	p.Everyone.Note = "listed " + c.Started.At.In(v.zone).Format("2 Jan, 15:04")
	if c.Started.By != "" {
		p.Everyone.Note += " by " + Shown(v.Who(c.Started.By))
	}
	loaded := &content{Title: c.Flow, Crumbs: []crumb{{"Campaigns", Root + "campaigns"}}, Live: []string{"campaign-state", "campaign-everyone", "campaign-wave", "campaign-pace"}}
	if v.r.Header.Get(partsHeader) == "" { // what is no live part
		p.Files = filesOf(client.RunFilter{Flow: c.Flow, Version: c.Version, Campaign: c.ID})
		p.Reasons, p.Missing = v.reasonsOf(c)
		p.Approved = v.deployOf(c.Flow, c.Version)
		p.Reads, p.Cases = v.readOf(c)
		p.Next = partOf(v.api.Schedule(v.ctx(), 5))
	}
	loaded.Data = p
	return loaded, nil
}

// everyoneOf puts the people of a campaign into parts that add up to its audience.
func (v *visit) everyoneOf(c *client.CampaignDetail) Bar {
	runs := func(status string) string {
		return runsPath(client.RunFilter{Flow: c.Flow, Version: c.Version, Campaign: c.ID, MessageStatus: status})
	}
	sum := func(prefix string) (n uint64, note string) {
		var most uint64
		for what, rows := range c.Outcomes {
			if reason, ok := strings.CutPrefix(what, prefix); ok {
				if n += rows; rows > most || rows == most && reason < note {
					most, note = rows, reason
				}
			}
		}
		return n, strings.TrimSpace(reasonWords(note))
	}
	unsent, whyUnsent := sum("unsent: ")
	left, whyLeft := sum("left out: ")
	silent, whySilent := sum("no message: ")
	of := c.Outcomes
	return v.barOf("people in the audience, all accounted for", []parcel{
		{"read", of["read"], "good", runs("read"), ""},
		{"replied", of["replied"], "reply", runs("read"), ""},
		{"delivered", of["delivered"], "deliv", runs("delivered"), ""},
		{"sent", of["sent"], "sent", runs("accepted"), "no receipt"},
		{"planned", of["planned"], "plan", runsPath(client.RunFilter{Flow: c.Flow, Version: c.Version, Campaign: c.ID, Status: "live"}), "to begin"},
		{"to come", of["to come"], "plan", "", "not taken yet"},
		{"failed", of["failed"], "bad", runs("failed"), ""},
		{"unknown", of["unknown"], "unk", runs("unknown"), "nobody can say"},
		{"not sent", unsent, "unsent", runs("unsent"), whyUnsent},
		{"no message", silent, "left", runsPath(client.RunFilter{Flow: c.Flow, Version: c.Version, Campaign: c.ID, Status: "ended"}), whySilent},
		{"left out", left, "left", "#out", whyLeft},
		{"not readable", of["bad"], "left", "#out", "rows"},
	}).of(uint64(c.Audience))
}

// leftReason is why people did not get it.
type leftReason struct {
	Why, Example, Link, Detail string
	People                     uint64
	All                        string // the list of them; empty: there is none
}

// reasonsOf says why people of a campaign did not get it, the most frequent first, and how many they are.
func (v *visit) reasonsOf(c *client.CampaignDetail) (all []leftReason, people int) {
	base := client.RunFilter{Flow: c.Flow, Version: c.Version, Campaign: c.ID}
	for what, rows := range c.Outcomes {
		r, f := leftReason{Why: upper(what), People: rows}, base
		kind, reason, _ := strings.Cut(what, ": ")
		switch kind {
		case "left out":
			r.Why, r.Example = upper(reasonWords(reason)), exampleOf(c, reason)
		case "unsent":
			r.Why, f.MessageStatus, f.Reason = upper(reasonWords(reason)), "unsent", reason
		case "no message":
			r.Why, f.Status, f.Outcome = "Ended with "+reason+" before a message", "ended", reason
		case "failed", "unknown":
			r.Why, f.MessageStatus = map[string]string{"failed": "Failed at the provider", "unknown": "Outcome unknown"}[kind], kind
		case "bad":
			r.Why = "Row cannot be read"
			if len(c.BadRows) > 0 {
				r.Detail = badRow(c.BadRows[0])
			}
		default:
			continue
		}
		if f != base {
			r.All = runsPath(f)
			if run := v.someoneOf(f); run != nil {
				r.Example, r.Link = run.Profile, runPath(run.ID)
				if kind == "failed" {
					r.Detail = v.failureOf(run.ID)
				}
			}
		}
		if r.Example != "" && r.Link == "" {
			r.Link = personPath(r.Example)
		}
		all, people = append(all, r), people+int(rows)
	}
	slices.SortFunc(all, func(a, b leftReason) int {
		if a.People != b.People {
			return int(b.People) - int(a.People)
		}
		return strings.Compare(a.Why, b.Why)
	})
	return all, people
}

// failureOf is why the message of a run failed, in the words of the provider; empty where it gave none.
func (v *visit) failureOf(run string) (why string) {
	of, err := v.api.Run(v.ctx(), run)
	if err != nil {
		return ""
	}
	for _, m := range of.Messages {
		if m.Status == "failed" {
			why = m.Reason
		}
	}
	return why
}

func badRow(b client.BadRow) string { return fmt.Sprintf("line %d: %s", b.Line, b.What) }

func exampleOf(c *client.CampaignDetail, reason string) string {
	for _, l := range c.LeftOut {
		if l.Reason == reason && len(l.Examples) > 0 {
			return l.Examples[0]
		}
	}
	return ""
}

// someoneLook is how many runs of a campaign, the newest, are looked at for one that is like somebody.
const someoneLook = 20

// someoneOf is a run that is like a filter, if one is found at the first look.
func (v *visit) someoneOf(f client.RunFilter) *client.Run {
	page, err := v.api.Runs(v.ctx(), client.RunQuery{RunFilter: f, Limit: 1, Look: someoneLook})
	if err != nil || len(page.Runs) == 0 {
		return nil
	}
	return &page.Runs[0]
}

// reasonWords are the words for why somebody got nothing.
func reasonWords(reason string) string {
	words := map[string]string{
		"duplicate": "in the audience twice", "no time": "has no time of day", "condition": "condition of the audience was false", "if": "condition was false",
		"broken": "condition cannot be evaluated", "running": "has a live run", "limit": "limit of the flow", "late": "too late", "past": "the time was past",
		"exited": "an event made everybody leave", "fault": "a fault of the server", "capped": "capped", "opted_out": "opted out", "outbound": "the mode let nobody else through",
		"expired": "expired before it went out",
	}
	if w := words[reason]; w != "" {
		return w
	}
	return strings.ReplaceAll(reason, "_", " ")
}

// deployOf finds the proposal that made a version the active one, among the newest deploys; nil for none.
func (v *visit) deployOf(flow, version string) *client.Deploy {
	page, err := v.api.Deploys(v.ctx(), "", 0)
	if err != nil {
		return nil
	}
	i := slices.IndexFunc(page.Deploys, func(d client.Deploy) bool {
		return slices.ContainsFunc(d.Changes, func(c client.FlowChange) bool { return c.Flow == flow && c.After == version }) && (d.State == "approved" || d.ID == "")
	})
	if i < 0 {
		return nil
	}
	return &page.Deploys[i]
}

// bubbleOf is a message as somebody reads it.
type bubbleOf struct {
	For, Who, Link string
	Note           string
	Absent         []string
	Text           string
	Fails          string
	Content        *client.Content
}

// maxBubbles is how many messages a campaign shows; the page of the template has the others.
const maxBubbles = 4

// readOf shows what the people of a campaign read: a message that went out, and the cases of the template that it has.
func (v *visit) readOf(c *client.CampaignDetail) (part[[]bubbleOf], string) {
	all, step := v.firstMessage(c)
	flow, err := v.api.Flow(v.ctx(), c.Flow, c.Version)
	if err != nil {
		return partOf(all, err), ""
	}
	i := slices.IndexFunc(flow.Steps, func(s client.FlowStep) bool { return s.Template != "" && (step == "" || s.Step == step) })
	if i < 0 || !flow.Active { // cases are those of active flows
		return partOf(all, nil), ""
	}
	template := flow.Steps[i].Template
	cases, err := v.casesFor(template, c.Flow)
	all = append(all, cases...)
	return partOf(all[:min(len(all), maxBubbles)], err), template
}

// firstMessage is what one person got first, and its step.
func (v *visit) firstMessage(c *client.CampaignDetail) (all []bubbleOf, step string) {
	one := v.someoneOf(client.RunFilter{Flow: c.Flow, Version: c.Version, Campaign: c.ID})
	if one == nil {
		return nil, ""
	}
	run, err := v.api.Run(v.ctx(), one.ID)
	if err != nil {
		return nil, ""
	}
	for _, m := range run.Messages {
		if m.Content != nil {
			return []bubbleOf{{For: m.Step, Who: run.Profile, Link: runPath(run.ID), Content: m.Content}}, m.Step
		}
	}
	return nil, ""
}

// casesFor are the cases of a template as a flow sends it.
func (v *visit) casesFor(template, flow string) (all []bubbleOf, err error) {
	t, err := v.api.Template(v.ctx(), template)
	if err != nil {
		return nil, err
	}
	for _, u := range t.Uses {
		if u.Flow != flow {
			continue
		}
		for _, c := range u.Cases {
			b := bubbleOf{For: c.Language, Absent: c.Absent, Fails: c.Fails}
			if b.For == "" {
				b.For = u.Step
			}
			if c.Message != nil {
				b.Text = textOf(c.Message)
			}
			all = append(all, b)
		}
	}
	return all, nil
}
