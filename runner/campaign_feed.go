package runner

import (
	"slices"
	"time"

	"nudge/engine"
)

// Audiences keeps the audiences of firings. Freeze is called beside Read and Keep.
type Audiences interface {
	Freezer
	// Read returns at most limit rows of a frozen audience from an offset on, and the
	// offset behind them. The rows are the caller's.
	Read(audience string, offset int64, limit int) (rows []engine.Row, next int64, err error)
	// Keep drops every frozen audience that is not named.
	Keep(audiences []string) error
}

const (
	// maxAhead is how many messages may wait for a sender before rows of a campaign are
	// held back: nobody else's message waits behind more of them than that.
	maxAhead = 256
	// paceEvery is how much of a rate one input takes at once.
	paceEvery = 100 * time.Millisecond
)

// campaignFeed is how the loop goes through the schedules and the rows of campaigns.
type campaignFeed struct {
	audiences Audiences      // nil: no rows are taken
	turn      int            // which of the open firings is asked first
	next      engine.Instant // when a rate lets more rows in; 0 for none
	changed   bool           // a firing has changed: there may be rows to take
}

// UseAudiences gives the loop the audiences of its firings. It is called before the
// first step.
func (l *Loop) UseAudiences(a Audiences) { l.walk.audiences = a }

// ticks are the schedules that are due.
func (l *Loop) ticks(now engine.Instant) (due []*Group) {
	for _, s := range l.core.State.Schedules {
		if s.Next != 0 && s.Next <= now {
			due = append(due, &Group{Inputs: []*engine.Input{{Payload: &engine.Tick{Flow: s.Flow, Trigger: s.Trigger, Due: s.Next}}}})
		}
	}
	return due
}

// nextTick is when a schedule is due; 0 for never.
func (l *Loop) nextTick() (next engine.Instant) {
	for _, s := range l.core.State.Schedules {
		next = earlier(next, s.Next)
	}
	return next
}

// earlier is the earlier of two instants of which 0 is never.
func earlier(a, b engine.Instant) engine.Instant {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// rows are the next rows of one of the open firings. They are the class of inputs with
// the smallest share: one input of at most engine.MaxRows rows in a step, and none
// while as many messages wait for a sender as may.
func (l *Loop) rows(now engine.Instant) (*Group, error) {
	w, state := &l.walk, &l.core.State
	w.next, w.changed = 0, false
	if w.audiences == nil || len(state.Open) == 0 || l.hold || state.Holding() {
		return nil, nil
	}
	open, err := l.openCampaigns()
	if err != nil {
		return nil, err
	}
	for i := range open {
		f := open[(w.turn+i)%len(open)]
		if !f.MayWalk(max(now, f.Next), state.Installation) {
			continue
		}
		if f.Next > now {
			w.next = earlier(w.next, f.Next)
			continue
		}
		room := l.roomFor(f)
		if room <= 0 {
			continue
		}
		w.turn = (w.turn + i + 1) % len(open)
		return &Group{Inputs: []*engine.Input{l.take(f, min(room, engine.MaxRows))}}, nil
	}
	return nil, nil
}

// roomFor is how many rows of a firing may be taken until as many messages wait for a
// sender as may, in one of the accounts that the flow's messages go through.
func (l *Loop) roomFor(f *engine.Campaign) int {
	room := maxAhead
	steps := l.core.Flow(engine.FlowVersion{Flow: f.Flow, Version: f.Version}).Steps
	for i := range steps {
		if steps[i].Send == nil {
			continue
		}
		x := l.queueOf(steps[i].Send.Account)
		switch {
		case x == nil:
		case x.more:
			return 0
		default:
			room = min(room, maxAhead-len(x.backlog))
		}
	}
	return room
}

// take is the input that takes at most limit rows of a firing. A firing whose audience
// cannot be read is paused.
func (l *Loop) take(f *engine.Campaign, limit int) *engine.Input {
	version := l.core.Flow(engine.FlowVersion{Flow: f.Flow, Version: f.Version})
	if rate := version.Triggers[f.Trigger].Schedule.Rate; rate.Messages > 0 && !f.Local {
		limit = min(limit, max(1, int(int64(rate.Messages)*int64(paceEvery)/int64(rate.Per))))
	}
	rows, next, err := l.walk.audiences.Read(f.Audience, f.Offset, min(limit, f.Rows-f.Walked))
	if err != nil {
		return &engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignPause, Campaign: f.Number, Reason: "its audience cannot be read: " + err.Error()}}
	}
	return &engine.Input{Payload: &engine.Rows{Campaign: f.Number, From: f.Walked, Next: next, Rows: rows}}
}

func (l *Loop) openCampaigns() ([]*engine.Campaign, error) {
	loaded, err := l.store.Load(&engine.Needs{Campaigns: l.core.State.Open})
	if err != nil {
		return nil, err
	}
	return loaded.Campaigns, nil
}

// unfrozen are the audiences that the last process had not frozen when it stopped.
func (l *Loop) unfrozen() (freezes []engine.SnapshotRequest, err error) {
	open, err := l.openCampaigns()
	for _, f := range open {
		if f.Status == engine.Freezing && f.Installation == l.core.State.Installation {
			freezes = append(freezes, l.core.FreezeOf(f))
		}
	}
	return freezes, err
}

// keepAudiences drops the frozen audiences whose rows are all taken. While one is being
// frozen none is: nobody knows its name yet.
func (l *Loop) keepAudiences() error {
	if l.walk.audiences == nil {
		return nil
	}
	open, err := l.openCampaigns()
	if err != nil || slices.ContainsFunc(open, func(f *engine.Campaign) bool { return f.Status == engine.Freezing }) {
		return err
	}
	var names []string
	for _, f := range open {
		names = append(names, f.Audience)
	}
	return l.walk.audiences.Keep(names)
}
