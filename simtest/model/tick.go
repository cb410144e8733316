package model

import (
	"slices"
	"time"

	"nudge/engine"
)

// scheduled is a schedule of an active flow, and when it fires next.
type scheduled struct {
	flow    *Flow
	trigger int
	next    engine.Instant
	since   engine.Instant      // when it was taken up
	in      engine.Installation // that has been firing it
}

func (s *scheduled) schedule() *schedule { return s.flow.triggers[s.trigger].schedule }

// takeUp finds out when the schedules of the active flows fire next. One whose words did
// not change goes on as it was.
func (w *World) takeUp() {
	before := w.schedules
	w.schedules = nil
	for _, f := range w.active {
		for i := range f.triggers {
			s := f.triggers[i].schedule
			if s == nil || f.triggers[i].event != "" || !w.owns(f.Name) {
				continue
			}
			taken := &scheduled{flow: f, trigger: i, since: w.stamp, in: w.installation}
			if at := slices.IndexFunc(before, func(old *scheduled) bool {
				return old.flow.Name == f.Name && old.schedule().words == s.words
			}); at >= 0 {
				taken.next, taken.since, taken.in = before[at].next, before[at].since, before[at].in
			} else if s.zone == nil {
				taken.next = w.campaignAfter(s, w.stamp.Add(-firstClock-lastClock))
			} else {
				taken.next = w.campaignAfter(s, w.stamp)
			}
			w.schedules = append(w.schedules, taken)
		}
	}
}

// tick fires a schedule: the last of the campaigns that are due, unless that is too late,
// too. The others are recorded as skipped (I6).
func (w *World) tick(t *engine.Tick) {
	at := slices.IndexFunc(w.schedules, func(s *scheduled) bool {
		return s.flow.Name == t.Flow && s.trigger == t.Trigger && s.next == t.Due
	})
	switch {
	case at < 0:
		w.fail("trigger %d of %s fires for %s, when it is not due (I6)", t.Trigger+1, t.Flow, t.Due)
	case w.stamp < t.Due:
		w.fail("trigger %d of %s fires early, at %s for %s (I5)", t.Trigger+1, t.Flow, w.stamp, t.Due)
	}
	s := w.schedules[at]
	first, last, count := t.Due, t.Due, 1
	before := engine.Instant(0) // the one before the last
	for s.next = w.campaignAfter(s.schedule(), last); s.next != 0 && s.next <= w.stamp; s.next = w.campaignAfter(s.schedule(), last) {
		before, last = last, s.next
		count++
	}
	end, zone := last, s.schedule().zone
	until := zone
	if zone == nil {
		end, until = last.Add(firstClock+lastClock), time.UTC
		if s.schedule().own != "" {
			end = end.Add(24 * time.Hour) // somebody's day may end with their time
		}
	}
	restored := s.in != w.installation // whoever fired it before knows whether it did
	s.in = w.installation
	if restored || s.schedule().tooLate(end, w.stamp, until) {
		w.Reached["missed campaign skipped"] += count
		w.fire(&campaign{flow: s.flow, trigger: s.trigger, due: first, until: last, missed: count, status: engine.CampaignSkipped})
		return
	}
	if count > 1 {
		w.Reached["missed campaign skipped"] += count - 1
		w.fire(&campaign{flow: s.flow, trigger: s.trigger, due: first, until: before, missed: count - 1, status: engine.CampaignSkipped})
	}
	w.fire(&campaign{flow: s.flow, trigger: s.trigger, due: last, since: s.since, local: zone == nil, status: engine.Freezing})
}

// maxCampaignsPerInput is how many campaigns one input can begin or record.
const maxCampaignsPerInput = 1 << 10

func (w *World) fire(f *campaign) {
	f.number = uint64(w.div.partition.Number)<<48 | w.seq*maxCampaignsPerInput
	for w.campaigns[f.number] != nil {
		f.number++
	}
	f.in = w.installation
	f.left, f.lanes, f.members = map[string]int{}, map[engine.Instant]int{}, map[string]*Run{}
	w.campaigns[f.number] = f
	w.fired[f] = true
}
