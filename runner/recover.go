package runner

import (
	"time"

	"nudge/channels"
	"nudge/engine"
)

// Recover applies, as results, that the outcome of every message claimed by an
// earlier process is unknown. It must be called once, before the first step with
// other inputs.
func (l *Loop) Recover(now time.Time) (*Step, error) {
	l.now = engine.Instant(now.UnixMilli())
	all := &Step{}
	var err error
	if all.Freezes, err = l.unfrozen(); err != nil {
		return nil, err
	}
	if l.derived, err = l.store.Derived(); err != nil {
		return nil, err
	}
	if l.untold, err = l.store.Untold(); err != nil {
		return nil, err
	}
	if err := l.openAccounts(now, all); err != nil {
		return nil, err
	}
	if err := l.obeyed(now, all); err != nil { // nothing is committed behind a commit whose outcome is unknown
		return nil, err
	}
	var after engine.OutboxRef
	for {
		found, err := l.store.Outbox(after, maxBacklog)
		if err != nil || len(found) == 0 {
			l.next = 1 // look for timers at the first step
			return all, err
		}
		after = found[len(found)-1].OutboxRef
		groups, err := l.lost(found, all)
		if err != nil {
			return nil, err
		}
		if err := l.applyAll(now, groups, all); err != nil {
			return nil, err
		}
	}
}

// applyAll applies groups, if there are any, and the inputs derived from them.
func (l *Loop) applyAll(now time.Time, groups []*Group, step *Step) error {
	if len(groups) == 0 {
		return nil
	}
	for len(groups) > 0 || l.follows() {
		n, err := l.applyNext(now, groups, step)
		if err != nil {
			return err
		}
		groups = groups[n:]
	}
	return nil
}

// lost makes a result of unknown outcome for every claimed message.
func (l *Loop) lost(found []engine.OutboxEntry, step *Step) ([]*Group, error) {
	var needs engine.Needs
	for _, e := range found {
		if e.Claimed {
			needs.Runs = append(needs.Runs, e.Run)
		}
	}
	loaded, err := l.store.Load(&needs)
	if err != nil {
		return nil, err
	}
	if len(loaded.Damaged) > 0 {
		if err := l.quarantine(loaded.Damaged, step); err != nil {
			return nil, err
		}
	}
	byID := make(map[engine.RunID]*engine.Run, len(loaded.Runs))
	for _, r := range loaded.Runs {
		byID[r.ID] = r
	}
	var groups []*Group
	for _, e := range found {
		if !e.Claimed || byID[e.Run] == nil {
			continue
		}
		groups = append(groups, &Group{Inputs: []*engine.Input{{
			Payload: &engine.SendResult{
				Run: e.Run, Message: e.Message, Attempt: byID[e.Run].Message(e.Message).Attempt,
				Result: channels.Result{Outcome: channels.Unknown, Reason: "the process stopped while it was being posted"},
			},
		}}})
	}
	return groups, nil
}
