package model

import (
	"slices"
	"time"

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
	f := w.campaignIn(in.Campaign, engine.Freezing)
	f.audience, f.rows, f.bad, f.status = in.Audience, in.Rows, in.Bad, engine.Walking
	switch {
	case in.Failed != "":
		f.status = engine.CampaignFailed
	case f.rows == 0:
		f.status = engine.Walked
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
		r, why := w.row(f, row)
		if f.members[row.Profile] = r; why != "" {
			f.left[why]++
			w.Reached["left out: "+why]++
		}
	}
	if f.walked += len(in.Rows); f.walked == f.rows {
		f.status = engine.Walked
	}
}

// row starts a run for one person of a campaign, or says why not.
func (w *World) row(f *campaign, row *engine.Row) (r *Run, why string) {
	t := &f.flow.triggers[f.trigger]
	p := w.personOf(row.Profile)
	at := f.comesTo((&walk{known: p.known, flow: f.flow}).zone())
	data := object(row.Data)
	holds, err := truth(t.if_, func(name string) any {
		switch name {
		case "data":
			return data
		case "profile":
			return profileOf(row.Profile, p.known, f.flow.zone)
		}
		return w.stamp.Time()
	})
	switch {
	case at < f.since:
		return nil, engine.LeftPast
	case f.local && f.schedule().tooLate(at, w.stamp, f.flow.zone):
		return nil, engine.LeftLate
	case err != nil:
		return nil, engine.LeftBroken
	case !holds:
		return nil, engine.LeftCondition
	}
	running := slices.ContainsFunc(w.liveOf(row.Profile), func(x *Run) bool {
		return x.flow.Name == f.flow.Name && x.key == "" && !x.now.freed
	})
	if running && (f.flow.running == "skip" || f.flow.running == "queue") {
		return nil, engine.LeftRunning
	}
	if f.local && at > w.stamp { // those who come at one instant keep the pace
		f.lanes[at]++
		at = at.Add(time.Duration(f.lanes[at]-1) * f.schedule().pace)
	}
	before := w.starts
	r = &Run{profile: row.Profile, by: f.id(), data: data, campaign: f, begins: at}
	if w.enter(f.flow, r, nil); w.starts == before {
		return nil, engine.LeftLimit
	}
	if at > w.stamp {
		w.Reached["parked until the person's own time"]++
	}
	return r, ""
}

// forgetIn sees that nothing begins for a person who is forgotten.
func (w *World) forgetIn(profile string) {
	for _, f := range w.campaigns {
		if _, had := f.members[profile]; !had && (f.status == engine.Freezing || f.status == engine.Walking) {
			f.members[profile] = nil
		}
	}
}
