package runner

import "nudge/engine"

// Audiences keeps the audiences of campaigns. Freeze is called while Read and Keep run.
type Audiences interface {
	Freezer
	// Read returns at most limit rows of a frozen audience from an offset on, and the
	// offset behind them. The rows are the caller's.
	Read(audience string, offset int64, limit int) (rows []engine.Row, next int64, err error)
	// Keep drops every frozen audience of the campaigns that a partition has fired and that is not named. In an installation
	// that is not divided the partition is 0.
	Keep(home int, audiences []string) error
}

const (
	// maxAhead is how many messages may wait for a sender while a campaign takes rows; with more
	// it takes none, so other messages never wait behind more than these.
	maxAhead = 256
)

// campaignFeed is the loop's position in the schedules and the rows of campaigns.
type campaignFeed struct {
	audiences Audiences      // nil: no rows are taken
	turn      int            // which of the open campaigns comes first
	next      engine.Instant // when a rate lets more rows in; 0 for none
	changed   bool           // a campaign has changed: there may be rows to take
}

// UseAudiences gives the loop the audiences of its campaigns. Call it before the first
// step.
func (l *Loop) UseAudiences(a Audiences) { l.feed.audiences = a }

// ticks returns an input for each schedule that is due.
func (l *Loop) ticks(now engine.Instant) (due []*Group) {
	for _, s := range l.core.State.Schedules {
		if s.Next != 0 && s.Next <= now {
			due = append(due, &Group{Inputs: []*engine.Input{{Payload: &engine.Tick{Flow: s.Flow, Trigger: s.Trigger, Due: s.Next}}}})
		}
	}
	return due
}

// nextTick returns when the next schedule is due; 0 for never.
func (l *Loop) nextTick() (next engine.Instant) {
	for _, s := range l.core.State.Schedules {
		next = earlier(next, s.Next)
	}
	return next
}

// earlier returns the earlier of two instants; 0 means never.
func earlier(a, b engine.Instant) engine.Instant {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// rows returns the next rows of one of the open campaigns. Rows have the smallest share of
// a step: one input of at most engine.MaxRows rows, and none while maxAhead messages wait
// for a sender.
func (l *Loop) rows(now engine.Instant) (*Group, error) {
	w, state := &l.feed, &l.core.State
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

// roomFor returns how many rows of a campaign may be taken until maxAhead messages wait for
// a sender in one of the accounts that the flow's messages go through.
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

// take returns the input that takes at most limit rows of a campaign. A campaign is paused
// if its audience cannot be read.
func (l *Loop) take(f *engine.Campaign, limit int) *engine.Input {
	version := l.core.Flow(engine.FlowVersion{Flow: f.Flow, Version: f.Version})
	if rate := version.Triggers[f.Trigger].Schedule.Rate; rate.Messages > 0 && !f.Local {
		limit = min(limit, f.Pace(rate))
	}
	rows, next, err := l.feed.audiences.Read(f.Audience, f.Offset, min(limit, f.Rows-f.Walked))
	if err != nil {
		return &engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignPause, Campaign: f.Number, Reason: "its audience cannot be read: " + err.Error()}}
	}
	return &engine.Input{Payload: &engine.Rows{Campaign: f.Number, From: f.Walked, Next: next, Rows: rows}}
}

// openCampaigns returns the campaigns that may take their rows.
func (l *Loop) openCampaigns() ([]*engine.Campaign, error) {
	loaded, err := l.store.Load(&engine.Needs{Campaigns: l.core.State.Admitted()})
	if err != nil {
		return nil, err
	}
	return loaded.Campaigns, nil
}

// unfrozen returns the audiences that the last process had not frozen when it stopped.
func (l *Loop) unfrozen() (freezes []engine.SnapshotRequest, err error) {
	open, err := l.openCampaigns()
	for _, f := range open {
		if f.Unfrozen(l.core.State.Partition) && f.Installation == l.core.State.Installation {
			freezes = append(freezes, l.core.SnapshotOf(f))
		}
	}
	return freezes, err
}

// keepAudiences drops the frozen audiences whose rows are all taken. It drops none while an
// audience is being frozen, because the name of that one is not known yet.
func (l *Loop) keepAudiences() error {
	if l.feed.audiences == nil {
		return nil
	}
	open, err := l.openCampaigns()
	if err != nil {
		return err
	}
	home := l.core.State.Partition.Number
	var names []string
	for _, f := range open {
		switch {
		case engine.CampaignHome(f.Number) != home: // where it was fired, its audience is kept until all rows are taken
		case f.Status == engine.Freezing:
			return nil
		default:
			names = append(names, f.WholeAudience())
		}
	}
	return l.feed.audiences.Keep(home, names)
}
