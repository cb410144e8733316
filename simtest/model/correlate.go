package model

import (
	"slices"

	"nudge/channels"
	"nudge/engine"
)

// orphan is the newest that was said of a message whose ID nobody knew yet.
type orphan struct {
	since   engine.Instant
	receipt *channels.Receipt
}

// receipt goes to the message that it names. One that comes before the ID is known waits for
// the answer that tells it, and of several the one that says the most.
func (w *World) receipt(rc *channels.Receipt) {
	if !rc.Ref.IsZero() {
		if rc.Ref.Installation != w.installation.String() {
			w.fail("a receipt for installation %s is taken", rc.Ref.Installation)
		}
		id, _ := engine.ParseRunID(rc.Ref.Run)
		r := w.known(id)
		m := &r.now.messages[rc.Ref.Message-1]
		unnamed := m.byID && m.provider == ""
		if w.feed(r, fact{kind: receipted, receipt: rc}) && unnamed {
			w.adopt(r, rc)
		}
		return
	}
	if r, n := w.sentAs(rc.ProviderID); r != nil {
		named := *rc
		named.Ref = channels.Ref{Run: r.id.String(), Message: n}
		if !w.feed(r, fact{kind: receipted, receipt: &named}) && w.in.Origin == nil {
			w.failIn(r, "a receipt of %s that says nothing new is taken", rc.ProviderID)
		}
		return
	}
	if len(w.in.Elsewhere) > 0 {
		w.handOn(rc)
		return
	}
	if w.in.Origin != nil { // its message was erased since it was found here
		return
	}
	o := w.orphans[rc.ProviderID]
	if o != nil && rung(receiptSays[rc.Status]) <= rung(receiptSays[o.receipt.Status]) {
		w.fail("a receipt of %s that says nothing new is kept", rc.ProviderID)
	}
	w.Reached["receipt that waits for its message"]++
	since := w.stamp
	if o != nil {
		since = o.since
	}
	w.orphans[rc.ProviderID] = &orphan{since, rc}
}

// sentAs is the message that the provider calls by an ID, of the oldest run that has it.
// What was sent to somebody who is forgotten loses its ID sooner or later.
func (w *World) sentAs(id string) (first *Run, message int) {
	for _, r := range w.runs {
		if r.lost || r.forgotten && w.after[r.id] == nil {
			continue
		}
		i := slices.IndexFunc(r.now.messages, func(m Message) bool { return !m.gone && m.byID && m.provider == id })
		if i >= 0 && (first == nil || r.id.Compare(first.id) < 0) {
			first, message = r, i+1
		}
	}
	return first, message
}

// adopted is what waited for a message whose ID an answer tells; nil for nothing.
func (w *World) adopted(m *Message, res *engine.SendResult) *channels.Receipt {
	o := w.orphans[res.ProviderID]
	if res.Outcome != channels.Accepted || !m.byID || o == nil {
		return nil
	}
	w.Reached["receipt that waited for its message"]++
	delete(w.orphans, res.ProviderID)
	return o.receipt
}

// adopt is what a receipt leads to that tells the ID of a message: what waited for that comes
// right after it.
func (w *World) adopt(r *Run, rc *channels.Receipt) {
	o := w.orphans[rc.ProviderID]
	if o == nil || !slices.ContainsFunc(w.accounts, func(p engine.AccountPolicy) bool { return p.ByID }) {
		return
	}
	w.Reached["receipt that waited for its message"]++
	delete(w.orphans, rc.ProviderID)
	waited := *o.receipt
	waited.Ref = channels.Ref{Run: r.id.String(), Message: rc.Ref.Message}
	w.feed(r, fact{kind: receipted, receipt: &waited})
}

// lapse drops what has waited for its message for too long.
func (w *World) lapse(in *engine.ExpireOrphans) {
	for _, id := range in.ProviderIDs {
		o := w.orphans[id]
		if o == nil || o.since.Add(engine.OrphanHold) > w.stamp {
			w.fail("a receipt of %s is dropped, which does not wait, or not for so long", id)
		}
		w.Reached["orphan receipt expired"]++
		delete(w.orphans, id)
	}
}
