package engine

import (
	"nudge/flows"
)

// The outcomes of a wait that none of its lines ended.
const (
	outcomeFailed = "failed"          // its messages did not reach the person
	outcomePast   = flows.OutcomePast // no timer was left that could end it
)

// wait begins a wait step. If a line has already happened, the wait ends at once, or takes
// the line's do; otherwise the run parks. What came before the wait is taken line by line.
func (a *applier) wait(r pinned, s *flows.Step) (next int, parked bool) {
	if r.comesBack() {
		return a.endDo(r)
	}
	r.Status = Waiting
	at, lines := r.At, s.Wait.Lines
	r.meanwhile(at, lines)
	mine := r.Meanwhile
	a.lookingBack = mine
	defer func() { a.lookingBack = nil }()
	for i := range lines {
		for line := &lines[i]; r.mayTake(line); {
			h, ok := a.happened(r, line)
			if !ok {
				break
			}
			if !line.Do {
				return a.follow(r, at, line, h), false
			}
			if a.takeDo(r, line, h); !r.Live() || r.Meanwhile != mine {
				return 0, true // its steps have led out of the wait
			}
		}
	}
	a.setAlarms(r, at, lines)
	switch {
	case r.outOfTime(at, lines):
		return a.endEarly(r, at, outcomePast), false
	case r.untimed(at, lines) && lostCause(r.Run, lines):
		return a.endEarly(r, at, outcomeFailed), false
	}
	a.waitHere(r, at, r.endOf(at, lines))
	return 0, true
}

// comesBack reports whether the run comes back to its wait from a do.
func (r *Run) comesBack() bool { return r.inDo() && r.At == r.Meanwhile.Step }

// waitHere records that the run waits at a step, and its end; 0 for none.
func (a *applier) waitHere(r pinned, at int, until Instant) {
	e := Entry{At: a.now, Kind: KindWaiting, Step: at}
	if until != 0 {
		e.Detail = until.String()
	}
	r.log(e)
	a.offerMove(r.Run)
}

// offerMove derives the move of a run that waits, if the active version of its flow migrates
// runs from this step.
func (a *applier) offerMove(r *Run) {
	if to := a.e.takingOver[r.Flow]; to != nil && Migrates(r, a.e.flowOf(r), to) {
		a.derive(r, &Input{Payload: &Move{Run: r.ID, Version: to.Version}})
	}
}

// alarmOf returns the earliest alarm of a place; 0 for none.
func (r *Run) alarmOf(place int) (first Instant) {
	for _, a := range r.Alarms {
		if a.Place == place && (first == 0 || a.At < first) {
			first = a.At
		}
	}
	return first
}

// endOf returns the earliest timer that can end a wait; 0 for none.
func (r *Run) endOf(place int, lines []flows.Line) (first Instant) {
	for _, a := range r.Alarms {
		if a.Place == place && !lines[a.Line].Do && (first == 0 || a.At < first) {
			first = a.At
		}
	}
	return first
}

// untimed reports whether no timer is set that can end a wait.
func (r *Run) untimed(place int, lines []flows.Line) bool { return r.endOf(place, lines) == 0 }

// lookBack finds the first line that has happened already.
func (a *applier) lookBack(r pinned, lines []flows.Line) (*flows.Line, *Signal) {
	for i := range lines {
		if h, ok := a.happened(r, &lines[i]); ok {
			return &lines[i], h
		}
	}
	return nil, nil
}

// happened reports whether a line has happened already: by a message's status since its send,
// a reply since the send of the message it answers, or a signal that arrived while the run was
// held.
func (a *applier) happened(r pinned, line *flows.Line) (*Signal, bool) {
	switch line.Signal {
	case flows.SignalReply, flows.SignalEvent:
		if h, ok := a.fromMailbox(r, line); ok {
			return &h, true
		}
	case flows.SignalRead, flows.SignalDelivered, flows.SignalFailed:
		return nil, reached(r.Run, line) && a.holds(line.If, r, nil)
	case flows.SignalIf:
		return nil, !line.Gathered && a.holds(line.If, r, nil)
	}
	return nil, false
}

// endWait records how a wait, collect or repeat ended. A signal stays in hand for the then
// block. Later steps can always read it by the step's id.
func (a *applier) endWait(r *Run, place int, outcome string, h *Signal) {
	end := WaitEnd{Step: place, Outcome: outcome}
	if h != nil {
		end.Event, end.Reply = a.takeInHand(r, h)
	}
	r.Waits = append(r.Waits, end)
	r.clearAlarms(place)
	r.log(Entry{At: a.now, Kind: KindWaitEnded, Step: place, Detail: outcome})
}

// fromMailbox takes the oldest held signal that the line names.
func (a *applier) fromMailbox(r pinned, line *flows.Line) (Signal, bool) {
	for i := range r.Mailbox {
		h := r.Mailbox[i]
		if !a.catches(line, r, &h) || !a.holds(line.If, r, &h) {
			continue
		}
		r.Mailbox = append(r.Mailbox[:i:i], r.Mailbox[i+1:]...)
		return h, true
	}
	return Signal{}, false
}

// catches reports whether an event or reply line names the signal.
func (a *applier) catches(line *flows.Line, r pinned, h *Signal) bool {
	if line.Signal == flows.SignalEvent {
		return h.Event != "" && a.matches(line, r, h)
	}
	return h.Event == "" && answers(line, r.Run, h)
}

// named reports whether the line names the message.
func named(line *flows.Line, m *Message) bool {
	return line.Step == flows.AnyStep || line.Step == m.Step
}

// reached reports whether a message that the line names has the status the line waits for.
// If a step sent several messages, the newest counts.
func reached(r *Run, line *flows.Line) bool {
	if line.Step != flows.AnyStep {
		m := r.sentBy(line.Step)
		return m != nil && satisfies(m.Status, line.Signal)
	}
	for i := range r.Messages {
		if satisfies(r.Messages[i].Status, line.Signal) {
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

// lostCause reports whether the lines name messages, none of those reached the person, and
// no line waits for that failure.
func lostCause(r *Run, lines []flows.Line) bool {
	found := false
	for i := range lines {
		line := &lines[i]
		switch line.Signal {
		case flows.SignalFailed:
			return false
		case flows.SignalRead, flows.SignalDelivered, flows.SignalReply:
		default:
			continue
		}
		for j := range r.Messages {
			m := &r.Messages[j]
			if !named(line, m) || line.Step != flows.AnyStep && m != r.sentBy(line.Step) {
				continue
			}
			if !m.Status.lost() {
				return false
			}
			found = true
		}
	}
	return found
}
