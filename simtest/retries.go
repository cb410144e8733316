package simtest

import (
	"time"

	"nudge/engine"
	"nudge/store"
)

// retriesKey makes the dice of retries.
const retriesKey = 23043

// retries lets operators try failed runs again, in one history of two.
func (w *world) retries(seed uint64) {
	dice := ownDice(seed, retriesKey)
	if dice == nil || dice.IntN(2) != 0 {
		return
	}
	var again func()
	again = func() {
		if w.calm {
			return
		}
		w.later(time.Duration(dice.IntN(240))*time.Minute, again)
		if w.process = w.some(dice); w.loop == nil {
			return
		}
		page, err := w.store.List(store.Query{RunFilter: store.RunFilter{Status: "ended"}, Limit: 50})
		if err != nil {
			w.err = broken("I8", "the runs that have ended cannot be read: %v", err)
			return
		}
		var failed []engine.RunID
		for _, r := range page.Runs {
			if engine.FailedAt(r) >= 0 {
				failed = append(failed, r.ID)
			}
		}
		if len(failed) == 0 {
			return
		}
		w.retry(failed[dice.IntN(len(failed))])
	}
	w.later(time.Duration(dice.IntN(240))*time.Minute, again)
}

// retry asks for a run to be tried again, as it stands now.
func (w *world) retry(id engine.RunID) {
	in, _, err := w.store.Retry(id, "as asked")
	if err != nil || in == nil {
		return // its record is damaged, or was dropped
	}
	w.submit([]*engine.Input{{Payload: in}}, 0)
}
