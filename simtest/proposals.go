package simtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"nudge/engine"
)

// proposalsKey is a key with which the older seeds of the corpus know nothing of proposals.
const proposalsKey = 58238

// proposalsDice is what decides about proposals, in one history of eight; nil in the others.
func proposalsDice(seed uint64) *rand.Rand {
	if dice := ownDice(seed, proposalsKey); dice != nil && dice.IntN(4) == 0 {
		return dice
	}
	return nil
}

// propose makes a deploy one that somebody proposes now, and returns after how long somebody approves it: another one may have come
// between.
func (w *world) propose(d *engine.Deploy) time.Duration {
	if w.proposals == nil || w.loop == nil || w.proposals.IntN(4) == 0 {
		return 0
	}
	w.proposed++
	d.Proposal, d.Against = fmt.Sprint(w.proposed), slices.Clone(w.loop.Core().State.Active)
	return time.Duration(w.proposals.IntN(36)) * time.Hour
}

// approved notes what became of a deploy.
func (w *world) approved(d *engine.Deploy, answer *engine.Answer) {
	switch {
	case d.Proposal == "":
	case answer.Refused == nil:
		w.reached["a proposal approved"]++
	case answer.Refused.Why == engine.RefusedStale:
		w.reached["a stale proposal"]++
	}
}
