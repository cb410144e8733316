package engine

import (
	"slices"

	"nudge/flows"
)

// Quarantine ends a run whose record the store can no longer read. The store has set the record
// apart and does not return the run any more, so the input names all that its end concerns
// outside of the run. A replay of the journal still has the run, and ends it there.
type Quarantine struct {
	Run      RunID  `json:"run,omitzero"`
	Campaign uint64 `json:"firing,omitempty"`  // that started it; 0 for none
	Profile  string `json:"profile,omitempty"` // its person; empty if nothing is stored about them
	Parent   RunID  `json:"parent,omitzero"`   // the run whose start step waits for it; zero for none
	Call     int    `json:"call,omitempty"`    // number of that run's call
}

// Kind is InputQuarantine.
func (q *Quarantine) Kind() InputKind { return InputQuarantine }

func (q *Quarantine) needs(_ *Engine, n *Needs) {
	n.Runs = append(n.Runs, q.Run)
	n.Campaigns = append(n.Campaigns, q.Campaign)
	if q.Profile != "" {
		n.People = append(n.People, q.Profile)
	}
}

// apply continues what waited for the end of the run. What the run held for later steps is
// lost with it, in a replay too.
func (q *Quarantine) apply(a *applier) {
	a.changed = true
	if r := a.ws.Run(q.Run); r != nil && r.Live() {
		r = a.edit(q.Run)
		r.log(Entry{At: a.now, Kind: KindQuarantined, Step: NoStep, Detail: "damage to its record"})
		a.end(r, OutcomeQuarantined, false)
		r.Mailbox = nil
	}
	if a.ws.campaign(q.Campaign) != nil {
		a.editCampaign(q.Campaign).Live--
	}
	if q.Parent != (RunID{}) {
		a.tellParent(&ChildEnded{Parent: q.Parent, Call: q.Call, Child: q.Run, Outcome: OutcomeQuarantined})
	}
	a.dequeueAll(q.Profile)
}

// dequeueAll starts the next of every queue of a person in which no run is live any more: it is
// not known which of them the lost run held up.
func (a *applier) dequeueAll(profile string) {
	p := a.ws.person(profile)
	if p == nil {
		return
	}
	var seen []FlowKey
	for _, queued := range p.Queue {
		of := FlowKey{queued.Flow, queued.Key}
		f := a.e.activeNamed(queued.Flow)
		if f == nil || f.Entry.IfRunning != flows.Queue || slices.Contains(seen, of) {
			continue
		}
		seen = append(seen, of)
		a.out.Derived = append(a.out.Derived, &Input{Payload: a.nextOf(&Run{Profile: profile, Flow: of.Flow, Key: of.Key})})
	}
}
