package backtest

import (
	"encoding/json"
	"hash/maphash"

	"nudge/channels"
	"nudge/engine"
	"nudge/whatif/virtual"
)

func (w *world) keyOf(r *engine.Run, message int) messageKey {
	return keyOf(w.core.Flow(engine.FlowVersion{Flow: r.Flow, Version: r.Version}), r, message)
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

// answerPost lets the provider and the person do with one attempt of a message what they
// did, or what is assumed.
func (w *world) answerPost(r *engine.Run, message, attempt int) {
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
	w.virtual.Later(posted.Time().Add(result.after), virtual.Result(r.ID, message, attempt, result.what))
	if b == nil || attempt > 1 {
		return
	}
	for _, told := range b.receipts {
		receipt := told.what
		receipt.Ref = channels.Ref{Installation: w.core.State.Installation.String(),
			Run: r.ID.String(), Message: message, Attempt: attempt}
		w.virtual.Later(posted.Time().Add(told.after), virtual.Receipt(receipt))
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

// answerFetch gives a fetch the answer that was recorded for it.
func (w *world) answerFetch(r *engine.Run, f engine.FetchPost) {
	answer := engine.FetchResult{Error: "no answer was recorded", Final: true}
	step := w.core.Flow(engine.FlowVersion{Flow: r.Flow, Version: r.Version}).Steps[f.Step].ID
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
	w.virtual.Arrive(virtual.Fetched(f, answer))
}
