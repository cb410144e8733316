package engine

import (
	"encoding/json"
	"slices"

	"nudge/flows"
	"nudge/lang/shape"
)

// Snapshot says how taking the snapshot of an audience ended.
type Snapshot struct {
	Campaign uint64   `json:"firing,omitempty"`
	Audience string   `json:"audience,omitempty"` // the snapshot's name, for reading its rows
	Rows     int      `json:"rows,omitempty"`
	Bad      int      `json:"bad,omitempty"`
	BadRows  []BadRow `json:"bad_rows,omitempty"`
	Failed   string   `json:"failed,omitempty"` // why it failed; empty if it succeeded
	Dealt    []int    `json:"dealt,omitempty"`  // of a divided installation: the rows of each partition, which are those of its people
	Part     *Part    `json:"part,omitempty"`   // the campaign, for a partition that takes its rows and has not fired it; else nil
}

// Rows is the next rows of a campaign's audience.
type Rows struct {
	Campaign uint64 `json:"firing,omitempty"`
	From     int    `json:"from,omitempty"` // number of rows before these
	Next     int64  `json:"next,omitempty"` // offset behind them in the snapshot
	Rows     []Row  `json:"rows,omitempty"`
	// Gone are the numbers, within this input, of the runs that began for rows which were erased since: nobody stands
	// in these rows any more. A replay leaves the numbers out, so that the other rows get the runs that they had.
	Gone []int `json:"gone,omitempty"`
}

// Row is one person of an audience.
type Row struct {
	Profile string          `json:"profile"`
	Data    json.RawMessage `json:"data,omitempty"` // an object; empty for none
}

const (
	// MaxRows is how many rows one input takes.
	MaxRows = 128
	// MaxBadRows is how many unreadable rows a campaign lists; more are only counted.
	MaxBadRows = 100
	// MaxAudience is how many rows an audience may have; one more fails the campaign before it
	// writes to anybody.
	MaxAudience = 50_000_000
)

// Kind is InputSnapshot.
func (in *Snapshot) Kind() InputKind { return InputSnapshot }

func (in *Snapshot) needs(_ *Engine, n *Needs) {
	n.Campaigns = append(n.Campaigns, in.Campaign)
}

// apply begins to take the rows of a campaign.
func (in *Snapshot) apply(a *applier) {
	if in.Part != nil {
		in.join(a)
		return
	}
	fr := a.ws.campaign(in.Campaign)
	if fr == nil || !a.unfrozen(fr) {
		a.ignore("no firing waits for this audience")
		return
	}
	fr = a.editCampaign(in.Campaign)
	fr.Audience, fr.Rows, fr.Bad = in.Audience, in.Rows, in.Bad
	fr.BadRows = in.BadRows[:min(len(in.BadRows), MaxBadRows)]
	switch {
	case in.Failed != "":
		fr.Reason = cut(in.Failed, MaxReasonBytes)
		a.settle(fr, CampaignFailed)
	case in.Rows == 0:
		a.settle(fr, Walked)
	case len(in.Dealt) > 0:
		a.deal(fr, in.Dealt)
	default:
		fr.Status = Walking
	}
}

// settle ends the taking of rows.
func (a *applier) settle(fr *Campaign, status CampaignStatus) {
	fr.Status = status
	a.close(fr)
}

// Kind is InputRows.
func (in *Rows) Kind() InputKind { return InputRows }

func (in *Rows) needs(_ *Engine, n *Needs) {
	n.Campaigns = append(n.Campaigns, in.Campaign)
	for i := range in.Rows {
		n.People = append(n.People, in.Rows[i].Profile)
		n.Members = append(n.Members, MemberOf(in.Campaign, in.Rows[i].Profile))
	}
}

// apply takes the next rows of a campaign. One input holds both the progress and the started
// runs, so no row is skipped or taken twice.
func (in *Rows) apply(a *applier) {
	fr := a.ws.campaign(in.Campaign)
	if fr == nil || fr.Status != Walking || fr.Paused || fr.Walked != in.From {
		a.ignore("the firing does not wait for these rows")
		return
	}
	fr = a.editCampaign(in.Campaign)
	f := a.e.campaignFlow(fr)
	before := a.starts
	for i := range in.Rows {
		a.row = i
		a.leaveGone(in)
		a.takeRow(fr, f, &in.Rows[i], a.poisoned[i])
	}
	a.leaveGone(in)
	a.row = noRow
	a.out.Answer.Decisions = nil // these have no sender to answer
	fr.Walked += len(in.Rows)
	fr.Offset = in.Next
	if rate := f.Triggers[fr.Trigger].Schedule.Rate; rate.Messages > 0 && !fr.Local {
		fr.Next = max(fr.Next, a.now).Add(fr.takes(rate, a.starts-before))
	}
	if fr.Walked >= fr.Rows {
		a.taken(fr)
	}
}

// leaveGone leaves out the numbers of runs whose rows were erased.
func (a *applier) leaveGone(in *Rows) {
	for slices.Contains(in.Gone, a.starts) {
		a.starts++
	}
}

// takeRow starts a run for one person of a campaign, or counts why not. A row without a person was erased; in the
// counts it is one of the duplicates.
func (a *applier) takeRow(fr *Campaign, f *flows.Flow, row *Row, poisoned bool) {
	if row.Profile == "" {
		a.exclude(fr, row, LeftDuplicate)
		return
	}
	key := MemberOf(fr.Number, row.Profile)
	if a.ws.member(key) != nil {
		a.exclude(fr, row, LeftDuplicate)
		return
	}
	if poisoned {
		a.ws.addMember(&Member{MemberKey: key})
		a.exclude(fr, row, LeftFault)
		return
	}
	run, why := a.startRow(fr, f, row)
	a.ws.addMember(&Member{MemberKey: key, Run: run})
	if why != "" {
		a.exclude(fr, row, why)
	}
}

// exclude counts a row that starts no run.
func (a *applier) exclude(fr *Campaign, row *Row, why string) {
	fr.leave(why, row.Profile, a.seq)
	a.leftOut(fr.Number, row.Profile, why)
}

func (a *applier) startRow(fr *Campaign, f *flows.Flow, row *Row) (run RunID, why string) {
	who := fr.entrant(row)
	if why := a.timeRow(who, fr, f); why != "" {
		return RunID{}, why
	}
	at := who.at
	next := newRunID(a.now, a.e.State.Installation, a.seq, a.starts)
	if fr.Local && at > a.now {
		if a.start(f, who); a.ws.Run(next).Status == LeftOut { // by an exit, which counted it
			return RunID{}, ""
		}
		fr.ride(at)
		return next, ""
	}
	if why := a.unwanted(fr, f, row.Profile, who.data); why != "" {
		return RunID{}, why
	}
	same := sameKey(a.begunOf(row.Profile), f, fr.Key)
	if len(same) > 0 && (f.Entry.IfRunning == flows.Skip || f.Entry.IfRunning == flows.Queue) {
		return RunID{}, LeftRunning
	}
	before := a.starts
	a.enter(f, who)
	if a.starts == before {
		return RunID{}, LeftLimit
	}
	fr.ride(at)
	return next, ""
}

// timeRow finds out when a campaign begins for the person of a row. It returns why that cannot
// be any more, or nothing.
func (a *applier) timeRow(who *entrant, fr *Campaign, f *flows.Flow) (why string) {
	if fr.Exited {
		return LeftExited
	}
	if who.at = a.personsTime(fr, f, who.profile, 0); who.at < fr.Since {
		return LeftPast
	}
	if who.at <= a.now && fr.hasOwnTimes(f) {
		if who.ownTime, why = a.ownTime(fr, f, who.profile, who.data); why != "" {
			return why
		}
		who.at = a.personsTime(fr, f, who.profile, who.ownTime)
	}
	s := f.Triggers[fr.Trigger].Schedule
	if (fr.Local || !s.ByClock()) && s.TooLate(who.at.Time(), a.now.Time(), f.Zone) {
		return LeftLate
	}
	if !fr.Local { // the clock of the node that fired it may be ahead of this one's: its people wait for nothing
		who.at = min(who.at, a.now)
	}
	return ""
}

// unwanted asks the conditions of a campaign for one person. It returns why the person is
// left out, or nothing. The audience's condition was asked when the snapshot was taken,
// except where each person has an own time.
func (a *applier) unwanted(fr *Campaign, f *flows.Flow, profile string, data json.RawMessage) string {
	t := &f.Triggers[fr.Trigger]
	ask := func(cond *flows.Expr, otherwise string) string {
		ok, err := a.rowTruth(cond, a.rowScope(fr, f, profile, data), f, fr.Number, profile)
		switch {
		case err != nil:
			return LeftBroken
		case !ok:
			return otherwise
		}
		return ""
	}
	if cond := t.Schedule.Audience.If; fr.Local && cond != nil {
		if why := ask(cond, LeftAudience); why != "" {
			return why
		}
	}
	if t.If == nil || t.IfOnce {
		return ""
	}
	return ask(t.If, LeftCondition)
}

// rowScope returns what the expressions of a schedule see of a person of its audience.
func (a *applier) rowScope(fr *Campaign, f *flows.Flow, profile string, data json.RawMessage) map[string]any {
	scope := map[string]any{
		flows.NameData: object(f.Data, data), flows.NameProfile: a.profileView(profile, f), flows.NameNow: shape.TimeOf(a.now.Time()),
		flows.NameToday: a.today(profile, f),
	}
	if fr.Event.Event != "" {
		scope[flows.NameEvent] = a.eventData(f, &fr.Event)
	}
	return scope
}

// keepOut makes sure that no open campaign begins a run for a forgotten person, although its
// snapshot still has them: it records the person as handled.
func (a *applier) keepOut(profile string) {
	for _, number := range a.e.State.Open {
		if key := MemberOf(number, profile); a.ws.member(key) == nil {
			a.ws.addMember(&Member{MemberKey: key})
		}
	}
}

// Belongs reports whether a person is in the snapshot of an audience that uses stored
// profiles.
func (f *SnapshotRequest) Belongs(p *Person) (bool, error) {
	if f.Local {
		return true, nil
	}
	c := f.Condition(p)
	return c.Holds, c.Err
}

// Condition returns the condition of such an audience, with the values it sees of a person.
func (f *SnapshotRequest) Condition(p *Person) Condition {
	c := Condition{At: f.At, Flow: f.Flow, Profile: p.ID, Campaign: f.Campaign, Expr: f.Schedule.Audience.If, Scope: map[string]any{
		flows.NameProfile: viewOf(p, p.ID, f.Flow), flows.NameNow: shape.TimeOf(f.At.Time()),
		flows.NameToday: todayOf(f.Flow.Categories, p, f.Flow, f.At),
	}}
	if f.event != nil {
		c.Scope[flows.NameEvent] = f.event
	}
	c.Holds, c.Err = truth(c.Expr, c.Scope)
	return c
}
