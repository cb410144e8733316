package engine

import (
	"fmt"
	"slices"

	"nudge/flows"
)

// CampaignControl is an operator's command for a campaign.
type CampaignControl struct {
	Do       CampaignVerb `json:"do,omitempty"`
	Flow     string       `json:"flow,omitempty"`     // to start
	Campaign uint64       `json:"firing,omitempty"`   // to pause, resume or cancel
	Reason   string       `json:"reason,omitempty"`   // may be empty
	EndRuns  bool         `json:"end_runs,omitempty"` // when cancelling: also end the runs in flight
	Event    *Signal      `json:"event,omitempty"`    // an event that an exit names, for the rows to come
	Every    bool         `json:"every,omitempty"`    // every run leaves by it
	Gone     []PersonHash `json:"gone,omitempty"`     // people who were forgotten since the campaign began: its rows may still name them
}

// CampaignVerb is what an operator does with a campaign.
type CampaignVerb uint8

const (
	CampaignStart CampaignVerb = iota + 1
	CampaignPause
	CampaignResume
	CampaignCancel
	// CampaignStartAlone starts a campaign unless one of the same flow is still starting
	// runs.
	CampaignStartAlone
	// CampaignAdmit lets a campaign that waits take its rows. No operator does it: it follows
	// from the end of another one.
	CampaignAdmit
	// CampaignTaken says that a partition has taken all its rows, and CampaignHear gives a partition an event that an exit of the
	// campaign names. CampaignFail ends the taking of rows. No operator does any of them: they are between the partitions
	// of a divided installation.
	CampaignTaken
	CampaignHear
	CampaignFail
	// CampaignOver says that a partition has no rows to take and no live runs.
	CampaignOver
	// CampaignReady says that a partition has its rows, and CampaignBegin that all have theirs, so that rows may be taken.
	CampaignReady
	CampaignBegin
)

var campaignVerbs = [...]string{
	CampaignStart: "start", CampaignPause: "pause", CampaignResume: "resume", CampaignCancel: "cancel",
	CampaignStartAlone: "start alone", CampaignAdmit: "admit", CampaignTaken: "taken", CampaignHear: "hear", CampaignFail: "fail", CampaignOver: "over",
	CampaignReady: "ready", CampaignBegin: "begin",
}

// Starts reports whether the verb starts a campaign.
func (v CampaignVerb) Starts() bool { return v == CampaignStart || v == CampaignStartAlone }

// String is the word for what is done.
func (v CampaignVerb) String() string { return word(campaignVerbs[:], int(v), "verb") }

// MarshalText writes the word.
func (v CampaignVerb) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the word.
func (v *CampaignVerb) UnmarshalText(text []byte) error {
	i := slices.Index(campaignVerbs[:], string(text))
	if i <= 0 {
		return fmt.Errorf("must be start, start alone, pause, resume, cancel, admit, taken, hear, fail, over, ready or begin, not %q", text)
	}
	*v = CampaignVerb(i)
	return nil
}

// Sweep goes through the people of a cancelled or resumed campaign, in slices.
type Sweep struct {
	Campaign uint64     `json:"firing,omitempty"`
	After    PersonHash `json:"after,omitzero"` // the last person who was looked at
}

// MaxSweep is how many people of a campaign one input looks at.
const MaxSweep = 500

// Kind is InputCampaignControl.
func (s *CampaignControl) Kind() InputKind { return InputCampaignControl }

func (s *CampaignControl) needs(e *Engine, n *Needs) {
	if s.Do == CampaignStartAlone {
		n.Campaigns = append(n.Campaigns, e.State.Open...)
		return
	}
	n.Campaigns = append(n.Campaigns, s.Campaign)
	for _, person := range s.Gone {
		n.Members = append(n.Members, MemberKey{s.Campaign, person})
	}
	if s.Do == CampaignReady { // those who were forgotten since the campaign began
		n.Sweeps = append(n.Sweeps, Sweep{Campaign: s.Campaign})
	}
	if s.Event != nil && s.Event.Who != "" {
		n.Members = append(n.Members, MemberOf(s.Campaign, s.Event.Who))
	}
}

// apply carries out an operator's command for a campaign.
func (s *CampaignControl) apply(a *applier) {
	if s.Do.Starts() {
		a.startCampaign(s)
		return
	}
	fr := a.ws.campaign(s.Campaign)
	if fr == nil {
		a.refuse(RefusedNotFound, "there is no such campaign")
		return
	}
	switch s.Do {
	case CampaignPause:
		a.pause(fr, s.Reason)
	case CampaignResume:
		a.resume(fr)
	case CampaignCancel:
		a.cancelCampaign(fr, s)
	case CampaignAdmit:
		a.admitCampaign(fr)
	default:
		a.betweenParts(fr, s)
	}
}

// openCampaignOf returns the oldest campaign of a flow that still has rows to take, or nil.
func (a *applier) openCampaignOf(flow string) *Campaign {
	for _, number := range a.e.State.Open {
		if c := a.ws.campaign(number); c != nil && c.Flow == flow {
			return c
		}
	}
	return nil
}

// startCampaign starts a campaign of a flow now, for its whole audience at once.
func (a *applier) startCampaign(s *CampaignControl) {
	name := s.Flow
	f := a.e.activeNamed(name)
	if f == nil {
		a.refuse(RefusedNotFound, "there is no active flow "+name)
		return
	}
	if live := a.openCampaignOf(name); live != nil && s.Do == CampaignStartAlone {
		a.refuse(RefusedUnderWay, "campaign "+live.ID+" of flow "+name+" is still under way")
		return
	}
	trigger := slices.IndexFunc(f.Triggers, func(t flows.Trigger) bool { return t.Schedule != nil && t.Schedule.ByClock() })
	fired := slices.IndexFunc(f.Triggers, func(t flows.Trigger) bool { return t.Schedule != nil })
	switch {
	case trigger < 0 && fired >= 0:
		a.refuse(RefusedInvalid, "the audience of flow "+name+" is for "+f.Triggers[fired].Event+": send that event")
	case trigger < 0:
		a.refuse(RefusedInvalid, "flow "+name+" has no audience: a campaign needs a trigger with cron, every or at")
	case len(a.e.State.Open) >= MaxOpenCampaigns:
		a.refuse(RefusedLimit, fmt.Sprintf("%d campaigns are open, which is the limit", MaxOpenCampaigns))
	default:
		a.fire(f, trigger, a.now, false, 0)
	}
}

// over says how a campaign ended; empty while commands can still change it.
func (f *Campaign) over() string {
	switch {
	case f.Status == CampaignCancelled, f.Status == CampaignFailed, f.Status == CampaignSkipped:
		return f.Status.String()
	case f.Finished() && f.Total == 0: // other partitions may have runs
		return "finished"
	}
	return ""
}

func (a *applier) pause(fr *Campaign, reason string) {
	switch {
	case fr.over() != "":
		a.refuse(RefusedEnded, "the campaign is "+fr.over())
	case fr.Paused:
		a.ignore("the campaign is paused already")
	default:
		fr = a.editCampaign(fr.Number)
		fr.Paused, fr.Reason = true, cut(reason, MaxReasonBytes)
		a.decideCampaign(fr, DidPause)
		a.oweParts(fr, CampaignControl{Do: CampaignPause, Reason: reason})
	}
}

// resume lets a campaign go on, also in a store that was restored from a backup. People
// whose time came during the pause begin now.
func (a *applier) resume(fr *Campaign) {
	switch {
	case fr.over() != "":
		a.refuse(RefusedEnded, "the campaign is "+fr.over())
	case !fr.Held(a.e.State.Installation):
		a.ignore("the campaign is under way already")
		a.oweParts(fr, CampaignControl{Do: CampaignResume}) // a part may have paused by itself
	default:
		fr = a.editCampaign(fr.Number)
		fr.Paused, fr.Reason, fr.Installation = false, "", a.e.State.Installation
		a.decideCampaign(fr, DidResume)
		a.oweParts(fr, CampaignControl{Do: CampaignResume})
		if a.unfrozen(fr) {
			a.out.Snapshots = append(a.out.Snapshots, a.e.SnapshotOf(fr))
		}
		if fr.Local {
			a.sweepOn(fr, PersonHash{})
		}
	}
}

// cancelCampaign stops taking rows. It ends runs that have not begun, and runs in flight
// only if the command asks for it.
func (a *applier) cancelCampaign(fr *Campaign, s *CampaignControl) {
	if fr.over() != "" {
		a.refuse(RefusedEnded, "the campaign is "+fr.over())
		return
	}
	fr = a.editCampaign(fr.Number)
	fr.Paused, fr.EndRuns, fr.Reason = false, s.EndRuns, cut(s.Reason, MaxReasonBytes)
	a.settle(fr, CampaignCancelled)
	a.decideCampaign(fr, DidCancel)
	a.oweParts(fr, CampaignControl{Do: CampaignCancel, Reason: s.Reason, EndRuns: s.EndRuns})
	if fr.Local || fr.EndRuns {
		a.sweepOn(fr, PersonHash{})
	}
}

func (a *applier) decideCampaign(fr *Campaign, did Action) {
	a.out.Answer.Decisions = append(a.out.Answer.Decisions, Decision{Flow: fr.Flow, Action: did, Reason: fr.ID})
}

// sweepOn derives an input that handles the people of a campaign after the given one.
func (a *applier) sweepOn(fr *Campaign, after PersonHash) {
	a.out.Derived = append(a.out.Derived, &Input{Depth: a.in.Depth, Payload: &Sweep{Campaign: fr.Number, After: after}})
}

// Kind is InputSweep.
func (s *Sweep) Kind() InputKind { return InputSweep }

func (s *Sweep) needs(_ *Engine, n *Needs) {
	n.Campaigns = append(n.Campaigns, s.Campaign)
	n.Sweeps = append(n.Sweeps, *s)
}

// apply handles the runs of the next people of a campaign.
func (s *Sweep) apply(a *applier) {
	fr := a.ws.campaign(s.Campaign)
	if fr == nil || fr.Live == 0 { // the store may have dropped its people by then
		a.ignore("no run is left")
		return
	}
	members := a.ws.membersAfter(s)
	if len(members) == 0 {
		a.ignore("nobody is left")
		return
	}
	a.changed = true
	for _, m := range members {
		if r := a.ws.Run(m.Run); r != nil && r.Live() {
			a.blamed = r.ID
			a.sweepRun(fr, r)
		}
	}
	if len(members) == MaxSweep { // else those were the last
		a.sweepOn(fr, members[len(members)-1].Person)
	}
}

// sweepRun ends a run of a cancelled campaign, or begins a run whose time came while the
// campaign was paused.
func (a *applier) sweepRun(fr *Campaign, r *Run) {
	switch {
	case fr.Status == CampaignCancelled && (fr.EndRuns || r.Status == Parked):
		a.finish(a.edit(r.ID), OutcomeCancelled, false)
	case fr.Status != CampaignCancelled && r.Status == Parked && r.alarmOf(AtBegin) == 0:
		a.resumeRun(a.e.pin(a.edit(r.ID)), fr)
	}
}
