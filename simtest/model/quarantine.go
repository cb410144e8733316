package model

import (
	"slices"

	"nudge/engine"
)

// quarantine ends a run whose record is damaged. Nobody sees its record again, and what it held
// is gone. The run that called it goes on, and so do the queues of its person: all of them, as
// nobody knows which one it held up.
func (w *World) quarantine(q *engine.Quarantine) {
	r := w.known(q.Run)
	p := w.personOf(r.profile)
	campaign := uint64(0)
	if r.campaign != nil {
		campaign = r.campaign.number
		w.fired[r.campaign] = true
	}
	switch {
	case r.over():
		w.fail("run %s, which has ended, is set apart while it is live", r.id)
	case q.Campaign != campaign:
		w.fail("run %s is said to be of campaign %d, want %d", r.id, q.Campaign, campaign)
	case q.Parent != r.parent || r.parent != (engine.RunID{}) && q.Call != r.parentCall:
		w.fail("run %s is said to be call %d of %s, want %d of %s", r.id, q.Call, q.Parent, r.parentCall, r.parent)
	case q.Profile != r.profile && (q.Profile != "" || len(p.queue) > 0):
		w.fail("run %s is said to be for %q, want %s", r.id, q.Profile, r.profile)
	}
	w.Reached["a damaged record"]++
	w.try(r, fact{kind: ends, outcome: engine.OutcomeQuarantined})
	r.lost = true
	w.order = slices.DeleteFunc(w.order, func(x *Run) bool { return x == r })
	if r.parent != (engine.RunID{}) {
		w.Reached["a damaged record of a called run"]++
		w.derive(r, &engine.Input{Payload: &engine.ChildEnded{Parent: r.parent, Call: r.parentCall, Child: r.id, Outcome: engine.OutcomeQuarantined}})
	}
	var seen [][2]string
	for _, queued := range p.queue {
		of := [2]string{queued.flow, queued.key}
		if !slices.Contains(seen, of) {
			seen = append(seen, of)
			w.next(r, queued.flow, queued.key)
		}
	}
}
