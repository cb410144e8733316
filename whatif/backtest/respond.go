package backtest

import (
	"encoding/json"
	"hash/maphash"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
)

func (w *world) keyOf(r *engine.Run, message int) messageKey {
	return keyOf(w.loop.Core().Flow(engine.FlowVersion{Flow: r.Flow, Version: r.Version}), r, message)
}

// post takes down a message that left.
func (w *world) post(r *engine.Run, p engine.Post) {
	if p.Attempt > 1 {
		return // the message counts once, however often it is tried
	}
	seen := []any{p.Content.Title, p.Content.Body, p.Content.Parts, p.Content.Alert}
	raw, err := json.Marshal(seen)
	if err != nil {
		panic("backtest: a message always encodes: " + err.Error())
	}
	w.ledger.sent(r, w.keyOf(r, p.Message), r.Message(p.Message).Posted, maphash.Bytes(w.seed, raw))
}

// respond lets the provider and the person do with one attempt of a message what they
// did, or what is assumed.
func (w *world) respond(r *engine.Run, message, attempt int) {
	key := w.keyOf(r, message)
	b, how := w.behaviour(r, key)
	if attempt == 1 {
		w.ledger.assumed[how]++
	}
	posted := r.Message(message).Posted
	result := timed[channels.Result]{what: channels.Result{Outcome: channels.Accepted}}
	if b != nil && len(b.results) > 0 {
		result = b.results[min(attempt, len(b.results))-1]
	}
	w.plan(posted, result.after, &runner.Group{Frees: 1, Inputs: []*engine.Input{{Kind: engine.InputResult,
		Result: &engine.SendResult{Run: r.ID, Message: message, Attempt: attempt, Result: result.what}}}})
	if b == nil || attempt > 1 {
		return
	}
	for _, told := range b.receipts {
		receipt := told.what
		receipt.Ref = channels.Ref{Installation: w.loop.Core().State.Installation.String(),
			Run: r.ID.String(), Message: message, Attempt: attempt}
		w.plan(posted, told.after, &runner.Group{Inputs: []*engine.Input{{Kind: engine.InputReceipt, Receipt: &receipt}}})
	}
}

// behaviour is what is known, or assumed, of what comes back for a message.
func (w *world) behaviour(r *engine.Run, key messageKey) (*behaviour, how) {
	if own := w.recorded(r.ID); own != nil && own.messages[key] != nil {
		return own.messages[key], asRecorded
	}
	alike := w.pool[key.template]
	if w.assume != LikeOthers || len(alike) == 0 {
		return nil, asUnread
	}
	// Which of them is a hash of who and what, so that it does not depend on the order of things.
	return alike[fingerprint(r, key)%uint64(len(alike))], asOthers
}

// answer gives a fetch the answer that was recorded for it.
func (w *world) answer(r *engine.Run, f engine.FetchPost) {
	answer := engine.FetchResult{Error: "no answer was recorded", Final: true}
	step := w.loop.Core().Flow(engine.FlowVersion{Flow: r.Flow, Version: r.Version}).Steps[f.Step].ID
	if own := w.recorded(r.ID); own != nil && len(own.answers[step]) > 0 {
		if w.answers[r.ID] == nil {
			w.answers[r.ID] = map[string]int{}
		}
		n := min(w.answers[r.ID][step], len(own.answers[step])-1)
		answer = own.answers[step][n]
		w.answers[r.ID][step]++
	} else {
		w.ledger.unanswered++
	}
	answer.Run, answer.Step, answer.Attempt = f.Run, f.Step, f.Attempt
	w.plan(engine.InstantOf(w.now), 0, &runner.Group{Inputs: []*engine.Input{{Kind: engine.InputFetched, Fetched: &answer}}})
}

func (w *world) plan(from engine.Instant, after time.Duration, g *runner.Group) {
	w.due.plan(max(from.Add(after), engine.InstantOf(w.now)), g)
}
