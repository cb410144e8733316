package model

import (
	"slices"

	"nudge/engine"
)

// campaignIn is a campaign that takes rows, or waits for its audience.
func (w *World) campaignIn(number uint64, status engine.CampaignStatus) *campaign {
	f := w.campaigns[number]
	if f == nil || f.status != status || w.holds(f) && status == engine.Walking {
		w.fail("no campaign %d is %s", number, status)
	}
	w.fired[f] = true
	return f
}

func (w *World) frozen(in *engine.Snapshot) {
	if in.Part != nil {
		w.joinCampaign(in)
		return
	}
	f := w.campaignIn(in.Campaign, engine.Freezing)
	f.audience, f.rows, f.bad, f.status = in.Audience, in.Rows, in.Bad, engine.Walking
	switch {
	case in.Failed != "":
		f.status = engine.CampaignFailed
	case f.rows == 0:
		f.status = engine.Walked
	case w.divided():
		w.deal(f, in)
	}
}

// rows takes the next rows of a campaign, none twice and none left out (I9).
func (w *World) rows(in *engine.Rows) {
	f := w.campaignIn(in.Campaign, engine.Walking)
	if in.From != f.walked || f.walked+len(in.Rows) > f.rows {
		w.fail("rows %d to %d of campaign %d are taken, after %d of %d (I9)", in.From, in.From+len(in.Rows), f.number, f.walked, f.rows)
	}
	for i := range in.Rows {
		row := &in.Rows[i]
		if _, had := f.members[row.Profile]; had {
			f.left[engine.LeftDuplicate]++
			continue
		}
		before := w.starts
		r, why := w.row(f, row)
		f.started += w.starts - before
		if f.members[row.Profile] = r; r != nil && r.now.status == engine.LeftOut {
			f.members[row.Profile] = nil
		}
		if why != "" {
			f.left[why]++
			w.Reached["left out: "+why]++
		}
	}
	w.keepsRate(f)
	if f.walked += len(in.Rows); f.walked == f.rows && len(f.waits) == 0 {
		w.allTaken(f)
	}
}

// row starts a run for one person of a campaign, or says why not.
func (w *World) row(f *campaign, row *engine.Row) (r *Run, why string) {
	p := w.personOf(row.Profile)
	zone := (&walk{known: p.known, flow: f.flow}).zone()
	at := f.comesTo(zone, -1)
	r = &Run{profile: row.Profile, by: f.id(), data: f.dataFor(row), campaign: f, begins: at, own: -1, key: f.key}
	if f.event != nil {
		r.by, r.depth = f.event.event, f.event.depth
	}
	switch {
	case f.exited:
		return nil, engine.LeftExited
	case f.event != nil && f.schedule().tooLate(f.due, w.stamp, f.flow.zone):
		return nil, engine.LeftLate
	case at < f.since:
		return nil, engine.LeftPast
	}
	if at <= w.stamp && f.reads() {
		minute, ok := f.ownMinute(r, p.known, w.stamp)
		if !ok {
			return nil, engine.LeftNoTime
		}
		at = f.comesTo(zone, minute)
		r.own, r.begins = minute, at
	}
	switch {
	case f.local && f.schedule().tooLate(at, w.stamp, f.flow.zone):
		return nil, engine.LeftLate
	case f.local && at > w.stamp: // everything else is asked when they come
		w.Reached["parked until the person's own time"]++
		w.start(f.flow, r, nil)
		return r, ""
	case !f.local: // it begins now, although the clock where it was fired may be ahead
		r.begins = min(at, w.stamp)
	}
	if why := f.unwanted(r, p.known, w.stamp); why != "" {
		return nil, why
	}
	if why := w.refuses(f.flow, r); why == engine.LeftRunning {
		return nil, why
	}
	before := w.starts
	if w.enter(f.flow, r, nil); w.starts == before {
		return nil, engine.LeftLimit
	}
	return r, ""
}

// unwanted says why a campaign does not want a person as they are now; empty where it does.
// Of one that comes to each person by their own clock everybody is listed, and who belongs
// to its audience shows then.
func (f *campaign) unwanted(r *Run, known map[string]any, now engine.Instant) string {
	holds := func(condition string) (bool, error) {
		return truth(condition, f.names(r, known, now))
	}
	if f.local {
		belongs, err := holds(f.schedule().audience)
		switch {
		case err != nil:
			return engine.LeftBroken
		case !belongs:
			return engine.LeftAudience
		}
	}
	if f.event != nil && f.flow.triggers[f.trigger].once() {
		return ""
	}
	wanted, err := holds(f.flow.triggers[f.trigger].if_)
	switch {
	case err != nil:
		return engine.LeftBroken
	case !wanted:
		return engine.LeftCondition
	}
	return ""
}

// forgetIn sees that nothing begins for a person who is forgotten.
func (w *World) forgetIn(profile string) {
	for _, f := range w.campaigns {
		if _, had := f.members[profile]; !had && f.isOpen() {
			f.members[profile] = nil
		}
		if by := func(h happening) bool { return h.who == profile }; f.isOpen() && slices.ContainsFunc(f.kept, by) {
			f.kept = slices.DeleteFunc(slices.Clone(f.kept), by)
			w.fired[f] = true
		}
	}
}
