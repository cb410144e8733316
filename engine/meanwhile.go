package engine

import (
	"slices"

	"nudge/flows"
)

// Meanwhile is a wait that goes on while the run takes the steps under the dos of its lines.
type Meanwhile struct {
	Step  int         // the wait
	Taken []int       // by line: how often its do was taken
	Line  int         // number of the line whose do is under way, from 1; 0 for none
	Next  []PendingDo // what follows it, in order
	Event int         // what was in hand before the do, as in Run
	Reply int
}

// PendingDo is the do of a line that was taken while another do was under way.
type PendingDo struct {
	Line   int    // number of the line, from 1
	Signal Signal // the event or reply; its At is 0 for none
}

// inDo reports whether the run takes the steps under a do.
func (r *Run) inDo() bool { return r.Meanwhile != nil && r.Meanwhile.Line != 0 }

// WaitsAt returns the step at which the run counts as waiting; NoStep if it does not wait. A
// run that takes the steps under a do waits meanwhile.
func (r *Run) WaitsAt() int {
	switch {
	case r.inDo():
		return r.Meanwhile.Step
	case r.Status == Waiting:
		return r.At
	}
	return NoStep
}

// mayTake reports whether a line may be taken: one with a do only so often.
func (r pinned) mayTake(line *flows.Line) bool {
	return !line.Do || line.AtMost == 0 || r.Meanwhile.Taken[r.numberOf(line)-1] < line.AtMost
}

// numberOf returns the number of a line of the wait that goes on, from 1.
func (r pinned) numberOf(line *flows.Line) int {
	lines := r.waitLines()
	for i := range lines {
		if &lines[i] == line {
			return i + 1
		}
	}
	panic("engine: a do of another wait")
}

func (r pinned) waitLines() []flows.Line { return r.flow.Steps[r.Meanwhile.Step].Wait.Lines }

// meanwhile is called when a wait begins whose lines have dos.
func (r *Run) meanwhile(at int, lines []flows.Line) {
	if slices.ContainsFunc(lines, func(l flows.Line) bool { return l.Do }) {
		r.Meanwhile = &Meanwhile{Step: at, Taken: make([]int, len(lines))}
	}
}

// takeDo takes the steps under a do. If those of another do are under way, they follow.
func (a *applier) takeDo(r pinned, line *flows.Line, h *Signal) {
	if line.Signal.IsTimer() {
		a.overtakeTimer(r, r.numberOf(line)-1)
	}
	a.queueDo(r, line, h)
	if !r.inDo() {
		a.advance(r, a.nextDo(r))
	}
}

// queueDo notes that a do follows. A full queue drops the oldest.
func (a *applier) queueDo(r pinned, line *flows.Line, h *Signal) {
	m, next := r.Meanwhile, PendingDo{Line: r.numberOf(line)}
	r.pass(Way{Kind: CountLine, Step: m.Step, At: next.Line - 1})
	m.Taken[next.Line-1]++
	if h != nil {
		next.Signal = *h
	}
	if len(m.Next) >= MaxMailbox {
		r.log(Entry{At: a.now, Kind: KindDropped, Step: m.Step, Detail: wordsOf(&r.waitLines()[m.Next[0].Line-1])})
		m.Next = m.Next[1:]
	}
	m.Next = append(m.Next, next)
	r.log(Entry{At: a.now, Kind: KindDo, Step: m.Step, Detail: wordsOf(line)})
}

// nextDo begins the next do, and returns its first step. The event or reply of its line is in
// hand meanwhile.
func (a *applier) nextDo(r pinned) (first int) {
	m := r.Meanwhile
	next := m.Next[0]
	m.Next = m.Next[1:]
	m.Line, m.Event, m.Reply = next.Line, r.Event, r.Reply
	if next.Signal.At != 0 {
		a.takeInHand(r.Run, &next.Signal)
	}
	return r.waitLines()[next.Line-1].Then
}

// overtakeTimer makes room for the do of a timer that is due: it takes the place of the do of
// an earlier timer that follows, or whose message is still held.
func (a *applier) overtakeTimer(r pinned, index int) {
	m, lines := r.Meanwhile, r.waitLines()
	r.Alarms = deleteAlarm(r.Alarms, m.Step, index)
	r.setDeadline()
	m.Next = slices.DeleteFunc(m.Next, func(p PendingDo) bool {
		line := &lines[p.Line-1]
		if line.Signal.IsTimer() {
			r.log(Entry{At: a.now, Kind: KindPassedOver, Step: m.Step, Detail: wordsOf(line) + ": " + passedOn})
		}
		return line.Signal.IsTimer()
	})
	if m.Line == 0 || !lines[m.Line-1].Signal.IsTimer() || r.Status != Sending || r.current().Status > Retrying {
		return
	}
	a.drop(r.Run, r.Newest(), ReasonWaitWentOn)
	r.layDown()
	r.Status = Waiting
}

// endDo is called when the run comes back to its wait from a do. The wait goes on, unless a
// condition holds now that ends it.
func (a *applier) endDo(r pinned) (next int, parked bool) {
	r.layDown()
	r.Status = Waiting
	lines := r.waitLines()
	for i := range lines {
		line := &lines[i]
		if line.Signal != flows.SignalIf || !r.mayTake(line) || !a.holds(line.If, r, nil) {
			continue
		}
		if !line.Do {
			return a.follow(r, r.At, line, nil), false
		}
		a.queueDo(r, line, nil)
	}
	switch {
	case a.lookingBack != r.Meanwhile && r.untimed(r.At, lines) && lostCause(r.Run, lines):
		return a.endEarly(r, r.At, outcomeFailed), false
	case len(r.Meanwhile.Next) > 0:
		return a.nextDo(r), false
	}
	a.offerMove(r.Run)
	return 0, true
}

// layDown ends a do: its event or reply is no longer in hand. It was the last that the run has
// kept.
func (r *Run) layDown() {
	m := r.Meanwhile
	if m == nil || m.Line == 0 {
		return
	}
	if r.Event != m.Event || r.Reply != m.Reply {
		r.Signals = slices.Clip(r.Signals[:len(r.Signals)-1]) // the stored run shares them
	}
	r.Event, r.Reply, m.Line = m.Event, m.Reply, 0
}

// endMeanwhile leaves a wait whose lines have dos, because the wait or a loop around it ends:
// what is not handed over is dropped.
func (a *applier) endMeanwhile(r *Run, place int) {
	m := r.Meanwhile
	if m == nil {
		return
	}
	if m.Line != 0 && place == m.Step { // a loop says itself why a message is dropped
		switch r.Status {
		case Sending:
			a.drop(r, r.Newest(), ReasonWaitEnded)
		case Fetching:
			r.clearAlarms(AtMessage)
		}
		r.Status = Waiting
	}
	r.layDown()
	r.clearAlarms(m.Step)
	r.Meanwhile = nil
}

// tookDo reports whether the wait that goes on has taken a do.
func (r *Run) tookDo() bool {
	return r.Meanwhile != nil && slices.ContainsFunc(r.Meanwhile.Taken, func(n int) bool { return n > 0 })
}
