package engine

import (
	"nudge/channels"
	"nudge/flows"
)

// Kind is InputReceipt.
func (rc *Receipt) Kind() InputKind { return InputReceipt }

func (rc *Receipt) needs(e *Engine, n *Needs) {
	if id, err := ParseRunID(rc.Ref.Run); err == nil {
		n.Runs = append(n.Runs, id)
	}
	e.providerNeeds(rc.ProviderID, n)
}

// apply applies a receipt. Any receipt proves that the message was accepted. A status that
// adds nothing new changes nothing.
func (rc *Receipt) apply(a *applier) {
	if rc.Ref.IsZero() {
		a.receiptByID(&rc.Receipt)
		return
	}
	if !a.e.State.takes(rc.Ref.Installation) {
		a.ignore("another installation sent it")
		return
	}
	id, err := ParseRunID(rc.Ref.Run)
	if err != nil {
		a.ignore("it names no run")
		return
	}
	r := a.ws.Run(id)
	if r == nil || r.Message(rc.Ref.Message) == nil || r.Message(rc.Ref.Message).Attempt == 0 {
		a.ignore("there is no such message")
		return
	}
	a.applyReceipt(r, rc.Ref.Message, &rc.Receipt)
}

// applyReceipt applies a receipt to its message. It ignores a receipt of another participant
// of the conversation, such as an agent: that receipt says nothing about the person.
func (a *applier) applyReceipt(r *Run, message int, rc *channels.Receipt) {
	if r.forgotten() && (rc.Profile == "" || rc.Profile == r.Profile) {
		rc.Profile, rc.Conversation = "", "" // the journal gets it so
	}
	switch {
	case rc.Profile != "" && rc.Profile != r.Profile:
		a.ignore("it is about another participant of the conversation")
		return
	case r.stale(message, rc.Ref.Attempt, statusOf(rc.Status)):
		a.ignore("it is about an attempt after which the message was tried again")
		return
	case statusOf(rc.Status) <= r.Message(message).Status:
		a.ignore("it says nothing new")
		return
	}
	r = a.edit(r.ID)
	r.log(Entry{At: a.now, Kind: KindReceipt, Step: r.Message(message).Step, Message: message, Attempt: rc.Ref.Attempt, Detail: receiptDetail(rc)})
	a.upgradeStatus(r, message, rc)
}

// upgradeStatus gives a message the higher status of a receipt.
func (a *applier) upgradeStatus(r *Run, message int, rc *channels.Receipt) {
	m := r.Message(message)
	before := m.Status
	m.Status, m.Reason, m.Accepted = statusOf(rc.Status), "", true
	a.takeAgain(r, m) // it went out, even if the provider said before that it did not
	if m.Status.lost() {
		m.Reason = cut(rc.Reason, MaxReasonBytes)
	}
	if m.Status == Read {
		m.ReadAt = a.now
	}
	if m.Conversation == "" {
		m.Conversation = rc.Conversation // the provider has assigned it
	}
	named := m.ProviderID == "" && rc.ProviderID != ""
	if named {
		m.ProviderID = rc.ProviderID
	}
	a.wakeOnStatus(r, message, before)
	if named {
		a.adopt(r, message)
	}
}

// forgotten reports whether the person of a run is forgotten: they were when it ended, or have been
// since. What the provider still says of it must not bring them back.
func (r *Run) forgotten() bool { return r.Profile == "" || r.Outcome == OutcomeForgotten }

func receiptDetail(rc *channels.Receipt) string {
	if rc.Reason == "" {
		return rc.Status.String()
	}
	return rc.Status.String() + ": " + cut(rc.Reason, MaxReasonBytes)
}

// wakeOnStatus follows the first line in effect that the message's new status satisfies and
// its old one did not. It also moves the run past its send.
func (a *applier) wakeOnStatus(r *Run, message int, before MessageStatus) {
	if !r.Live() {
		return
	}
	p, m := a.e.pin(r), r.Message(message)
	if a.leads(p, func(line *flows.Line) bool {
		switch line.Signal {
		case flows.SignalRead, flows.SignalDelivered, flows.SignalFailed:
			return named(line, m) && satisfies(m.Status, line.Signal) && !satisfies(before, line.Signal)
		}
		return false
	}) {
		return
	}
	if r.Status == Sending {
		a.goOn(r, message)
		return
	}
	if w := p.step().Wait; w != nil && p.untimed(r.At, w.Lines) && lostCause(r, w.Lines) {
		a.advance(p, a.endEarly(p, r.At, outcomeFailed))
	}
}
