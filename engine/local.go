package engine

import (
	"encoding/json"
	"slices"

	"nudge/flows"
)

// The lines of the alarm of a parked run: why it is parked.
const (
	ownTime = iota // until its person's own time
	paced          // by the campaign's rate, after that time
	ownDay         // until its person's day begins: then their time of day is read
)

// park makes a run wait before it begins.
func (a *applier) park(r *Run, at Instant, why int) {
	r.Status = Parked
	r.setAlarm(Alarm{At: at, Place: AtBegin, Line: why})
	switch why {
	case ownTime:
		r.log(Entry{At: a.now, Kind: KindScheduled, Step: NoStep, Detail: at.String()})
	case ownDay:
		r.log(Entry{At: a.now, Kind: KindScheduled, Step: NoStep})
	}
}

// parkUntil parks a run until its person's own time, or until their day begins where that is
// when their time of day is read.
func (a *applier) parkUntil(r pinned, fr *Campaign, at Instant) {
	why := ownTime
	if r.unread(fr) {
		why = ownDay
	}
	a.park(r.Run, at, why)
}

// hasOwnTimes reports whether each person of a campaign has a time of day of their own. An
// operator starts a campaign for all at once.
func (f *Campaign) hasOwnTimes(flow *flows.Flow) bool {
	return f.Local && flow.Triggers[f.Trigger].Schedule.OwnTimes()
}

// unread reports whether the time of day of the run's person is still to be read.
func (r pinned) unread(fr *Campaign) bool { return r.OwnTime == 0 && fr.hasOwnTimes(r.flow) }

// ownTime reads the time of day that a person has, as [Run] keeps it, or says why they are
// left out.
func (a *applier) ownTime(fr *Campaign, f *flows.Flow, profile string, data json.RawMessage) (own int, why string) {
	minute, err := f.Triggers[fr.Trigger].Schedule.OwnMinute(a.rowScope(fr, f, profile, data))
	if err != nil {
		return 0, LeftNoTime
	}
	return minute + 1, ""
}

// personsTime returns when a campaign begins for a person. Before their own time of day is
// read, it is when their day begins.
func (a *applier) personsTime(fr *Campaign, f *flows.Flow, profile string, own int) Instant {
	if !fr.Local {
		return max(fr.Due, fr.Since)
	}
	zone := a.personsZone(profile, f)
	return InstantOf(f.Triggers[fr.Trigger].Schedule.PersonsTime(fr.Due.Time(), max(own-1, 0), zone))
}

// timeOf returns when a campaign begins for the person of a parked run.
func (a *applier) timeOf(r pinned, fr *Campaign) Instant {
	return a.personsTime(fr, r.flow, r.Profile, r.OwnTime)
}

// fireBeginAlarm begins a run whose time has come. If its campaign is paused, or the store was
// restored from a backup, the run stays parked, and resuming begins it.
func (a *applier) fireBeginAlarm(r pinned) {
	fr := a.ws.campaign(r.Campaign)
	due, wasPaced := r.alarmOf(AtBegin), r.paced()
	r.clearAlarms(AtBegin)
	switch {
	case fr.Held(a.e.State.Installation):
	case wasPaced:
		a.begin(r, fr, due)
	case !a.comesLater(r, fr) && !a.mustQueue(r, fr):
		a.begin(r, fr, a.timeOf(r, fr))
	}
}

// paced reports whether a parked run waits for the rate, and no longer for its time.
func (r *Run) paced() bool {
	return slices.ContainsFunc(r.Alarms, func(x Alarm) bool { return x.Place == AtBegin && x.Line == paced })
}

// relocate looks at where the person of a parked run lives now. If their own time has passed
// there, the run begins at once.
func (a *applier) relocate(r pinned) {
	fr := a.ws.campaign(r.Campaign)
	due, at := r.alarmOf(AtBegin), a.timeOf(r, fr)
	switch {
	case due == 0 || at == due || r.paced():
	case at > a.now || !fr.Held(a.e.State.Installation):
		r = a.editPinned(r)
		r.clearAlarms(AtBegin)
		if !a.comesLater(r, fr) && !a.mustQueue(r, fr) {
			a.begin(r, fr, a.timeOf(r, fr))
		}
	}
}

// comesLater parks a run again whose person's own time is still to come where they live now.
// Once their day has begun it reads their time of day, if they have one of their own, and
// leaves out a person who has none.
func (a *applier) comesLater(r pinned, fr *Campaign) bool {
	at := a.timeOf(r, fr)
	if at <= a.now && r.unread(fr) {
		day, why := at, ""
		if r.OwnTime, why = a.ownTime(fr, r.flow, r.Profile, r.Data); why != "" {
			a.leaveOut(r.Run, why)
			return true
		}
		at = a.timeOf(r, fr)
		a.editCampaign(fr.Number).rideLater(day, at)
	}
	if at <= a.now {
		return false
	}
	a.parkUntil(r, fr, at)
	return true
}

// mustQueue parks a run until the rate lets it begin, behind the people whom the campaign
// wants and who were due at the same instant.
func (a *applier) mustQueue(r pinned, fr *Campaign) bool {
	at, rate := a.timeOf(r, fr), r.flow.Triggers[fr.Trigger].Schedule.Rate
	if rate.Messages == 0 || a.unwanted(fr, r.flow, r.Profile, r.Data) != "" {
		return false
	}
	before := a.editCampaign(fr.Number).join(at)
	if fr.Total > 0 { // the first one waits, too: other partitions have a first one
		before++
	}
	slot := at.Add(fr.takes(rate, before))
	if slot <= a.now {
		return false
	}
	a.park(r.Run, slot, paced)
	return true
}

// resumeRun begins a parked run whose time came while its campaign was held.
func (a *applier) resumeRun(r pinned, fr *Campaign) {
	if !a.comesLater(r, fr) {
		a.begin(r, fr, a.timeOf(r, fr))
	}
}

// begin takes a parked run to its first step, or leaves its person out.
func (a *applier) begin(r pinned, fr *Campaign, due Instant) {
	why := LeftLate
	if !r.flow.Triggers[fr.Trigger].Schedule.TooLate(due.Time(), a.now.Time(), r.flow.Zone) {
		if why = a.unwanted(fr, r.flow, r.Profile, r.Data); why == "" {
			why = a.admit(r)
		}
	}
	if why != "" {
		a.leaveOut(r.Run, why)
		return
	}
	r.Status = 0 // it is no longer parked, and its first step says what it is
	a.advance(r, 0)
}

// admit applies the flow's entry to a parked run that is about to begin. It returns why its
// person is left out, or nothing.
func (a *applier) admit(r pinned) string {
	live := a.begunOf(r.Profile)
	same := sameKey(live, r.flow, r.Key)
	var ends []*Run
	if len(same) > 0 {
		switch r.flow.Entry.IfRunning {
		case flows.Skip, flows.Queue:
			return LeftRunning
		case flows.Restart:
			ends = same
		}
	}
	if a.overLimit(r.flow, &entrant{profile: r.Profile, key: r.Key}, len(live)-len(ends), len(ends) > 0) != "" {
		return LeftLimit
	}
	a.replace(ends)
	return ""
}

// leave ends a run by an exit. A parked run only leaves by it if the campaign wants its
// person: nobody else reaches a goal, or is counted as one who left.
func (a *applier) leave(r pinned, line *flows.Line, h *Signal) {
	if r.Status == Parked {
		if why := a.unwanted(a.ws.campaign(r.Campaign), r.flow, r.Profile, r.Data); why != "" {
			a.leaveOut(r.Run, why)
			return
		}
	}
	r.pass(Way{Kind: CountExit, Step: r.Stands(), At: indexOf(r.flow.Exits, line)})
	if line.HasThen && r.begun() {
		a.leaveBy(r, line, h)
		return
	}
	a.finish(r.Run, line.As, line.Goal)
}

// leaveOut ends a parked run without a trace but the campaign's count: it never began.
func (a *applier) leaveOut(r *Run, why string) {
	r.Status, r.Outcome, r.Ended = LeftOut, why, a.now
	r.pass(Way{Kind: CountLeftOut, Step: NoStep})
	r.Alarms, r.Deadline, r.Mailbox = nil, 0, nil
	r.log(Entry{At: a.now, Kind: KindLeftOut, Step: NoStep, Detail: why})
	fr := a.editCampaign(r.Campaign)
	fr.Live--
	fr.leave(why, r.Profile, a.seq)
	a.ws.addMember(&Member{MemberKey: MemberOf(r.Campaign, r.Profile)})
	a.leftOut(fr.Number, r.Profile, why)
}
