package simtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
)

// oracle is how the provider of a seed answers when it is asked how a message stands, and how
// often a process starts with accounts that behave otherwise. Half of the seeds have none:
// their accounts cannot be asked and stay as they are.
type oracle struct {
	dice    *rand.Rand
	silent  float64 // questions without an answer
	busy    float64 // for which nobody is free
	failing float64 // that cannot be put
	late    float64 // answered after minutes, also after engine.AskTime
	behind  float64 // answered with what was so some time ago
	fatal   float64 // before whose answer the process dies
	lost    float64 // webhooks that never come, so that it must be asked
	stops   float64 // deaths after which webhooks are given up
	changes float64 // starts
	mute    mood    // of the provider once nothing else fails any more
	always  bool    // and before
}

// mood is how the provider takes a question.
type mood uint8

const (
	answers mood = iota
	isSilent
	isBusy
	breaks
	kills
)

// oracleKey is the least with which no seed of the corpus that is older than questions has an
// oracle.
const oracleKey = 490

// mostSilent is how many questions of one process have no answer at all. The loop is
// promised one to each, and its survey waits for them; what the provider does not say, the
// asker reports as failed.
const mostSilent = 32

// oracleOf is the oracle of a seed; nil for none. It has dice of its own, so that the seeds
// without one live as they did before there were questions.
func oracleOf(seed uint64) *oracle {
	dice := rand.New(rand.NewPCG(seed, oracleKey))
	if dice.IntN(2) == 0 {
		return nil
	}
	o := &oracle{dice: dice, mute: pick(dice, answers, answers, answers, answers, isSilent, isBusy, breaks)}
	for _, rate := range []*float64{&o.silent, &o.busy, &o.failing, &o.late, &o.behind, &o.fatal, &o.lost, &o.stops, &o.changes} {
		if dice.IntN(2) == 0 {
			*rate = dice.Float64() * 0.5
		}
	}
	o.always = dice.IntN(4) == 0
	return o
}

// traits draws which accounts can be asked, and which are asked always.
func (o *oracle) traits(lanes []runner.AccountSettings) []runner.AccountSettings {
	lanes = slices.Clone(lanes)
	for i := range lanes {
		lanes[i].Asks = o.dice.IntN(4) > 0
		lanes[i].Verify = lanes[i].Asks && o.dice.IntN(3) > 0
	}
	return lanes
}

// otherwise draws accounts that behave otherwise, of the same names.
func (o *oracle) otherwise(lanes []runner.AccountSettings) []runner.AccountSettings {
	lanes = o.traits(lanes)
	for i := range lanes {
		lanes[i].Places = pick(o.dice, 1, 2, 3, 4, 64)
		lanes[i].ByID = o.dice.IntN(3) == 0
		lanes[i].Rate = pick(o.dice, flows.Rate{}, flows.Rate{}, flows.Rate{Messages: 6, Per: time.Minute}, flows.Rate{Messages: 90, Per: time.Hour})
	}
	return lanes
}

// String is the oracle in a line.
func (o *oracle) String() string {
	return fmt.Sprintf("asked: silent %.2f, busy %.2f, failing %.2f, late %.2f, behind %.2f, fatal %.2f, lost %.2f, stops %.2f, accounts change %.2f, at the end %d, always %v",
		o.silent, o.busy, o.failing, o.late, o.behind, o.fatal, o.lost, o.stops, o.changes, o.mute, o.always)
}

// strikes reports whether something strikes that does so often, while there are faults.
func (w *world) strikes(how func(*oracle) float64) bool {
	return w.oracle != nil && !w.calm && w.oracle.dice.Float64() < how(w.oracle)
}

// takes is how the provider takes a question.
func (o *oracle) takes(calm bool) mood {
	if calm || o.always && o.mute != answers {
		return o.mute
	}
	x := o.dice.Float64()
	for i, rate := range []float64{o.silent, o.busy, o.failing, o.fatal / 3} {
		if x -= rate / 2; x < 0 {
			return isSilent + mood(i)
		}
	}
	return answers
}

// inquire takes a question to the provider. Where it has no answer in time, or ever, the run
// that asked goes on without.
func (w *world) inquire(q engine.StatusQuery) {
	o := w.oracle
	in := &engine.StatusAnswer{Run: q.Run, Message: q.Message}
	took := w.between(50*time.Millisecond, 3*time.Second)
	said := turn{}
	how := o.takes(w.calm)
	switch {
	case !w.canBeAsked(q.Account):
		in.Failed, took = "its account is not one that can be asked", 0
	case how == kills:
		w.doom(w.between(0, 2*engine.AskTime))
		return
	case how == isSilent && w.silences < mostSilent:
		w.silences++
		return
	case how == isSilent:
		in.Failed, took = "no answer", 30*time.Second
	case how == isBusy:
		in.Busy, took = true, 0
	case how == breaks:
		in.Failed = "connection refused"
	default:
		if w.strikes(func(o *oracle) float64 { return o.late }) {
			took = w.between(time.Minute, 8*time.Minute)
		}
		as := w.now.Add(took)
		if w.strikes(func(o *oracle) float64 { return o.behind }) {
			as = as.Add(-w.between(0, 12*time.Hour))
		}
		said = w.standing(q.ProviderID, as)
		in.Receipt = channels.Receipt{ProviderID: q.ProviderID, Status: said.status, Reason: said.reason, At: said.at}
		if said.status == 0 {
			in.Receipt = channels.Receipt{ProviderID: q.ProviderID, Reason: "the provider says processing"}
		}
	}
	life := w.life
	w.later(took, func() {
		w.send(&delivery{inputs: []*engine.Input{{Payload: in}}, owed: true, life: life, told: func(answers []engine.Answer) {
			if answers != nil && answers[0].Ignored == "" && said.status != 0 && w.heralds[herald{q.ProviderID, said.status}] == 0 {
				w.reached["an answer proved a receipt that was lost"]++
			}
		}})
	})
}

// doom lets the process die after a while.
func (w *world) doom(in time.Duration) {
	life := w.life
	w.later(in, func() {
		if life == w.life && w.loop != nil {
			w.die()
		}
	})
}

// canBeAsked reports whether the account of a message can be asked as it is now.
func (w *world) canBeAsked(account string) bool {
	for i, x := range w.lanes {
		if x.Account == account || x.Account == engine.AnyAccount || account == "" && i == 0 {
			return x.Asks
		}
	}
	return false
}

// turn is what happened to a message at the provider, whoever was told of it.
type turn struct {
	at     time.Time
	status channels.Status
	reason string
}

// herald is what a webhook reports about a message.
type herald struct {
	providerID string
	status     channels.Status
}

// progress is how far a message can have come at the provider.
var progress = []channels.Status{channels.Sent, channels.Expired, channels.Failed, channels.Delivered, channels.Read}

// standing is how a message stood at an instant; without a status it was only taken.
func (w *world) standing(providerID string, at time.Time) (best turn) {
	for _, t := range w.turns[providerID] {
		if !t.at.After(at) && slices.Index(progress, t.status) >= slices.Index(progress, best.status) {
			best = t
		}
	}
	return best
}
