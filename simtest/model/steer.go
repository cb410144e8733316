package model

import (
	"slices"

	"nudge/engine"
)

// steer is what an operator does with a campaign.
func (w *World) steer(s *engine.CampaignControl) {
	if s.Do.Starts() {
		w.startCampaign(s)
		return
	}
	f := w.campaigns[s.Campaign]
	if f != nil && w.in.Origin != nil && w.between(f, s) {
		return
	}
	if f == nil || f.over() {
		if w.in.Origin == nil { // another partition may not know
			w.fail("an operator steers campaign %d, which is over or never was", s.Campaign)
		}
		return
	}
	if s.Do == engine.CampaignPause && f.paused || s.Do == engine.CampaignResume && !w.holds(f) {
		w.steerAgain(f, s)
		return
	}
	w.fired[f] = true
	w.tellParts(f, engine.CampaignControl{Do: s.Do, Reason: s.Reason, EndRuns: s.EndRuns})
	f.paused = s.Do == engine.CampaignPause
	switch s.Do {
	case engine.CampaignPause, engine.CampaignResume:
		w.Reached["campaign "+s.Do.String()+"d"]++
		if f.paused {
			return
		}
		if f.in != w.installation {
			w.Reached["campaign of a backup goes on"]++
		}
		if f.in = w.installation; f.local {
			w.sweepOn(f, engine.PersonHash{})
		}
	case engine.CampaignCancel:
		w.Reached["campaign cancelled"]++
		f.status, f.endRuns = engine.CampaignCancelled, s.EndRuns
		if f.local || f.endRuns {
			w.sweepOn(f, engine.PersonHash{})
		}
	}
}

// over reports whether no command changes the campaign any more.
func (f *campaign) over() bool {
	return f.status > engine.Walked || f.status == engine.Walked && f.live() == 0 && f.total == 0 // other partitions may have runs
}

// steerAgain is a command that changes nothing here. One to go on reaches the other partitions all the same: one of them may have
// paused by itself.
func (w *World) steerAgain(f *campaign, s *engine.CampaignControl) {
	resumes := s.Do == engine.CampaignResume
	if resumes {
		w.tellParts(f, engine.CampaignControl{Do: s.Do})
	}
	if w.in.ID == "" && w.in.Origin == nil && !(resumes && f.dealt != nil) { // one with an ID is in the journal for its ID alone
		w.fail("campaign %s is told to %s, as it does already", f.id(), s.Do)
	}
}

// startCampaign starts a campaign now. A start that wants to be alone
// needs that no other campaign of its flow is under way.
func (w *World) startCampaign(s *engine.CampaignControl) {
	f := w.activeNamed(s.Flow)
	for _, c := range w.campaigns {
		if s.Do == engine.CampaignStartAlone && c.flow.Name == s.Flow && (c.status == engine.Freezing || c.status == engine.Walking) {
			w.fail("a campaign of %s starts although %s is under way", s.Flow, c.id())
		}
	}
	trigger := slices.IndexFunc(f.triggers, func(t trigger) bool { return t.schedule != nil && t.event == "" })
	w.fire(&campaign{flow: f, trigger: trigger, due: w.stamp, status: engine.Freezing})
}

func (w *World) sweepOn(f *campaign, after engine.PersonHash) {
	w.derived = append(w.derived, &engine.Input{Depth: w.in.Depth, Payload: &engine.Sweep{Campaign: f.number, After: after}})
}

// sweep goes through the people of a campaign that was cancelled or goes on.
func (w *World) sweep(s *engine.Sweep) {
	f := w.campaigns[s.Campaign]
	var next []engine.PersonHash
	runs := map[engine.PersonHash]*Run{}
	for who, r := range f.members {
		hash := engine.MemberOf(f.number, who).Person
		if slices.Compare(hash[:], s.After[:]) > 0 {
			next, runs[hash] = append(next, hash), r
		}
	}
	if f.live() == 0 || len(next) == 0 {
		return
	}
	slices.SortFunc(next, func(a, b engine.PersonHash) int { return slices.Compare(a[:], b[:]) })
	next = next[:min(len(next), engine.MaxSweep)]
	for _, hash := range next {
		r := runs[hash]
		switch {
		case r == nil || r.over():
		case f.status == engine.CampaignCancelled && (f.endRuns || r.now.status == engine.Parked):
			w.feed(r, fact{kind: ends, outcome: engine.OutcomeCancelled})
		case f.status != engine.CampaignCancelled && r.now.status == engine.Parked && r.now.alarm == 0:
			w.Reached["began when its campaign went on"]++
			w.feed(r, fact{kind: goesOn})
		}
	}
	if len(next) == engine.MaxSweep {
		w.sweepOn(f, next[len(next)-1])
	}
}

// holds reports whether nothing begins for a campaign until somebody lets it go on: it is
// paused, or the store was restored from a backup.
func (w *World) holds(f *campaign) bool { return f.paused || f.in != w.installation }

// Held are the campaigns that nothing begins for.
func (w *World) Held() (numbers []uint64) {
	for number, f := range w.campaigns {
		if w.holds(f) && (f.status <= engine.Walked) {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers
}
