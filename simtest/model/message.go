package model

import (
	"slices"

	"nudge/channels"
	"nudge/engine"
)

// send plans a message and waits until it is accepted or otherwise ended.
func (w *walk) send(s *step) *way {
	sends := slices.DeleteFunc(w.kept(), func(i int) bool { return passedOver(&w.messages[i]) })
	if len(sends) >= engine.MaxMessagesPerRun && !w.endless() {
		return w.finish(engine.OutcomeFailed, false)
	}
	account := text(get(s.node, "account"))
	if account == "" {
		account = w.flow.account
	}
	w.addMessage(Message{step: s.index, reached: w.f.now, account: account})
	if way := w.plan(s); way != nil {
		return skipOnward(way)
	}
	return w.sending(s)
}

// sending waits until the message has ended in one way or another.
func (w *walk) sending(s *step) *way {
	return w.await(engine.Sending, s.index, func() *way {
		m := w.current()
		switch w.f.kind {
		case receipted, resulted, told:
			if !underWay(m.status) {
				w.alarm = 0
				return &way{kind: onward}
			}
		case claimable:
			if w.f.message == len(w.messages) && m.status == engine.Planned {
				w.moved = true
				return w.claim(s)
			}
		case rings:
			w.alarm = 0
			switch m.status {
			case engine.Retrying:
				return w.plan(s)
			case engine.Held:
				return w.reopen(s)
			case engine.Planned:
				return w.withhold(verdict{reason: engine.ReasonLate})
			}
			return w.doubtOver(s)
		}
		return nil
	})
}

func skipOnward(out *way) *way {
	if out.kind == onward {
		return nil
	}
	return out
}

func (w *walk) current() *Message { return &w.messages[len(w.messages)-1] }

// plan puts the message into the outbox, and claims it where a slot is free.
func (w *walk) plan(s *step) *way {
	m := w.current()
	m.status, m.reason, w.alarm = engine.Planned, "", 0
	w.status, w.at = engine.Sending, s.index
	if m.attempt == 0 {
		m.planned = w.f.now
	}
	left := w.f.slots
	for _, n := range w.claims {
		left = left.without(w.messages[n-1].account)
	}
	if left.free(m.account) {
		return w.claim(s)
	}
	if v := w.judge(s); v.reason != "" {
		return w.withhold(v)
	}
	w.alarm = w.latest(s)
	w.note(engine.KindPlanned, m.step, len(w.messages), "")
	return nil
}

// claim is the last look at a message before it goes out.
func (w *walk) claim(s *step) *way {
	if out := w.overtaken(s); out != nil {
		return out
	}
	m, n := w.current(), len(w.messages)
	if v := w.judge(s); v.reason != "" {
		return w.withhold(v)
	}
	ok, merge := w.renders(s)
	if merge {
		return w.withhold(verdict{reason: engine.ReasonMergeField})
	}
	if !ok {
		m.status = engine.Unsent
		return w.finish(engine.OutcomeFailed, false)
	}
	w.place(s)
	m.attempt++
	m.byID = m.byID || policyOf(w.f.accounts, m.account).ByID
	m.status, m.posted, w.alarm = engine.Claimed, w.f.now, 0
	w.takePlace(s)
	w.claims = append(w.claims, n)
	w.note(engine.KindClaimed, m.step, n, "")
	return nil
}

// withhold does not let the message out now, or at all. One of which an earlier attempt
// may have gone out stays as unknown as it was.
func (w *walk) withhold(v verdict) *way {
	w.alarm = v.until
	if v.until == 0 {
		w.keepHere(len(w.messages), v.reason)
		return &way{kind: onward}
	}
	m := w.current()
	m.status, m.reason = engine.Held, v.reason
	w.note(engine.KindDelayed, m.step, len(w.messages), "")
	return nil
}

func (w *walk) keepHere(message int, reason string) {
	m, kind := &w.messages[message-1], engine.KindUnsent
	m.reason = reason
	if m.status = engine.Unsent; m.resends > 0 {
		m.status, m.accepted, kind = engine.Unknown, true, engine.KindGaveUp
	}
	w.note(kind, m.step, message, "")
}

// reopen looks again at a message that was held, and first at all that may make it
// superfluous.
func (w *walk) reopen(s *step) *way {
	if out := w.overtaken(s); out != nil {
		return out
	}
	return w.plan(s)
}

// overtaken looks, before a message goes out, at all that may have made it superfluous: the
// conditions around it, then that of its step, for which the message is not there yet.
func (w *walk) overtaken(s *step) *way {
	if out := w.ask(w.lists, nil, func(l *line) bool { return l.signal == "if" && !l.does }); out != nil {
		if out.kind == left {
			w.mark("overtaken by the until of a loop")
		}
		return out
	}
	last := w.messages[len(w.messages)-1]
	w.messages = w.messages[:len(w.messages)-1]
	goes := w.decides(s.if_)
	if w.messages = append(w.messages, last); !goes {
		return w.withhold(verdict{reason: engine.ReasonSkipped})
	}
	return nil
}

// doubtOver decides about a message of unknown outcome that no webhook has proved.
func (w *walk) doubtOver(s *step) *way {
	m := w.current()
	policy := w.unknownPolicy(s)
	switch {
	case policy == "resend" && m.resends < engine.MaxResends:
		w.note(engine.KindResend, m.step, len(w.messages), "")
		m.resends++
		return w.plan(s)
	case policy == "fail":
		m.status = engine.Failed
	default:
		m.accepted = true
	}
	w.note(engine.KindGaveUp, m.step, len(w.messages), "")
	return &way{kind: onward}
}

// unknownPolicy is what the flow does where nobody can say whether a message was accepted.
func (w *walk) unknownPolicy(s *step) string {
	if policy := text(get(s.node, "on_unknown")); policy != "" {
		return policy
	}
	return w.flow.onUnknown
}

// hear takes what a receipt or the end of a post says of a message, of whatever age,
// also after the run has ended.
func (w *walk) hear() bool {
	switch w.f.kind {
	case receipted:
		if !w.raise(w.f.receipt.Ref.Message, w.f.receipt) {
			return false
		}
	case resulted:
		if w.overdue(w.f.result) {
			return false
		}
		w.result(w.f.result)
	case told:
		return w.hearsAnswer()
	default:
		return false
	}
	w.moved = true
	return true
}

// raise gives a message the status that a receipt tells of, where that is higher.
func (w *walk) raise(n int, rc *channels.Receipt) bool {
	m := &w.messages[n-1]
	if rc.Profile != "" && rc.Profile != w.run.profile || rung(receiptSays[rc.Status]) <= rung(m.status) ||
		lost(receiptSays[rc.Status]) && rc.Ref.Attempt != 0 && rc.Ref.Attempt <= m.settled { // of an attempt that was given up
		return false
	}
	if m.heard = append(m.heard, rc.Ref.Attempt); rc.Ref.Attempt == 0 {
		m.heard = append(m.heard, m.attempt)
	}
	w.lift(m, rc)
	w.note(engine.KindReceipt, m.step, n, "")
	return true
}

var toldBy = map[channels.Outcome]engine.Kind{
	channels.Accepted: engine.KindAccepted, channels.Refused: engine.KindRefused,
	channels.Deferred: engine.KindDeferred, channels.Unknown: engine.KindUnknown,
}

// unsettled reports whether an attempt may still turn out not to have been accepted.
func (m *Message) unsettled() bool {
	return m.status == engine.Claimed || m.status == engine.Unknown && !m.accepted
}

// takeBack plans a message again that was claimed, and never went out.
func (w *walk) takeBack(m *Message, r *engine.SendResult) {
	if !m.unsettled() {
		return
	}
	w.note(engine.KindReturned, m.step, r.Message, "")
	w.givePlace(m)
	if m.attempt--; m.attempt == 0 {
		m.posted = 0
	}
	if w.status != engine.Sending || r.Message != len(w.messages) {
		w.keepHere(r.Message, engine.ReasonRunAhead)
		return
	}
	m.status = engine.Planned
	w.alarm = w.latest(w.flow.byIndex[m.step])
}

// overdue reports whether a result is of an attempt before the newest, and says nothing any more. It is here only for its ID.
func (w *walk) overdue(r *engine.SendResult) bool {
	return w.messages[r.Message-1].attempt != r.Attempt && (r.Returned || r.Outcome != channels.Accepted)
}

func (w *walk) result(r *engine.SendResult) {
	m := &w.messages[r.Message-1]
	if r.Returned {
		w.takeBack(m, r)
		return
	}
	w.note(toldBy[r.Outcome], m.step, r.Message, "")
	waitsForIt := w.status == engine.Sending && r.Message == len(w.messages)
	switch r.Outcome {
	case channels.Accepted:
		if rung(m.status) == 0 {
			m.status = engine.Accepted
		}
		m.accepted = true
		if r.Conversation != "" {
			m.conv = r.Conversation
		}
		if m.provider = r.ProviderID; w.f.orphan != nil {
			w.raise(r.Message, w.f.orphan)
		}
	case channels.Refused:
		if rung(m.status) == 0 {
			w.givePlace(m)
			m.status = engine.Failed
		}
	case channels.Deferred:
		if !m.unsettled() {
			return
		}
		w.givePlace(m)
		again := w.run.world.pause(w.run, w.f, r, m.attempt)
		switch {
		case !waitsForIt:
			w.keepHere(r.Message, engine.ReasonRunAhead)
		case m.resends == 0 && w.tooLate(again):
			w.keepHere(r.Message, engine.ReasonLate)
		case m.attempt-m.settled >= engine.MaxAttempts:
			m.status = engine.Failed
			w.note(engine.KindGaveUp, m.step, r.Message, "")
		default:
			m.status = engine.Retrying
			w.alarm = again
		}
	case channels.Unknown:
		m.doubted = append(m.doubted, r.Attempt)
		if m.status == engine.Claimed {
			m.status = engine.Unknown
			if waitsForIt {
				w.alarm = w.f.now.Add(engine.UnknownHold)
			} else if s := w.flow.byIndex[m.step]; s != nil && w.status != engine.Ended { // it went on before that
				m.accepted = w.unknownPolicy(s) != "fail"
			}
		}
	}
}
