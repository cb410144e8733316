package prove

import (
	"slices"

	"nudge/engine"
	"nudge/flows"
)

// meanwhile is a wait that goes on while the run takes the steps under the dos of its lines.
type meanwhile struct {
	wait    int
	taken   []byte // by line: how often its do was taken; 0 for timers and where that has no limit
	line    int    // number of the line whose do is under way, from 1; 0 for none
	next    []byte // numbers of the lines that follow
	looked  int    // lines of which it is known whether they came before the wait
	looking bool   // there are more of them
}

func (m *meanwhile) clone() *meanwhile {
	if m == nil {
		return nil
	}
	c := *m
	c.taken, c.next = slices.Clone(m.taken), slices.Clone(m.next)
	return &c
}

// key appends what makes a difference to a key, which says whether there is one.
func (m *meanwhile) key(b []byte) []byte {
	if m == nil {
		return b
	}
	b = append(append(b, byte(m.line), byte(m.looked), bit(m.looking)), m.taken...)
	return append(append(append(b, 0xff), m.next...), 0xff)
}

func (s *state) inDo() bool { return s.during != nil && s.during.line != 0 }

// looks reports whether the run is still to look at what came before its wait.
func (s *state) looks() bool { return s.during != nil && s.during.looking }

// waitsAt is the step at which the run counts as waiting, or -1.
func (s *state) waitsAt() int {
	switch {
	case s.inDo():
		return s.during.wait
	case s.phase == waiting:
		return s.at
	}
	return -1
}

func (w *walk) mayTake(line *flows.Line) bool {
	return !line.Do || line.AtMost == 0 || int(w.s.during.taken[w.numberOf(line)-1]) < line.AtMost
}

func (w *walk) duringLines() []flows.Line { return w.f.Steps[w.s.during.wait].Wait.Lines }

func (w *walk) numberOf(line *flows.Line) int {
	lines := w.duringLines()
	for i := range lines {
		if &lines[i] == line {
			return i + 1
		}
	}
	panic("prove: a do of another wait")
}

// takeDo takes the steps under a do, or notes that they follow those under way.
func (w *walk) takeDo(line *flows.Line) {
	m, n := w.s.during, w.numberOf(line)
	if w.comesLater(line) {
		w.dead = true
		return
	}
	if line.Signal.IsTimer() {
		w.s.zone.remove(func(a alarm) bool { return a.place == m.wait && a.line == n-1 })
		w.overtakeTimer()
	}
	w.queueDo(line)
	if m.line == 0 {
		w.advance(w.nextDo())
	}
}

// queueDo notes that a do follows. One that may follow any number of times is noted once: to
// take it again changes nothing. That a timer was taken shows in its alarm.
func (w *walk) queueDo(line *flows.Line) {
	m, n := w.s.during, w.numberOf(line)
	switch {
	case line.Signal.IsTimer():
	case line.AtMost > 0:
		m.taken[n-1]++
	case slices.Contains(m.next, byte(n)):
		return
	}
	m.next = append(m.next, byte(n))
}

func (w *walk) nextDo() (first int) {
	m := w.s.during
	m.line, m.next = int(m.next[0]), m.next[1:]
	return w.duringLines()[m.line-1].Then
}

// overtakeTimer drops the do of an earlier timer that follows, or whose message is held.
func (w *walk) overtakeTimer() {
	m, lines := w.s.during, w.duringLines()
	m.next = slices.DeleteFunc(m.next, func(n byte) bool { return lines[n-1].Signal.IsTimer() })
	if m.line == 0 || !lines[m.line-1].Signal.IsTimer() || w.s.phase != held {
		return
	}
	w.dropHeld(engine.ReasonWaitWentOn)
	m.line = 0
}

// dropHeld drops the message that is held.
func (w *walk) dropHeld(reason string) {
	w.clearAlarms(atHold)
	w.newMessage(w.s.at, unsent)
	w.note(w.s.at, reason)
}

// endDo is the way back from a do to its wait.
func (w *walk) endDo() (next int, parked bool) {
	m, lines := w.s.during, w.duringLines()
	w.s.phase, m.line = waiting, 0
	for i := range lines {
		line := &lines[i]
		if line.Signal != flows.SignalIf || !w.mayTake(line) || !w.truth(line.If) {
			continue
		}
		if !line.Do {
			return w.follow(m.wait, line), false
		}
		w.queueDo(line)
	}
	switch {
	case !m.looking && w.untimed(m.wait, lines) && w.s.lostCause(lines):
		return w.endUnnamed(m.wait, outcomeFailed), false
	case len(m.next) > 0:
		return w.nextDo(), false
	case m.looking:
		return w.lookOn()
	}
	return 0, true
}

// lookOn takes what came before the wait, line by line, and then begins to wait. A do of one
// of them may have parked the run; the lines below come after that.
func (w *walk) lookOn() (next int, parked bool) {
	m, lines := w.s.during, w.duringLines()
	for ; m.looked < len(lines); m.looked++ {
		line := &lines[m.looked]
		for again := true; again && w.mayTake(line) && w.happened(m.wait, line); again = line.AtMost > 0 {
			if !line.Do {
				return w.follow(m.wait, line), false
			}
			if w.queueDo(line); m.line == 0 {
				if line.AtMost == 0 {
					m.looked++
				}
				return w.nextDo(), false
			}
		}
		if w.dead {
			return 0, true
		}
	}
	m.looking = false
	w.arm(m.wait, lines)
	switch {
	case w.outOfTime(m.wait, lines):
		return w.endUnnamed(m.wait, outcomePast), false
	case w.untimed(m.wait, lines) && w.s.lostCause(lines):
		return w.endUnnamed(m.wait, outcomeFailed), false
	}
	return 0, true
}

// endMeanwhile leaves a wait whose lines have dos.
func (w *walk) endMeanwhile(place int) {
	m := w.s.during
	if m == nil {
		return
	}
	if m.line != 0 && m.wait == place && w.s.phase == held {
		w.dropHeld(engine.ReasonWaitEnded)
	}
	w.clearAlarms(m.wait)
	w.s.during = nil
}

// untimed reports whether no timer is set that can end a wait.
func (w *walk) untimed(place int, lines []flows.Line) bool {
	return !slices.ContainsFunc(w.s.zone.vars[2:], func(a alarm) bool { return a.place == place && a.rings && !lines[a.line].Do })
}

// endlessly reports whether an expression may reckon with variables any number of times, so
// that nobody can know its value.
func (w *walk) endlessly(e *flows.Expr) bool {
	return w.s.inDo() && w.duringLines()[w.s.during.line-1].AtMost == 0 &&
		slices.ContainsFunc(w.reading(e).Paths(), func(path string) bool { return pathRoot(path) == flows.NameVars })
}
