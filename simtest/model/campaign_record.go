package model

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"nudge/engine"
)

// campaign is what a schedule or an operator began, or several that a schedule missed,
// recorded as one.
type campaign struct {
	number   uint64
	flow     *Flow
	trigger  int
	due      engine.Instant
	until    engine.Instant // of the missed ones, when the last was due
	missed   int
	since    engine.Instant
	local    bool // it comes to each person by their own clock
	paused   bool
	in       engine.Installation // that may go on with it
	endRuns  bool                // of one that is cancelled: runs in flight end, too
	status   engine.CampaignStatus
	audience string
	rows     int
	bad      int // rows that cannot be read
	walked   int
	left     map[string]int
	lanes    map[engine.Instant]int // how many come at an instant
	members  map[string]*Run        // nil for who was left out
	event    *happening             // that fired it; nil for one by the clock
	name     string                 // of one that an event fired
	key      string                 // of its runs
	kept     []happening            // for the rows to come
	exited   bool                   // the rows to come are left out

	// Of a divided installation; else zero.
	total   int            // rows of all partitions
	dealt   []int          // by partition, where it was fired
	waits   map[int]bool   // for the partitions that have rows to take, where it was fired
	busy    map[int]bool   // the partitions that have rows to take or live runs, likewise
	ended   bool           // it was over here
	joined  engine.Instant // when rows may be taken here
	started int            // runs
}

func (f *campaign) schedule() *schedule { return f.flow.triggers[f.trigger].schedule }

// comesTo is when a campaign comes to a person who lives in a zone. Until a time of day of
// their own is read (-1 minutes), that is when their day begins.
func (f *campaign) comesTo(zone *time.Location, own int) engine.Instant {
	if f.local {
		wall := f.due.Add(firstClock + time.Duration(max(own, 0))*time.Minute)
		return engine.InstantOf(Instant(wall.Time().UTC(), zone))
	}
	return max(f.due, f.since)
}

// ownMinute is the time of day that a person has in a campaign; ok where they have one.
func (f *campaign) ownMinute(r *Run, known map[string]any, now engine.Instant) (minute int, ok bool) {
	v, err := evaluate(f.schedule().own, f.names(r, known, now))
	if err != nil {
		return 0, false
	}
	said, _ := v.(string)
	at, err := time.Parse("15:04", said)
	return at.Hour()*60 + at.Minute(), err == nil && len(said) == len("15:04")
}

// reads reports whether each person has a time of day of their own.
func (f *campaign) reads() bool { return f.local && f.schedule().own != "" }

// names is what the expressions of a schedule see of a person.
func (f *campaign) names(r *Run, known map[string]any, now engine.Instant) func(name string) any {
	return func(name string) any {
		switch name {
		case "data":
			return r.data
		case "event":
			return f.event.data
		case "profile":
			return profileOf(r.profile, known, f.flow.zone)
		}
		return now.Time()
	}
}

// id is the name of a campaign: the flow, and when it is due, on the wall where it follows
// each person's own clock.
func (f *campaign) id() string {
	if f.event != nil || f.name != "" {
		return f.name
	}
	id := f.flow.Name + "@" + f.due.Time().UTC().Format("2006-01-02T15:04:05.999Z07:00")
	if f.local || f.status == engine.CampaignSkipped && f.schedule().zone == nil {
		id = f.flow.Name + "@" + f.due.Add(firstClock).Time().UTC().Format("2006-01-02T15:04")
	}
	if f.trigger > 0 {
		id += fmt.Sprintf("#%d", f.trigger+1)
	}
	return id
}

// live is how many runs of a campaign live.
func (f *campaign) live() (n int) {
	for _, r := range f.members {
		if r != nil && !r.over() {
			n++
		}
	}
	return n
}

// compareCampaigns holds the campaigns that the batch changed against the model, and their
// people against the audience (I6, I9).
func (w *World) compareCampaigns(changed []*engine.Campaign) {
	for _, got := range changed {
		f := w.campaigns[got.Number]
		if f == nil {
			w.fail("campaign %s, %s for %s, should not be (I6)", got.ID, got.Status, got.Due)
		}
		delete(w.fired, f)
		left, taken := map[string]int{}, 0
		for _, l := range got.Excluded {
			left[l.Reason] = l.Rows
			taken += l.Rows
		}
		for _, r := range f.members {
			if r != nil {
				taken++
			}
		}
		w.compareParts(f, got)
		switch {
		case !f.is(got):
			w.fail("campaign %s is %s for %s (%d missed until %s), want %s %s for %s (%d missed until %s) (I6)",
				got.ID, got.Status, got.Due, got.Missed, got.Until, f.id(), f.status, f.due, f.missed, f.until)
		case got.Key != f.key || got.Exited != f.exited || len(got.Kept) != len(f.kept) && f.isOpen():
			w.fail("campaign %s has the key %q, keeps %d events and is left (%v), want %q, %d and %v", got.ID, got.Key, len(got.Kept), got.Exited, f.key, len(f.kept), f.exited)
		case got.Bad != f.bad || got.Rows != f.rows || got.Walked != f.walked || !maps.Equal(left, f.left):
			w.fail("campaign %s has taken %d rows of %d and left out %v, want %d of %d and %v (I9)", got.ID, got.Walked, got.Rows, left, f.walked, f.rows, f.left)
		case taken != got.Walked || got.Live != f.live():
			w.fail("of campaign %s are taken %d rows, accounted for are %d; %d runs live, want %d (I9)", got.ID, got.Walked, taken, got.Live, f.live())
		}
	}
	for f := range w.fired {
		w.fail("campaign %s should be %s (I6)", f.id(), f.status)
	}
}

// is reports whether the engine's campaign is this one, and stands where this one does.
func (f *campaign) is(got *engine.Campaign) bool {
	return got.ID == f.id() && got.Version == f.flow.Version && got.Due == f.due && got.Until == f.until && got.Missed == f.missed &&
		got.Status == f.status && got.Paused == f.paused && (got.Status == engine.CampaignSkipped || got.Installation == f.in)
}

// Audience is the name of the frozen audience of a campaign.
func (w *World) Audience(number uint64) string {
	if f := w.campaigns[number]; f != nil {
		return f.audience
	}
	return ""
}

// isOpen reports whether rows are still to be taken.
func (f *campaign) isOpen() bool { return f.status == engine.Freezing || f.status == engine.Walking }

// Unwalked are the campaigns of which rows are still to be taken.
func (w *World) Unwalked() (ids []string) {
	for _, f := range w.campaigns {
		if f.isOpen() {
			ids = append(ids, f.id())
		}
	}
	slices.Sort(ids)
	return ids
}

// Amid reports whether some of the rows of a campaign are taken, and others are not.
func (w *World) Amid() bool {
	for _, f := range w.campaigns {
		if f.status == engine.Walking && f.walked > 0 {
			return true
		}
	}
	return false
}
