package simtest

import (
	"time"

	"nudge/channels"
	"nudge/engine"
)

// traits is how a person lives with their telephone.
type traits struct {
	reads   float64
	replies float64
	robot   bool // something answers at once for them
}

// post takes a message to the provider. What becomes of it and what we are told of it
// are two things.
func (w *world) post(p engine.Post) {
	id := w.unique("p")
	result := channels.Result{Outcome: channels.Accepted, ProviderID: id}
	if p.Content.Conversation == "" {
		result.Conversation = assigned(&p, id)
	}
	took := w.between(20*time.Millisecond, 2*time.Second)
	taken, returned := true, false
	switch {
	case w.chance(lostAnswers, 0.15):
		result = channels.Result{Outcome: channels.Unknown, Reason: "timed out"}
		took = 130 * time.Second
		if w.dice.IntN(2) == 0 {
			result.Reason, took = "503 after the fact", time.Second
		}
	case w.chance(lostRequests, 0.15):
		taken = false
		result = channels.Result{Outcome: channels.Unknown, Reason: "connection lost"}
	case w.chance(lateAnswers, 0.1):
		took = w.between(time.Minute, 125*time.Second)
	case w.chance(busyProvider, 0.3):
		taken = false
		result = channels.Result{Outcome: channels.Deferred, Reason: "429", RetryAfter: w.between(0, time.Minute).Truncate(time.Second)}
	case w.chance(returns, 0.2):
		taken, returned = false, true
		result = channels.Result{Reason: "the account is held"}
	case w.chance(refusals, 0.15):
		taken = false
		result = channels.Result{Outcome: channels.Refused, Reason: "no such person"}
	}
	if taken {
		w.carry(p, id, took)
	}
	in := &engine.Input{Payload: &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt, Returned: returned, Result: result}}
	if returned && w.fleet != nil {
		in.ID = w.unique("returned")
		w.fleet.out[p.Content.Ref]-- // it was not posted
	}
	life := w.life
	w.later(took, func() {
		if w.fleet != nil && life != w.life {
			w.fleet.belated(in, 0)
			return
		}
		w.send(&delivery{inputs: []*engine.Input{in}, frees: 1, account: p.Account, life: life})
	})
}

// carry brings a message, which the provider calls by an ID, to its person, and reports it.
func (w *world) carry(p engine.Post, id string, took time.Duration) {
	who := w.traitsOf(p.Content.To)
	at := took + w.between(0, 5*time.Second)
	if w.chance(shuffled, 0.4) {
		at = w.between(0, took) // before the response
	}
	told := []channels.Status{channels.Sent, channels.Delivered}
	switch {
	case w.chance(failing, 0.3):
		told = []channels.Status{channels.Sent, pick(w.dice, channels.Failed, channels.Expired)}
		if w.dice.IntN(5) == 0 {
			told = append(told, channels.Delivered) // it did arrive
		}
	case w.dice.Float64() < who.reads:
		told = append(told, channels.Read)
	}
	if w.chance(shuffled, 0.5) {
		w.dice.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
	}
	for _, status := range told {
		w.turns[id] = append(w.turns[id], turn{w.now.Add(at), status, reasonOf(status)})
		w.receipt(p, id, status, at)
		if w.chance(doubled, 0.5) {
			for range 1 + w.dice.IntN(4) {
				w.receipt(p, id, status, at+w.between(0, time.Hour))
			}
		}
		at += w.between(0, 10*time.Second)
		if status == channels.Delivered {
			at += w.between(0, pick(w.dice, time.Minute, time.Hour, 8*time.Hour))
		}
	}
	if w.dice.Float64() < who.replies {
		w.answer(p, id, at)
	}
	if who.robot && w.chance(autoReplies, 0.7) {
		w.answer(p, id, took+time.Second)
	}
}

// receipt brings a receipt by webhook.
func (w *world) receipt(p engine.Post, id string, status channels.Status, in time.Duration) {
	if w.chance(withheld, 0.1) {
		in += w.between(time.Hour, 30*time.Hour)
	}
	if w.chance(withheld, 0.02) {
		return // lost for good
	}
	if w.strikes(func(o *oracle) float64 { return o.lost }) {
		return
	}
	w.heralds[herald{id, status}]++
	w.later(in, func() {
		rc := &channels.Receipt{Ref: p.Content.Ref, ProviderID: id, Status: status, Reason: reasonOf(status), At: w.now}
		if p.Content.Conversation == "" {
			rc.Conversation = assigned(&p, id)
		}
		if w.correlates(p.Account) {
			rc.Ref = channels.Ref{}
		}
		w.webhook(&engine.Input{Payload: &engine.Receipt{Receipt: *rc}}, 0)
	})
}

// reasonOf is what the provider says beside a status.
func reasonOf(status channels.Status) string {
	if status == channels.Failed {
		return "handset gone"
	}
	return ""
}

// correlates reports whether an account's receipts name a message by the provider's ID
// alone.
func (w *world) correlates(account string) bool {
	for i, x := range w.lanes {
		if x.Account == account || x.Account == engine.AnyAccount || account == "" && i == 0 {
			return x.ByID
		}
	}
	return false
}

// retries are when a webhook that was not answered is tried again; after the last of
// them it is given up, about a day after the first.
var retries = []time.Duration{5 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour,
	4 * time.Hour, 4 * time.Hour, 4 * time.Hour, 4 * time.Hour, 4 * time.Hour}

// webhook delivers an input until it is answered.
func (w *world) webhook(in *engine.Input, tries int) {
	again := *in
	w.send(&delivery{inputs: []*engine.Input{&again}, told: func(answers []engine.Answer) {
		switch {
		case answers != nil: // also one that is refused: a 400 is thrown away for good
		case tries == len(retries):
			w.reached["webhook given up"]++
		default:
			w.later(retries[tries], func() { w.webhook(in, tries+1) })
		}
	}})
}

var sayings = []string{"9", "Stop!", "I'd say 11", "", "yes please", "no idea", "0", "again", "help 3.5"}

// answer lets the person of a message reply to it.
func (w *world) answer(p engine.Post, id string, in time.Duration) {
	reply := channels.Reply{ID: w.unique("reply"), Profile: p.Content.To, Text: pick(w.dice, sayings...)}
	w.enrich(&reply)
	if w.dice.IntN(4) > 0 {
		reply.Conversation = assigned(&p, id)
	}
	if w.dice.IntN(3) == 0 {
		reply.Answers = p.Content.Ref
	}
	times := 1
	if w.chance(doubled, 0.3) {
		times = 2
	}
	for range times {
		w.later(in, func() {
			r := reply
			r.At = w.now
			w.webhook(&engine.Input{ID: r.ID, Payload: &engine.Reply{Reply: r}}, 0)
		})
		in += w.between(0, time.Minute)
	}
}

func (w *world) traitsOf(who string) traits {
	for i := range w.people {
		if personNamed(i) == who {
			return w.reads[i]
		}
	}
	return traits{}
}

// ask answers a fetch.
func (w *world) ask(p engine.FetchPost) {
	result := &engine.FetchResult{Run: p.Run, Step: p.Step, Attempt: p.Attempt}
	switch w.dice.IntN(6) {
	case 0:
		result.Error = "connection refused"
	case 1:
		result.Status = 503
	case 2:
		result.Error, result.Final = "no such host", true
	case 3:
		result.Error = "it was not tried"
		result.Held = p.Attempt%4 == 3 // as if the store had been restored
		result.Busy = !result.Held
	default:
		result.Status, result.JSON = 200, []byte(`{"n":7,"visits":412,"orders":9,"note":"four"}`)
	}
	life := w.life
	w.later(w.between(0, 20*time.Second), func() {
		w.send(&delivery{life: life, inputs: []*engine.Input{{Payload: result}}, told: func([]engine.Answer) {}})
	})
}
