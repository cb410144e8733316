package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// NoticeType is what a notice is about, as other systems get it.
type NoticeType string

// The types of notices.
const (
	NoticeRunEnded         NoticeType = "run.ended"
	NoticeMessageStatus    NoticeType = "message.status"
	NoticeCampaignFinished NoticeType = "campaign.finished"
	NoticeOptedOut         NoticeType = "person.opted_out"
	NoticeOptedIn          NoticeType = "person.opted_in"
)

// NoticeTypes are all of them.
var NoticeTypes = []NoticeType{NoticeRunEnded, NoticeMessageStatus, NoticeCampaignFinished, NoticeOptedOut, NoticeOptedIn}

// Notice is something that has happened and that other systems may want to know.
type Notice struct {
	Type    NoticeType
	At      Instant
	Profile string          // the person whom it is about; empty for nobody
	Data    json.RawMessage // an object: *NoticeOfRun and so on, by the type
}

// NoticeOfRun is the data of a run that has ended.
type NoticeOfRun struct {
	Run       string  `json:"run"`
	Flow      string  `json:"flow"`
	Version   string  `json:"version"`
	Profile   string  `json:"profile"`
	Key       string  `json:"key,omitempty"`
	StartedBy string  `json:"started_by"`
	Started   Instant `json:"started"`
	Ended     Instant `json:"ended"`
	Outcome   string  `json:"outcome"`
	Goal      bool    `json:"goal"` // the outcome is the flow's goal
}

// NoticeOfMessage is the data of a message that has another status.
type NoticeOfMessage struct {
	Run        string `json:"run"`
	Flow       string `json:"flow"`
	Version    string `json:"version"`
	Profile    string `json:"profile"`
	Message    int    `json:"message"` // its number in the run, from 1
	Step       string `json:"step"`
	Status     string `json:"status"`
	Reason     string `json:"reason,omitempty"`
	ProviderID string `json:"provider_id,omitempty"`
}

// NoticeOfCampaign is the data of a campaign that is over: it has no rows to take and no live runs.
type NoticeOfCampaign struct {
	Campaign string  `json:"campaign"`
	Flow     string  `json:"flow"`
	Version  string  `json:"version"`
	Status   string  `json:"status"` // finished, cancelled, failed or skipped
	Reason   string  `json:"reason,omitempty"`
	Due      Instant `json:"due"`
	Begun    Instant `json:"begun"`
	Audience int     `json:"audience"` // rows, those that cannot be read too
}

// NoticeOfOpt is the data of a person who has opted out of categories, or in to them.
type NoticeOfOpt struct {
	Profile    string   `json:"profile"`
	Categories []string `json:"categories"` // those that changed; all for every category
}

// Notices returns what a batch has done that other systems may want to know, of the given types. A message that
// got several statuses in one batch has a notice of the last one. What ends because a person is forgotten
// has none, as it would name them.
func (e *Engine) Notices(ws *WorkingSet, forgotten []string, wanted func(NoticeType) bool) (all []Notice) {
	add := func(kind NoticeType, profile string, data any) {
		if wanted(kind) {
			all = append(all, Notice{kind, e.State.Stamp, profile, asJSON(data)})
		}
	}
	for _, id := range ws.runs.order {
		if s := ws.runs.slots[id]; s.now != nil {
			e.noticesOfRun(s.before, s.now, add)
		}
	}
	for _, s := range ws.campaigns.changed() {
		if f := s.now; f != nil && f.ended() && (s.before == nil || !s.before.ended()) {
			add(NoticeCampaignFinished, "", NoticeOfCampaign{f.ID, f.Flow, f.Version, cmp.Or(f.over(), "finished"), f.Reason, f.Due, f.Begun, max(f.Rows, f.Total) + f.Bad})
		}
	}
	for _, s := range ws.known.changed() {
		if s.now != nil && !slices.Contains(forgotten, s.now.ID) {
			noticesOfPerson(s.before, s.now, add)
		}
	}
	return all
}

func (e *Engine) noticesOfRun(before, now *Run, add func(NoticeType, string, any)) {
	if now.Status == LeftOut || now.forgotten() {
		return
	}
	for i := range now.Messages {
		m := &now.Messages[i]
		if m.Status.Pending() || m.skipped() || before.statusOf(m.Number) == m.Status {
			continue
		}
		step := fmt.Sprint(m.Step)
		if f := e.versions[FlowVersion{now.Flow, now.Version}]; f != nil && m.Step < len(f.Steps) {
			step = f.Steps[m.Step].ID
		}
		add(NoticeMessageStatus, now.Profile, NoticeOfMessage{now.ID.String(), now.Flow, now.Version, now.Profile, m.Number, step, m.Status.String(), m.Reason, m.ProviderID})
	}
	if !now.Live() && (before == nil || before.Live()) {
		add(NoticeRunEnded, now.Profile, NoticeOfRun{now.ID.String(), now.Flow, now.Version, now.Profile, now.Key, now.StartedBy, now.Started(), now.Ended, now.Outcome, now.Goal})
	}
}

// statusOf returns the status of a message of a run, which may be nil; 0 for none.
func (r *Run) statusOf(number int) MessageStatus {
	if r == nil {
		return 0
	}
	if m := r.Message(number); m != nil {
		return m.Status
	}
	return 0
}

func noticesOfPerson(before, now *Person, add func(NoticeType, string, any)) {
	var was []string
	if before != nil {
		was = before.OptOuts
	}
	if more := without(now.OptOuts, was); len(more) > 0 {
		add(NoticeOptedOut, now.ID, NoticeOfOpt{now.ID, more})
	}
	if fewer := without(was, now.OptOuts); len(fewer) > 0 {
		add(NoticeOptedIn, now.ID, NoticeOfOpt{now.ID, fewer})
	}
}

// without returns what one list has and the other has not.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}
