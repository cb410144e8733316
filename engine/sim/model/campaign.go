package model

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"nudge/engine"
)

// scheduled is a schedule of an active flow, and when it fires next.
type scheduled struct {
	flow    *Flow
	trigger int
	next    engine.Instant
	since   engine.Instant // when it was taken up
}

func (s *scheduled) schedule() *schedule { return s.flow.triggers[s.trigger].schedule }

// firing is one firing of a schedule, or several that were missed and are told as one.
type firing struct {
	number   uint64
	flow     *Flow
	trigger  int
	due      engine.Instant
	until    engine.Instant // of the missed ones, when the last was due
	missed   int
	since    engine.Instant
	local    bool // it comes to each person by their own clock
	paused   bool
	endRuns  bool // of one that is cancelled: runs in flight end, too
	status   engine.FiringStatus
	audience string
	rows     int
	walked   int
	left     map[string]int
	lanes    map[engine.Instant]int // how many come at an instant
	members  map[string]*Run        // nil for who was left out
}

func (f *firing) schedule() *schedule { return f.flow.triggers[f.trigger].schedule }

// firingsPerInput is how many firings one input can begin or record.
const firingsPerInput = 2

// takeUp finds out when the schedules of the active flows fire next. One whose words did
// not change goes on as it was.
func (w *World) takeUp() {
	before := w.schedules
	w.schedules = nil
	for _, f := range w.active {
		for i := range f.triggers {
			s := f.triggers[i].schedule
			if s == nil {
				continue
			}
			taken := &scheduled{flow: f, trigger: i, since: w.stamp}
			if at := slices.IndexFunc(before, func(old *scheduled) bool {
				return old.flow.Name == f.Name && old.schedule().words == s.words
			}); at >= 0 {
				taken.next, taken.since = before[at].next, before[at].since
			} else if s.zone == nil {
				taken.next = w.firingAfter(s, w.stamp.Add(-firstClock-lastClock))
			} else {
				taken.next = w.firingAfter(s, w.stamp)
			}
			w.schedules = append(w.schedules, taken)
		}
	}
}

// tick fires a schedule: the last of the firings that are due, unless that is too late,
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
	for s.next = w.firingAfter(s.schedule(), last); s.next != 0 && s.next <= w.stamp; s.next = w.firingAfter(s.schedule(), last) {
		before, last = last, s.next
		count++
	}
	end, zone := last, s.schedule().zone
	until := zone
	if zone == nil {
		end, until = last.Add(firstClock+lastClock), time.UTC
	}
	if s.schedule().tooLate(end, w.stamp, until) {
		w.Reached["missed firing skipped"] += count
		w.fire(&firing{flow: s.flow, trigger: s.trigger, due: first, until: last, missed: count, status: engine.FiringSkipped})
		return
	}
	if count > 1 {
		w.Reached["missed firing skipped"] += count - 1
		w.fire(&firing{flow: s.flow, trigger: s.trigger, due: first, until: before, missed: count - 1, status: engine.FiringSkipped})
	}
	w.fire(&firing{flow: s.flow, trigger: s.trigger, due: last, since: s.since, local: zone == nil, status: engine.Freezing})
}

func (w *World) fire(f *firing) {
	f.number = w.seq * firingsPerInput
	if w.firings[f.number] != nil {
		f.number++
	}
	f.left, f.lanes, f.members = map[string]int{}, map[engine.Instant]int{}, map[string]*Run{}
	w.firings[f.number] = f
	w.fired[f] = true
}

// firingIn is a firing that takes rows, or waits for its audience.
func (w *World) firingIn(number uint64, status engine.FiringStatus) *firing {
	f := w.firings[number]
	if f == nil || f.status != status || f.paused && status == engine.Walking {
		w.fail("no firing %d is %s", number, status)
	}
	w.fired[f] = true
	return f
}

func (w *World) frozen(in *engine.Frozen) {
	f := w.firingIn(in.Firing, engine.Freezing)
	f.audience, f.rows, f.status = in.Audience, in.Rows, engine.Walking
	if f.rows == 0 {
		f.status = engine.Walked
	}
}

// rows takes the next rows of a firing, none twice and none left out (I9).
func (w *World) rows(in *engine.Rows) {
	f := w.firingIn(in.Firing, engine.Walking)
	if in.From != f.walked || f.walked+len(in.Rows) > f.rows {
		w.fail("rows %d to %d of firing %d are taken, after %d of %d (I9)", in.From, in.From+len(in.Rows), f.number, f.walked, f.rows)
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

// row starts a run for one person of a firing, or says why not.
func (w *World) row(f *firing, row *engine.Row) (r *Run, why string) {
	t := &f.flow.triggers[f.trigger]
	p := w.personOf(row.Profile)
	at := f.comesTo((&walk{known: p.known, flow: f.flow}).zone())
	data := object(row.Data)
	switch {
	case at < f.since:
		return nil, engine.LeftPast
	case f.local && f.schedule().tooLate(at, w.stamp, f.flow.zone):
		return nil, engine.LeftLate
	case !truth(t.if_, func(name string) any {
		switch name {
		case "data":
			return data
		case "profile":
			return profileOf(row.Profile, p.known, f.flow.zone)
		}
		return w.stamp.Time()
	}):
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
	r = &Run{profile: row.Profile, by: f.id(), data: data, firing: f, begins: at}
	if w.enter(f.flow, r, nil); w.starts == before {
		return nil, engine.LeftLimit
	}
	if at > w.stamp {
		w.Reached["parked until the person's own time"]++
	}
	return r, ""
}

// comesTo is when a firing comes to a person who lives in a zone.
func (f *firing) comesTo(zone *time.Location) engine.Instant {
	if f.local {
		return engine.InstantOf(Instant(f.due.Add(firstClock).Time().UTC(), zone))
	}
	return max(f.due, f.since)
}

// id is the name of a firing: the flow, and when it is due, on the wall where it follows
// each person's own clock.
func (f *firing) id() string {
	id := f.flow.Name + "@" + f.due.Time().UTC().Format("2006-01-02T15:04:05.999Z07:00")
	if f.local || f.status == engine.FiringSkipped && f.schedule().zone == nil {
		id = f.flow.Name + "@" + f.due.Add(firstClock).Time().UTC().Format("2006-01-02T15:04")
	}
	if f.trigger > 0 {
		id += fmt.Sprintf("#%d", f.trigger+1)
	}
	return id
}

// forgetIn sees that nothing begins for a person who is forgotten.
func (w *World) forgetIn(profile string) {
	for _, f := range w.firings {
		if _, had := f.members[profile]; !had && (f.status == engine.Freezing || f.status == engine.Walking) {
			f.members[profile] = nil
		}
	}
}

// live is how many runs of a firing live.
func (f *firing) live() (n int) {
	for _, r := range f.members {
		if r != nil && !r.over() {
			n++
		}
	}
	return n
}

// compareFirings holds the firings that the batch changed against the model, and their
// people against the audience (I6, I9).
func (w *World) compareFirings(changed []*engine.Firing) {
	for _, got := range changed {
		f := w.firings[got.Number]
		if f == nil {
			w.fail("firing %s, %s for %s, should not be (I6)", got.ID, got.Status, got.Due)
		}
		delete(w.fired, f)
		left, taken := map[string]int{}, 0
		for _, l := range got.Left {
			left[l.Reason] = l.Rows
			taken += l.Rows
		}
		for _, r := range f.members {
			if r != nil {
				taken++
			}
		}
		switch {
		case got.ID != f.id() || got.Version != f.flow.Version || got.Due != f.due || got.Until != f.until || got.Missed != f.missed || got.Status != f.status || got.Paused != f.paused:
			w.fail("firing %s is %s for %s (%d missed until %s), want %s %s for %s (%d missed until %s) (I6)",
				got.ID, got.Status, got.Due, got.Missed, got.Until, f.id(), f.status, f.due, f.missed, f.until)
		case got.Rows != f.rows || got.Walked != f.walked || !maps.Equal(left, f.left):
			w.fail("firing %s has taken %d rows of %d and left out %v, want %d of %d and %v (I9)", got.ID, got.Walked, got.Rows, left, f.walked, f.rows, f.left)
		case taken != got.Walked || got.Live != f.live():
			w.fail("of firing %s are taken %d rows, accounted for are %d; %d runs live, want %d (I9)", got.ID, got.Walked, taken, got.Live, f.live())
		}
	}
	for f := range w.fired {
		w.fail("firing %s should be %s (I6)", f.id(), f.status)
	}
}

// Audience is the name of the frozen audience of a firing.
func (w *World) Audience(number uint64) string {
	if f := w.firings[number]; f != nil {
		return f.audience
	}
	return ""
}

// Unwalked are the firings of which rows are still to be taken.
func (w *World) Unwalked() (ids []string) {
	for _, f := range w.firings {
		if f.status == engine.Freezing || f.status == engine.Walking {
			ids = append(ids, f.id())
		}
	}
	slices.Sort(ids)
	return ids
}

// Amid reports whether some of the rows of a firing are taken, and others are not.
func (w *World) Amid() bool {
	for _, f := range w.firings {
		if f.status == engine.Walking && f.walked > 0 {
			return true
		}
	}
	return false
}
