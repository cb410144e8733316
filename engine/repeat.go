package engine

import (
	"strconv"

	"nudge/engine/gate"
	"nudge/flows"
)

// roundAlarm is the line of the alarm that ends a round.
const roundAlarm = -1

// repeat begins a loop, or ends a round of it: the last step of a round leads back to it.
func (a *applier) repeat(r pinned, s *flows.Step) (next int, parked bool) {
	if r.inLoopOf(r.At) {
		return a.endRound(r, s, &r.Repeats[len(r.Repeats)-1])
	}
	r.Repeats = append(r.Repeats, RepeatState{Step: r.At, Round: 1, Began: a.now, Endless: s.Repeat.Times == 0})
	if line, h := a.lookBack(r, s.Repeat.Until); line != nil {
		return a.follow(r, r.At, line, h), false
	}
	a.setAlarms(r, r.At, s.Repeat.Until)
	a.logRound(r.Run, 1)
	return s.Repeat.Body, false
}

// inLoopOf reports whether the run is in the repeat at a step, so that coming to it again
// ends a round. The repeat's own condition is checked only before the first round.
func (r *Run) inLoopOf(step int) bool {
	n := len(r.Repeats)
	return n > 0 && r.Repeats[n-1].Step == step
}

// endRound waits for the rest of the round's time. The last round waits too, so that the
// pace does not depend on the messages.
func (a *applier) endRound(r pinned, s *flows.Step, l *RepeatState) (next int, parked bool) {
	end := InstantOf(s.Repeat.Every.After(l.Began.Time(), a.zoneOf(r)))
	if till := s.Repeat.Till; till != nil {
		end = InstantOf(till.Next(a.now.Time(), a.zoneOf(r)))
	}
	if end > a.now {
		r.Status = Waiting
		r.setAlarm(Alarm{end, r.At, roundAlarm})
		a.waitHere(r, r.At, r.alarmOf(r.At))
		return 0, true
	}
	return a.beginRound(r.Run, s, l)
}

// beginRound begins the next round, or ends the loop after the last, if it has one.
func (a *applier) beginRound(r *Run, s *flows.Step, l *RepeatState) (next int, parked bool) {
	if l.Endless {
		r.letGo()
	} else if l.Round == s.Repeat.Times {
		a.leaveLoop(r, len(r.Repeats)-1)
		r.pass(Way{Kind: CountOver, Step: r.At, Word: OutcomeCompleted})
		a.endWait(r, r.At, OutcomeCompleted, nil)
		return s.Next, false
	}
	l.Round++
	l.Began = a.now
	a.logRound(r, l.Round)
	return s.Repeat.Body, false
}

// nextRound continues when the time of a round is over.
func (a *applier) nextRound(r pinned) {
	r.Alarms = deleteAlarm(r.Alarms, r.At, roundAlarm)
	r.setDeadline()
	next, _ := a.beginRound(r.Run, r.step(), &r.Repeats[len(r.Repeats)-1])
	a.advance(r, next)
}

func deleteAlarm(alarms []Alarm, place, line int) []Alarm {
	kept := alarms[:0]
	for _, x := range alarms {
		if x.Place != place || x.Line != line {
			kept = append(kept, x)
		}
	}
	return kept
}

// leaveLoop leaves the loop of that depth and the loops within. It holds back messages that
// are planned; messages already posted are not affected.
func (a *applier) leaveLoop(r *Run, depth int) {
	switch r.Status {
	case Sending:
		a.drop(r, r.Newest(), ReasonLoopLeft)
	case Fetching:
		r.clearAlarms(AtMessage)
	}
	r.clearAlarms(r.At)
	for _, l := range r.Repeats[depth:] {
		r.clearAlarms(l.Step)
	}
	r.Repeats = r.Repeats[:depth]
}

// drop holds back a message that was planned and not yet claimed.
func (a *applier) drop(r *Run, message int, why string) {
	r.clearAlarms(AtMessage)
	m := r.Message(message)
	if m == nil || m.Status > Retrying {
		return
	}
	a.withhold(r, message, gate.Verdict{Reason: why})
}

func (a *applier) logRound(r *Run, round int) {
	r.log(Entry{At: a.now, Kind: KindRound, Step: r.At, Detail: strconv.Itoa(round)})
}

// round returns the number of the innermost round the run is in; 0 outside of loops.
func (r *Run) round() int {
	if n := len(r.Repeats); n > 0 {
		return r.Repeats[n-1].Round
	}
	return 0
}
