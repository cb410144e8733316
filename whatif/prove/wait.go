package prove

import (
	"slices"

	"nudge/flows"
)

// Outcomes of a wait that none of its lines names.
const (
	outcomeFailed = "failed"
	outcomePast   = flows.OutcomePast
)

func (w *walk) wait(s *flows.Step) (next int, parked bool) {
	if w.s.inDo() {
		return w.endDo()
	}
	w.s.phase = waiting
	at, lines := w.s.at, s.Wait.Lines
	if slices.ContainsFunc(lines, func(l flows.Line) bool { return l.Do }) {
		w.s.during = &meanwhile{wait: at, taken: make([]byte, len(lines)), looking: true}
		return w.lookOn()
	}
	if line := w.lookBack(at, lines); line != nil {
		return w.follow(at, line), false
	}
	w.arm(at, lines)
	switch {
	case w.outOfTime(at, lines):
		return w.endUnnamed(at, outcomePast), false
	case w.untimed(at, lines) && w.s.lostCause(lines):
		return w.endUnnamed(at, outcomeFailed), false
	}
	return 0, true
}

// endUnnamed ends the wait or collect at a step by an outcome that no line of it names.
func (w *walk) endUnnamed(at int, outcome string) (next int) {
	w.ended = append(w.ended, unnamed{at, outcome})
	w.endMeanwhile(at)
	w.endWait(at, outcome)
	return w.f.Steps[at].Next
}

// lookBack finds the upper line that has happened already.
func (w *walk) lookBack(place int, lines []flows.Line) *flows.Line {
	for i := range lines {
		if w.happened(place, &lines[i]) {
			return &lines[i]
		}
	}
	return nil
}

// happened reports whether a line has happened already, before what it belongs to began.
func (w *walk) happened(place int, line *flows.Line) bool {
	happened := false
	switch line.Signal {
	case flows.SignalReply:
		happened = w.s.boxed && w.s.answerable(line) && !w.heardBefore(place, line) && w.t.choose(2) == 1
	case flows.SignalEvent:
		happened = w.s.boxed && !w.heardBefore(place, line) && w.t.choose(2) == 1
	case flows.SignalRead, flows.SignalDelivered, flows.SignalFailed:
		happened = w.s.reached(line)
	case flows.SignalIf:
		happened = !line.Gathered
	}
	if happened && w.truth(line.If) {
		switch line.Signal {
		case flows.SignalEvent:
			w.early(Move{Kind: MoveEvent, Event: line.Event}, place)
		case flows.SignalReply:
			w.early(Move{Kind: MoveReply}, place)
		}
		return true
	}
	if happened && (line.Signal == flows.SignalEvent || line.Signal == flows.SignalReply) {
		w.dead = true // as if nothing had been held
	}
	return false
}

// arm sets the alarms of lines that begin to be looked out for. A moment may be past.
func (w *walk) arm(place int, lines []flows.Line) {
	for i := range lines {
		line := &lines[i]
		a := alarm{place, i, true}
		switch {
		case line.Open != nil:
			w.s.zone.add(a, now, millis(line.After.Clock), w.longestPass(line))
		case line.Signal == flows.SignalAfter && !line.Never, line.Signal == flows.SignalQuiet:
			w.s.zone.add(a, now, nominal(line.After), nominal(line.After))
		case line.Signal == flows.SignalAt:
			w.moment(a, line.At)
		}
	}
}

// outOfTime reports whether the lines of a wait or collect have timers, and none is left
// that could end it.
func (w *walk) outOfTime(place int, lines []flows.Line) bool {
	timers := false
	for i := range lines {
		if !lines[i].Signal.IsTimer() || lines[i].Do {
			continue
		}
		if lines[i].Never || w.s.zone.find(alarm{place: place, line: i}) >= 0 {
			return false
		}
		timers = true
	}
	return timers
}

// follow ends what a line belongs to and says where the line leads.
func (w *walk) follow(place int, line *flows.Line) (next int) {
	for i, l := range w.s.loops {
		if l.step == place {
			w.leaveLoop(i, turnLeft)
			break
		}
	}
	w.endMeanwhile(place)
	w.endWait(place, line.As)
	return line.Then
}

func (w *walk) endWait(place int, outcome string) {
	id := w.f.Steps[place].ID
	w.s.values[id+".outcome"] = outcome
	if w.f.Steps[place].Verb == flows.VerbCollect {
		w.s.values[id+".count"] = nil
		if w.s.items < manyItems {
			w.s.values[id+".count"] = float64(w.s.items)
		}
		w.s.items = 0
	}
	w.clearAlarms(place)
}

func (w *walk) clearAlarms(place int) {
	w.s.zone.remove(func(a alarm) bool { return a.place == place })
}

func (w *walk) repeat(s *flows.Step) (next int, parked bool) {
	if n := len(w.s.loops); n > 0 && w.s.loops[n-1].step == w.s.at {
		return w.endRound(s)
	}
	w.s.loops = append(w.s.loops, loop{step: w.s.at, round: 1})
	if line := w.lookBack(w.s.at, s.Repeat.Until); line != nil {
		return w.follow(w.s.at, line), false
	}
	w.arm(w.s.at, s.Repeat.Until)
	w.pace(s)
	return s.Repeat.Body, false
}

// pace remembers when the round that begins will be over.
func (w *walk) pace(s *flows.Step) {
	if s.Repeat.Till != nil {
		w.s.zone.remove(func(a alarm) bool { return a.place == w.s.at && a.line == roundLine })
		return
	}
	if every := nominal(s.Repeat.Every); every > 0 {
		w.s.zone.add(alarm{w.s.at, roundLine, false}, now, every, every)
	}
}

func (w *walk) endRound(s *flows.Step) (next int, parked bool) {
	z := &w.s.zone
	if till := s.Repeat.Till; till != nil {
		w.s.phase = pacing
		w.timeOfDay(alarm{w.s.at, roundLine, true}, till)
		return 0, true
	}
	if end := z.find(alarm{place: w.s.at, line: roundLine}); end >= 0 {
		if w.t.choose(2) == 0 {
			w.s.phase = pacing
			w.dead = w.dead || !z.restrict(now, end, -1)
			z.vars[end].rings = true
			return 0, true
		}
		w.dead = w.dead || !z.restrict(end, now, 0)
	}
	return w.beginRound(s)
}

func (w *walk) collect(s *flows.Step) (next int, parked bool) {
	w.s.phase, w.s.items = waiting, int(bit(s.Collect.IncludeTrigger))
	changed := s.Collect.IncludeTrigger
	if w.s.boxed {
		for range w.t.choose(manyItems) {
			w.s.items++
			changed = true
			w.early(Move{Kind: MoveEvent, Event: s.Collect.Events[0]}, w.s.at)
		}
		if w.s.items > 0 && len(s.Collect.Remove) > 0 && w.t.choose(2) == 1 {
			w.s.items -= 1 + w.t.choose(w.s.items)
			w.early(Move{Kind: MoveEvent, Event: s.Collect.Remove[0]}, w.s.at)
		}
	}
	if line := w.lookBack(w.s.at, s.Collect.Until); line != nil {
		return w.follow(w.s.at, line), false
	}
	if line := w.full(s.Collect, changed); line != nil {
		return w.follow(w.s.at, line), false
	}
	if w.arm(w.s.at, s.Collect.Until); w.outOfTime(w.s.at, s.Collect.Until) {
		return w.endUnnamed(w.s.at, outcomePast), false
	}
	return 0, true
}

// full returns the line that ends a collect because it has enough items, or nil. Of
// many items nobody knows how many they are.
func (w *walk) full(c *flows.Collect, changed bool) *flows.Line {
	w.s.items = min(w.s.items, manyItems)
	for i := range c.Until {
		line := &c.Until[i]
		if line.Gathered && changed && w.truth(line.If) {
			return line
		}
		if line.Signal != flows.SignalItems {
			continue
		}
		enough := w.s.items >= line.Items || w.s.items == manyItems && w.t.choose(2) == 1
		if enough && w.truth(line.If) {
			return line
		}
	}
	return nil
}
