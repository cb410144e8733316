package engine

import (
	"nudge/channels"
	"nudge/flows"
)

// receipt applies what the provider says about a message. Any receipt proves that
// the message was accepted; a status that says nothing new changes nothing.
func (a *application) receipt(rc *channels.Receipt) {
	if rc.Ref.Installation != a.e.State.Installation.String() {
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
	status, m := statusOf(rc.Status), r.Message(rc.Ref.Message)
	if status <= m.Status {
		a.ignore("it says nothing new")
		return
	}
	r = a.edit(id)
	m = r.Message(rc.Ref.Message)
	before := m.Status
	m.Status, m.Reason = status, ""
	a.takeAgain(r, m) // it went out, though the provider may have said that it did not
	if status.lost() {
		m.Reason = cut(rc.Reason, MaxReasonBytes)
	}
	if m.ProviderID == "" {
		m.ProviderID = rc.ProviderID
	}
	r.log(Entry{At: a.now, Kind: KindReceipt, Step: m.Step, Message: rc.Ref.Message, Attempt: rc.Ref.Attempt, Detail: receiptDetail(rc)})
	a.wakeOnStatus(r, rc.Ref.Message, before)
}

func receiptDetail(rc *channels.Receipt) string {
	if rc.Reason == "" {
		return rc.Status.String()
	}
	return rc.Status.String() + ": " + cut(rc.Reason, MaxReasonBytes)
}

// wakeOnStatus follows the first line in effect that the message's new status
// satisfies and its old one did not, and takes the run past its send.
func (a *application) wakeOnStatus(r *Run, message int, before MessageStatus) {
	if !r.Live() {
		return
	}
	f := a.e.flowOf(r)
	m := r.Message(message)
	if a.happens(r, watches(r, f), nil, func(_, _ int, line *flows.Line) bool {
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
	if w := f.Steps[r.At].Wait; w != nil && r.alarmOf(r.At) == 0 && lostCause(r, w.Lines) {
		a.endWait(r, r.At, outcomeFailed, nil)
		a.advance(r, f, f.Steps[r.At].Next)
	}
}
