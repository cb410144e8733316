package runner

import (
	"slices"
	"time"

	"nudge/engine"
)

const (
	maxDown     = 24 * time.Hour // how long a server may be stopped; after more, accounts that can be asked are asked about every wait for a receipt
	maxLapse    = 256            // receipts without a message dropped in one step
	lapseEvery  = time.Minute    // how often such receipts are looked for
	surveySlice = 256            // runs asked in one step whether webhooks about them were lost
	surveyAhead = 64             // answers outstanding at which the survey waits
)

// asking is the loop's state of status queries, and of receipts whose message is not known.
type asking struct {
	open   int            // asked and not answered
	lapses engine.Instant // when receipts without a message are looked for again
}

// policies returns what the engine has to know of the accounts, or nil if they all have the
// defaults. An account that can be asked differs once webhooks may have been lost.
func (l *Loop) policies(down bool) (list []engine.AccountPolicy) {
	told := false
	for _, x := range l.accounts {
		p := x.policy
		p.Asks = p.Asks && (p.Verify || down)
		told = told || p.ByID || p.Asks
		list = append(list, p)
	}
	if !told {
		return nil
	}
	return list
}

// openAccounts gives the engine the policies of this process's accounts if they have
// changed, and tells it if the stop was so long that webhooks may be lost. Then it repeats
// the status queries that the last process left open.
func (l *Loop) openAccounts(now time.Time, all *Step) error {
	state := &l.core.State
	down := state.Stamp != 0 && engine.InstantOf(now) > state.Stamp.Add(maxDown)
	list := l.policies(down || state.Down != 0)
	down = down && slices.ContainsFunc(list, func(p engine.AccountPolicy) bool { return p.Asks })
	var groups []*Group
	if down || !slices.Equal(list, state.Accounts) {
		groups = append(groups, &Group{Inputs: []*engine.Input{{Payload: &engine.Accounts{List: list, Down: down}}}})
	}
	runs, err := l.store.Asking()
	if err != nil {
		return err
	}
	for some := range slices.Chunk(runs, surveySlice) {
		groups = append(groups, &Group{Inputs: []*engine.Input{{Payload: &engine.RecheckRuns{Runs: some}}}})
	}
	return l.applyAll(now, groups, all)
}

// followUp returns the inputs that survey runs after a long stop, and those that drop
// receipts without a message.
func (l *Loop) followUp(now engine.Instant) (own []*Group, err error) {
	state := &l.core.State
	if l.surveys() {
		runs, err := l.store.Live(state.Surveyed, surveySlice)
		if err != nil {
			return nil, err
		}
		own = append(own, &Group{Inputs: []*engine.Input{{Payload: &engine.RecheckRuns{Runs: runs, Survey: true, Last: len(runs) < surveySlice}}}})
	}
	var found []string
	if state.Orphans > 0 {
		more, err := l.found(now)
		if err != nil {
			return nil, err
		}
		for _, receipt := range more {
			found = append(found, receipt.ProviderID)
			own = append(own, &Group{Inputs: []*engine.Input{{Payload: receipt}}})
		}
	}
	if state.Orphans > 0 && now >= l.asking.lapses {
		ids, err := l.store.Orphans(now.Add(-engine.OrphanHold), maxLapse)
		if err != nil {
			return nil, err
		}
		if len(ids) < maxLapse {
			l.asking.lapses = now.Add(lapseEvery)
		}
		if ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(found, id) }); len(ids) > 0 {
			own = append(own, &Group{Inputs: []*engine.Input{{Payload: &engine.ExpireOrphans{ProviderIDs: ids}}}})
		}
	}
	return own, nil
}

// surveys reports whether the next runs are to be surveyed.
func (l *Loop) surveys() bool {
	return l.core.State.Surveying && l.asking.open < surveyAhead && !l.hold
}

// nextLapse returns when the loop drops receipts without a message; 0 for never.
func (l *Loop) nextLapse() engine.Instant {
	if l.core.State.Orphans == 0 {
		return 0
	}
	return max(l.asking.lapses, 1)
}
