package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
)

// CampaignDetail is one campaign with what a list does not say.
type CampaignDetail struct {
	Campaign
	Started CampaignStarted   `json:"started"`
	Actions []CampaignAction  `json:"actions"`                // what operators did with it after that, oldest first
	More    bool              `json:"more_actions,omitempty"` // there may be later ones, in the audit trail
	Pace    *CampaignPace     `json:"pace,omitempty"`         // while rows are taken
	Wave    []CampaignHour    `json:"wave,omitempty"`         // of a local campaign: the rows taken that begin in each hour, by where their people lived then
	LeftOut []CampaignLeftOut `json:"left_out"`               // why people got no run, by reason
}

// CampaignStarted is who started a campaign.
type CampaignStarted struct {
	How   string         `json:"how"`             // schedule, event or operator
	By    string         `json:"by,omitempty"`    // name of the operator's token
	Event string         `json:"event,omitempty"` // type of the event
	At    engine.Instant `json:"at"`
}

// CampaignAction is what an operator did with a campaign.
type CampaignAction struct {
	At     engine.Instant `json:"at"`
	By     string         `json:"by"`  // name of the token
	Did    string         `json:"did"` // pause, resume or cancel campaign
	Reason string         `json:"reason,omitempty"`
}

// CampaignPace is how fast rows are taken.
type CampaignPace struct {
	Rate      string         `json:"rate,omitempty"` // of the schedule; empty: as fast as messages leave
	PerMinute float64        `json:"per_minute"`     // since it began
	Ends      engine.Instant `json:"ends,omitzero"`  // when the last row is taken at this pace
}

// CampaignHour is how many people begin in an hour.
type CampaignHour struct {
	From   engine.Instant `json:"from"`
	People int            `json:"people"`
}

// CampaignLeftOut is why people got no run.
type CampaignLeftOut struct {
	Reason   string   `json:"reason"`
	Rows     int      `json:"rows"`
	Examples []string `json:"examples"` // profiles, the first of them; those who were forgotten are not named
}

// maxActionLooks is how many entries of the audit trail are looked at for what was done with a campaign; beyond
// it, more_actions is true.
const maxActionLooks = 150

func (s *Server) showCampaign(w http.ResponseWriter, r *http.Request) {
	c, err := s.campaignDetail(r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v, err := s.viewOf(w)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	c.BadRows = v.badRows(c.BadRows)
	reply(w, http.StatusOK, c)
}

// campaignDetail reads the campaign that a path names.
func (s *Server) campaignDetail(id string) (*CampaignDetail, error) {
	c, err := s.config.Store.CampaignOf(id)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, problemOf(http.StatusNotFound, "not-found", "there is no campaign "+id)
	}
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	shown := &CampaignDetail{Campaign: campaignOf(c, state.Installation), LeftOut: leftOutOf(c.Campaign)}
	for _, l := range c.Wave {
		shown.Wave = append(shown.Wave, CampaignHour{l.At, l.People})
	}
	if shown.Pace, err = s.paceOf(c); err != nil {
		return nil, err
	}
	return shown, s.actions(shown, c.Campaign)
}

// leftOutOf says whom a campaign left out.
func leftOutOf(f *engine.Campaign) []CampaignLeftOut {
	all := []CampaignLeftOut{}
	for _, e := range f.Excluded {
		l := CampaignLeftOut{e.Reason, e.Rows, []string{}}
		for _, n := range f.Named {
			if n.Reason == e.Reason && n.Profile != "" {
				l.Examples = append(l.Examples, n.Profile)
			}
		}
		all = append(all, l)
	}
	return all
}

// actions finds in the audit trail who started a campaign and what they did with it.
func (s *Server) actions(shown *CampaignDetail, f *engine.Campaign) error {
	shown.Started, shown.Actions = CampaignStarted{How: "schedule", At: f.Begun}, []CampaignAction{}
	if f.Event.Event != "" {
		shown.Started.How, shown.Started.Event = "event", f.Event.Event
	}
	own := s.config.Store.PartOfCampaign(f.Number) // which has all commands about it
	entries, more, err := own.AuditFrom(f.Seq(), maxActionLooks, func(e *engine.AuditEntry) bool {
		return e.On == f.ID || e.Seq == f.Seq() && startedBy(e, f.ID)
	})
	for _, e := range entries {
		if e.Seq == f.Seq() {
			shown.Started.How, shown.Started.By = "operator", e.By.Name
		} else {
			shown.Actions = append(shown.Actions, CampaignAction{e.At, e.By.Name, e.Did, e.Reason})
		}
	}
	shown.More = more
	return err
}

// startedBy reports whether an entry is that of the command that started a campaign.
func startedBy(e *engine.AuditEntry, id string) bool {
	var after struct{ Campaign string }
	return json.Unmarshal(e.After, &after) == nil && after.Campaign == id
}

// paceOf is how fast a campaign takes its rows; nil for one that takes none.
func (s *Server) paceOf(c *store.CampaignProgress) (*CampaignPace, error) {
	f := c.Campaign
	if f.Status != engine.Walking {
		return nil, nil
	}
	version, err := s.flows.version(engine.FlowVersion{Flow: f.Flow, Version: f.Version})
	if err != nil || version == nil {
		return nil, err
	}
	now := engine.InstantOf(s.now())
	rate := version.Triggers[f.Trigger].Schedule.Rate
	pace := &CampaignPace{Rate: rateText(rate)}
	if took := time.Duration(now-f.Begun) * time.Millisecond; took > 0 {
		pace.PerMinute = float64(f.Walked) / took.Minutes()
	}
	switch left := f.Rows - f.Walked; {
	case f.Paused: // nobody knows until when
	case rate.Messages > 0 && !f.Local:
		pace.Ends = max(now, f.Next).Add(rate.Time(left))
	case pace.PerMinute > 0:
		pace.Ends = now.Add(time.Duration(float64(left) / pace.PerMinute * float64(time.Minute)))
	}
	return pace, nil
}

// rateText is a rate as a flow writes it; empty for none.
func rateText(r flows.Rate) string {
	units := map[time.Duration]string{time.Second: "s", time.Minute: "m", time.Hour: "h"}
	if r.Messages == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%s", r.Messages, units[r.Per])
}

// scheduleRange is a range of instants of which the calendar is asked for.
type scheduleRange struct{ from, to engine.Instant }

// maxCampaignLooks is how many campaigns are looked at for those of a range and for the last audience of each flow,
// the newest; older ones are only in the list of campaigns.
const maxCampaignLooks = 120

// calendar adds the campaigns of a range to the starts to come, and to these how many people the last campaign
// of their flow had.
func (s *Server) calendar(list *upcomingList, span *scheduleRange, in engine.Installation) error {
	newest, err := s.config.Store.ListCampaigns("", 0, maxCampaignLooks)
	last := map[string]*Campaign{}
	for i := range newest {
		c := campaignOf(&newest[i], in)
		if last[c.Flow] == nil && c.Status != "skipped" {
			last[c.Flow] = &c
		}
		c.BadRows = nil // they may quote what is private, and stand with the campaign itself
		if span != nil && c.Due >= span.from && c.Due < span.to {
			list.Campaigns = append(list.Campaigns, c)
		}
	}
	slices.Reverse(list.Campaigns)
	for i := range list.Firings {
		if c := last[list.Firings[i].Flow]; c != nil {
			list.Firings[i].Last, list.Firings[i].LastAudience = c.ID, c.Audience
		}
	}
	return err
}
