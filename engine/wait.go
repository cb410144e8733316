package engine

import (
	"nudge/flows"
)

// outcomeFailed is how a wait ends whose messages did not reach the person, when no
// line of its own says otherwise.
const outcomeFailed = "failed"

// wait begins a wait step: what happened already counts as happening now; else the
// run parks.
func (a *application) wait(r *Run, f *flows.Flow, s *flows.Step) (next int, parked bool) {
	r.Status = Waiting
	for i := range s.Wait.Lines {
		line := &s.Wait.Lines[i]
		switch line.Signal {
		case flows.SignalAfter:
		case flows.SignalReply, flows.SignalEvent:
			if h, ok := a.fromMailbox(r, f, line); ok {
				return a.follow(r, line, &h), false
			}
		default:
			if a.reached(r, line) && a.holds(line.If, r, f, nil) {
				return a.follow(r, line, nil), false
			}
		}
	}
	timer := timerLine(s.Wait)
	if timer == nil || timer.Never {
		if a.lostCause(r, s.Wait) {
			a.endWait(r, outcomeFailed, nil)
			return s.Next, false
		}
		r.log(Entry{At: a.now, Kind: KindWaiting, Step: r.At})
		return 0, true
	}
	r.Deadline = InstantOf(timer.After.After(a.now.Time(), f.Zone))
	r.log(Entry{At: a.now, Kind: KindWaiting, Step: r.At, Detail: r.Deadline.String()})
	return 0, true
}

// take ends the run's wait by a line and goes on.
func (a *application) take(r *Run, f *flows.Flow, line *flows.Line, h *Happening) {
	a.advance(r, f, a.follow(r, line, h))
}

// follow ends the run's wait by a line and says where that leads.
func (a *application) follow(r *Run, line *flows.Line, h *Happening) (next int) {
	a.endWait(r, line.As, h)
	return line.Then
}

// endWait records how the run's wait ended. A happening stays in hand for the then
// block, and readable by the step's id for good.
func (a *application) endWait(r *Run, outcome string, h *Happening) {
	end := WaitEnd{Step: r.At, Outcome: outcome}
	if h != nil {
		r.Hands = append(r.Hands, *h)
		if h.Event != "" {
			end.Event, r.Event = len(r.Hands), len(r.Hands)
		} else {
			end.Reply, r.Reply = len(r.Hands), len(r.Hands)
		}
	}
	r.Waits = append(r.Waits, end)
	r.log(Entry{At: a.now, Kind: KindWaitEnded, Step: r.At, Detail: outcome})
}

// fromMailbox takes the oldest held happening that the line names.
func (a *application) fromMailbox(r *Run, f *flows.Flow, line *flows.Line) (Happening, bool) {
	for i := range r.Mailbox {
		h := r.Mailbox[i]
		if !a.catches(line, r, f, &h) || !a.holds(line.If, r, f, &h) {
			continue
		}
		r.Mailbox = append(r.Mailbox[:i:i], r.Mailbox[i+1:]...)
		return h, true
	}
	return Happening{}, false
}

// catches reports whether an event or reply line names the happening.
func (a *application) catches(line *flows.Line, r *Run, f *flows.Flow, h *Happening) bool {
	if line.Signal == flows.SignalEvent {
		return h.Event != "" && a.names(line, r, f, h)
	}
	return h.Event == "" && answers(line, r, h)
}

// answers reports whether a reply can be to a message that the line names: it came
// after the message was posted.
func answers(line *flows.Line, r *Run, h *Happening) bool {
	for i := range r.Messages {
		m := &r.Messages[i]
		if named(line, m) && m.Posted != 0 && m.Posted <= h.At {
			return true
		}
	}
	return false
}

// named reports whether the line names the message.
func named(line *flows.Line, m *Message) bool {
	return line.Step == flows.AnyStep || line.Step == m.Step
}

// reached reports whether a message that the line names is where the line waits for.
func (a *application) reached(r *Run, line *flows.Line) bool {
	for i := range r.Messages {
		if m := &r.Messages[i]; named(line, m) && satisfies(m.Status, line.Signal) {
			return true
		}
	}
	return false
}

// satisfies reports whether a message of this status satisfies the signal.
func satisfies(s MessageStatus, signal flows.Signal) bool {
	switch signal {
	case flows.SignalRead:
		return s == Read
	case flows.SignalDelivered:
		return s == Delivered || s == Read
	case flows.SignalFailed:
		return s.lost()
	}
	return false
}

// lostCause reports whether the wait names messages, all of them are known not to
// have reached the person, and no line asked to hear of it.
func (a *application) lostCause(r *Run, w *flows.Wait) bool {
	found := false
	for i := range w.Lines {
		line := &w.Lines[i]
		switch line.Signal {
		case flows.SignalFailed:
			return false
		case flows.SignalAfter, flows.SignalEvent:
			continue
		}
		for j := range r.Messages {
			if m := &r.Messages[j]; named(line, m) {
				if !m.Status.lost() {
					return false
				}
				found = true
			}
		}
	}
	return found
}
